//! Plugins that start a program that was granted: it does there what it does elsewhere, nothing else is started, and what rests
//! on it is not remembered.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the ban is for the product")]

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use probity_tests::{Lab, Repository, Run};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const ID: &str = "acme/tools/running";

/// A user who owns nothing on this machine.
const ORDINARY: u32 = 54_321;

/// Reading commands of git, after `git --git-dir=DIR`.
const READING: &[&str] = &[
    "log",
    "log --stat --format=fuller",
    "log -p --all HEAD",
    "log --graph --oneline --decorate --name-status",
    "log --follow -- file",
    "show HEAD",
    "show HEAD~1:file",
    "blame HEAD -- file",
    "blame --porcelain HEAD -- file",
    "annotate HEAD -- file",
    "rev-list --all --objects HEAD",
    "rev-list --count HEAD",
    "cat-file -t HEAD",
    "cat-file -p HEAD",
    "cat-file -p HEAD^{tree}",
    "cat-file blob HEAD:file",
    "cat-file --batch-all-objects --batch-check --unordered",
    "ls-tree -r -l HEAD",
    "diff-tree -r --root --numstat HEAD",
    "diff-tree -p -M HEAD~1 HEAD",
    "diff --stat HEAD~2 HEAD",
    "diff --word-diff HEAD~1 HEAD",
    "shortlog -sne HEAD",
    "name-rev HEAD",
    "merge-base HEAD~1 HEAD~2",
    "for-each-ref",
    "grep -n line HEAD",
    "archive HEAD",
    "count-objects",
    "rev-parse HEAD HEAD~1 --is-bare-repository",
    "describe --always",
    "describe",
    "whatchanged --i-still-use-this HEAD",
    "show-ref --head",
    "cherry HEAD~1 HEAD",
    "range-diff HEAD~2..HEAD~1 HEAD~1..HEAD",
    "fsck --connectivity-only",
    "var GIT_PAGER",
    "config --list --show-scope",
    "no-such-command",
];

struct World {
    lab: Lab,
    repository: Repository,
}

impl World {
    fn new() -> World {
        let lab = Lab::new();
        let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/running");
        for name in ["plugin.kdl", "running.py"] {
            lab.file(&format!("plugin/{name}"), fs::read(plugin.join(name)).unwrap());
        }
        let mut repository = lab.repository("repo");
        for text in ["a line\n", "a line\nanother line\n", "another line\n\u{fc}\n"] {
            repository.write("file", text).write("folder/other", format!("{text}x")).commit("a change");
        }
        World { lab, repository }
    }

    /// A policy whose plugin runs these commands, and is granted what is said.
    fn policy(&self, grants: &str, commands: &[Vec<&str>]) -> PathBuf {
        let folder = self.lab.path("plugin");
        let commands = serde_json::to_string(commands).unwrap();
        let text = format!(
            "plugins {{ plugin {ID:?} path={:?} sha256={:?} {{ {grants} }}; }}\n\
             analyze {{\n  investigate policy=\"score > 0.5\"\n  \
             analysis \"x\" plugin={ID:?} policy=\"true\" {{ commands {commands:?} }}\n}}\n",
            folder.display().to_string(),
            self.lab.hash(&folder)
        );
        self.lab.file("policies/policy.kdl", text)
    }

    fn check(&self, policy: &Path) -> Run {
        let arguments = ["--policy", policy.to_str().unwrap(), "--format", "json"];
        self.lab.check(self.repository.path(), &arguments)
    }

    fn plugin(&self, command: &str, policy: &Path, further: &[&str]) -> Run {
        let arguments = ["plugin", command, ID, "--policy", policy.to_str().unwrap()];
        self.lab.probity(arguments.iter().chain(further))
    }

    /// What the plugin told of these commands.
    fn told(&self, commands: &[Vec<&str>]) -> Value {
        value(&self.check(&self.policy("grant { exec \"git\"; }", commands)))
    }
}

#[track_caller]
fn value(run: &Run) -> Value {
    let text = pieces(&run.json()["tree"][0]["value"]["value"]);
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}\n{}{}", run.stdout, run.stderr))
}

/// A text that the plugin has cut, so that the report shows it whole.
fn pieces(value: &Value) -> String {
    match value {
        Value::Array(parts) => parts.iter().map(pieces).collect(),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

fn reading() -> Vec<Vec<&'static str>> {
    let command = |text: &&'static str| ["git", "--git-dir=DIR"].into_iter().chain(text.split(' ')).collect();
    READING.iter().map(command).collect()
}

/// The same program in a free process, on a git directory of the same content and in the same environment, as the plugin
/// tells of it.
fn free(command: &[&str], told: &Value, directory: &Path) -> Value {
    let program = told["granted"]["git"].as_str().unwrap();
    let mut free = Command::new(program);
    let directory = directory.to_str().unwrap();
    free.args(command[1..].iter().map(|part| part.replace("DIR", directory))).env_clear();
    let environment = told["environment"].as_object().unwrap();
    let Output { status, stdout, stderr } =
        free.envs(environment.iter().map(|(name, value)| (name, value.as_str().unwrap()))).output().unwrap();
    let sha256: String = Sha256::digest(&stdout).iter().map(|byte| format!("{byte:02x}")).collect();
    let output = json!({ "size": stdout.len(), "sha256": sha256 });
    json!({ "status": status.code().unwrap(), "output": output, "errors": String::from_utf8_lossy(&stderr) })
}

/// Holds what each command told in the check against what it tells in a free process.
fn compare(lab: &Lab, told: &Value) {
    let directory = lab.path("same");
    for folder in ["objects/info", "objects/pack", "refs"] {
        fs::create_dir_all(directory.join(folder)).unwrap();
    }
    for (name, text) in told["directory"].as_object().unwrap() {
        if let Some(text) = text.as_str() {
            fs::write(directory.join(name), text).unwrap();
        }
    }
    let mut successes = 0;
    for (command, ran) in reading().iter().zip(told["runs"].as_array().unwrap()) {
        assert_eq!(*ran, free(command, told, &directory), "{command:?}");
        successes += usize::from(ran["status"] == 0 && ran["output"]["size"] != 0);
    }
    assert!(successes >= 30, "{successes} commands have told anything: {told:#}");
}

#[test]
fn git_reads_the_history_as_it_does_outside() {
    let world = World::new();
    let told = world.told(&reading());
    compare(&world.lab, &told);
    assert_eq!(told["entries"], json!(["HEAD", "config", "objects", "refs"]), "nothing of the target's own");
    let head = told["directory"]["HEAD"].as_str().unwrap().trim().to_owned();
    assert_eq!(head, world.repository.git(["rev-parse", "HEAD"]).trim());
}

#[test]
fn git_reads_the_history_for_an_ordinary_user() {
    let world = World::new();
    let root = fs::metadata("/proc/self").is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0);
    let policy = world.policy("grant { exec \"git\"; }", &reading());
    // What was built may lie where others cannot look.
    let program = world.lab.path("probity");
    fs::copy(world.lab.command().get_program(), &program).unwrap();
    let model = world.lab.command();
    let mut command = Command::new(&program);
    command.arg("check").arg(world.repository.path()).args([
        "--format",
        "json",
        "--now",
        "2026-06-01",
        "--policy",
    ]);
    command.arg(&policy).current_dir(world.lab.path("")).env_clear();
    command.envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if root {
        give_away(&world.lab.path(""));
        command.uid(ORDINARY).gid(ORDINARY);
    }
    let told = value(&Run::of(command.output().unwrap()));
    compare(&world.lab, &told);
}

fn give_away(path: &Path) {
    std::os::unix::fs::lchown(path, Some(ORDINARY), Some(ORDINARY)).unwrap();
    if path.symlink_metadata().unwrap().is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| give_away(&entry.unwrap().path()));
    }
}

#[test]
fn a_mailmap_of_the_target_gives_its_commits_no_other_authors() {
    let mut world = World::new();
    let author = world.repository.git(["log", "-1", "--format=%ae"]);
    let mapped = format!("Somebody Trusted <trusted@example.org> <{}>\n", author.trim());
    world.repository.write(".mailmap", mapped).commit("a mailmap");
    let formats = ["%an %ae", "%aN %aE"].map(|names| format!("--format={names}"));
    let commands =
        [vec!["git", "--git-dir=DIR", "log", &formats[0]], vec!["git", "--git-dir=DIR", "log", &formats[1]]];
    let told = world.told(&commands);
    let outputs = [0, 1].map(|at| told["runs"][at]["output"].clone());
    assert_ne!(outputs[0]["size"], 0, "{told:#}");
    assert_eq!(outputs[0], outputs[1]);
    // Elsewhere it would.
    let elsewhere = formats.each_ref().map(|format| world.repository.git(["log", format]));
    assert_ne!(elsewhere[0], elsewhere[1]);
}

/// A target whose people name programs wherever git lets them.
#[test]
fn nothing_is_started_that_the_target_names() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let (mark, script) = (world.lab.path("mark"), world.repository.path().join(".git/post-index-change"));
    fs::write(&script, format!("#!/bin/sh\necho x >>{}\n", mark.display())).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let program = script.display().to_string();
    let hooks = script.parent().unwrap().display().to_string();
    for (key, value) in [
        ("core.fsmonitor", program.clone()),
        ("core.hooksPath", hooks),
        ("alias.x", format!("!{program}")),
        ("diff.external", program.clone()),
        ("diff.x.textconv", program.clone()),
        ("core.pager", program),
    ] {
        world.repository.git(["config", key, &value]);
    }
    fs::create_dir_all(world.repository.path().join(".git/info")).unwrap();
    fs::write(world.repository.path().join(".git/info/attributes"), "* diff=x\n").unwrap();
    let commands: Vec<Vec<&str>> = [
        "x",
        "show --textconv HEAD:file",
        "diff --ext-diff HEAD~1 HEAD",
        "log -p --ext-diff",
        "--paginate log",
        "status",
    ]
    .iter()
    .map(|text| ["git", "--git-dir=DIR"].into_iter().chain(text.split(' ')).collect())
    .collect();
    let told = world.told(&commands);
    assert!(!mark.exists(), "{told:#}");
    let errors = |at: usize| told["runs"][at]["errors"].as_str().unwrap().to_owned();
    assert!(errors(0).contains("'x' is not a git command"), "{}", errors(0));
    for at in 1..=4 {
        assert_eq!(
            (told["runs"][at]["status"].clone(), errors(at)),
            (json!(0), String::new()),
            "{:?}",
            commands[at]
        );
    }
    // The same on the target itself: it would have been.
    for command in &commands[..3] {
        let _ = fs::remove_file(&mark);
        let target = world.repository.path().join(".git").display().to_string();
        let arguments = command[1..].iter().map(|part| part.replace("DIR", &target));
        Command::new("git").args(arguments).current_dir(world.repository.path()).output().unwrap();
        assert!(mark.exists(), "{command:?}");
    }
}

#[test]
fn only_what_was_granted_is_started() {
    let world = World::new();
    let told = world.told(&[
        vec!["/bin/sh", "-c", "true"],
        vec!["/usr/bin/env"],
        vec!["git", "--git-dir=DIR", "-c", "alias.x=!true", "x"],
        vec!["git", "--git-dir=DIR", "-c", "protocol.allow=always", "ls-remote", "https://example.org/x"],
        vec!["git", "--git-dir=DIR", "update-ref", "refs/heads/x", "HEAD"],
        vec!["git", "init", "/tmp/probity-was-here"],
    ]);
    let runs = &told["runs"];
    for at in [0, 1] {
        // EACCES, or ENOENT where it is not even seen.
        assert!([json!(13), json!(2)].contains(&runs[at]["error"]), "{runs:#}");
    }
    for at in 2..=5 {
        assert!(runs[at]["status"].as_i64().unwrap() > 0, "{at}: {runs:#}");
    }
    assert!(!Path::new("/tmp/probity-was-here").exists());
}

#[test]
fn a_program_is_granted_by_name_and_its_answers_do_not_last() {
    let world = World::new();
    let commands = [vec!["git", "--git-dir=DIR", "rev-parse", "HEAD"]];
    let policy = world.policy("", &commands);
    let run = world.check(&policy).expect(2);
    assert!(
        run.stderr.contains("exec \"git\": nobody has granted it (to read the history with it)"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains(&format!("probity plugin grant {ID} --policy FILE --exec 'git'")),
        "{}",
        run.stderr
    );
    let folders = ["/usr/local/bin/git", "/usr/bin/git", "/bin/git"].into_iter();
    let git = folders.map(fs::canonicalize).find_map(Result::ok).unwrap();
    let run = world.plugin("grant", &policy, &["--exec", "git"]).expect(0);
    assert!(
        run.stdout.contains(&format!("exec \"git\": granted by you, {}\n", git.display())),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("none of its answers is remembered"), "{}", run.stdout);
    let data = world.plugin("permissions", &policy, &["--json"]).expect(0).json();
    let permission = &data["permissions"][0];
    assert_eq!(
        (&permission["kind"], &permission["granted"], &permission["leadsTo"]),
        (&json!("exec"), &json!(true), &json!(git))
    );
    for _ in 0..2 {
        assert_eq!(
            world.check(&policy).expect(0).stat("plugin_calls"),
            1,
            "what git saw is recorded nowhere"
        );
    }
    world.lab.probity(["plugin", "grant", ID, "--revoke"]).expect(0);
    world.check(&policy).expect(2);
    world.plugin("grant", &policy, &["--all"]).expect(0);
    world.check(&policy).expect(0);
}

/// The manifest of the plugin, asking for another program.
fn asking_for(world: &World, program: &str) {
    let manifest = fs::read_to_string(world.lab.path("plugin/plugin.kdl")).unwrap();
    world.lab.file("plugin/plugin.kdl", manifest.replace("exec \"git\"", &format!("exec {program:?}")));
}

#[test]
fn what_others_can_change_or_makes_no_sense_is_not_granted() {
    for (program, told) in [
        ("no-such-program", "there is no program \"no-such-program\" in /usr/local/bin, /usr/bin or /bin"),
        ("/etc/passwd", "it is no file that can be executed"),
        ("OWN", "is not granted to be started: it is Probity itself"),
        ("COPY", "somebody who is not root could change"),
    ] {
        let world = World::new();
        let lab_command = world.lab.command();
        let copy = world.lab.path("copy");
        fs::copy("/bin/true", &copy).unwrap();
        let program = match program {
            "OWN" => lab_command.get_program().to_str().unwrap().to_owned(),
            "COPY" => copy.to_str().unwrap().to_owned(),
            other => other.to_owned(),
        };
        asking_for(&world, &program);
        let policy = world.policy("", &[]);
        let run = world.plugin("grant", &policy, &["--exec", &program]).expect(2);
        assert!(run.stderr.contains(told), "{program}: {}", run.stderr);
        // Nor by the policy.
        let run = world.check(&world.policy(&format!("grant {{ exec {program:?}; }}"), &[])).expect(2);
        assert!(run.stderr.contains(told), "{program}: {}", run.stderr);
    }
}
