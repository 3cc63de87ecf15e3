//! How much of the machine a plugin may use: what its manifest says, what was granted, and what comes of wanting more.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use probity_tests::{Lab, Repository, Run};

const ID: &str = "acme/tools/greedy";

/// A plugin of its own folder, so that its manifest can be changed.
struct Greedy {
    lab: Lab,
    repository: Repository,
}

impl Greedy {
    /// The plugin that does what its configuration says, with these nodes in its manifest.
    fn new(nodes: &str) -> Greedy {
        let lab = Lab::new();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/greedy");
        let manifest = std::fs::read_to_string(program.join("plugin.kdl")).unwrap();
        lab.file("plugin/greedy.py", std::fs::read(program.join("greedy.py")).unwrap());
        lab.file("plugin/plugin.kdl", format!("{manifest}{nodes}\n"));
        let mut repository = lab.repository("repo");
        repository.write("file", "seen");
        repository.commit("a file");
        Greedy { lab, repository }
    }

    /// A policy that has it do something, with what it grants, and what is held against the answer.
    fn policy(&self, grants: &str, config: &str, expression: &str) -> PathBuf {
        let folder = self.lab.path("plugin");
        let text = format!(
            "plugins {{ plugin {ID:?} path={:?} sha256={:?} {{ {grants} }}; }}\n\
             analyze {{\n  investigate policy=\"score > 0.5\"\n  \
             analysis \"x\" plugin={ID:?} policy=#\"{expression}\"# {{ {config} }}\n}}\n",
            folder.display().to_string(),
            self.lab.hash(&folder)
        );
        self.lab.file("policies/policy.kdl", text)
    }

    fn check(&self, policy: &Path, further: &[&str]) -> Run {
        let arguments = ["--policy", policy.to_str().unwrap()];
        self.lab.check(self.repository.path(), &[&arguments, further].concat())
    }

    fn plugin(&self, command: &str, policy: &Path, further: &[&str]) -> Run {
        let arguments = ["plugin", command, ID, "--policy", policy.to_str().unwrap()];
        self.lab.probity(arguments.iter().chain(further))
    }

    /// What the report and standard error say of a check that could not be done; the report is the same each time.
    fn failing(&self, config: &str, further: &[&str]) -> (String, String) {
        let policy = self.policy("", config, "true");
        let run = self.check(&policy, further).expect(10);
        assert_eq!(self.check(&policy, further).expect(10).stdout, run.stdout);
        (run.stdout.split_whitespace().collect::<Vec<_>>().join(" "), run.stderr)
    }
}

const RAISED: &str = "which its plugin.kdl can raise if that is granted, as far as the machine's policy lets it: docs/permissions.md";

#[test]
fn processor_time_is_charged_to_the_call() {
    let greedy = Greedy::new("limits { cpu-seconds 1; }");
    let (report, _) = greedy.failing("do \"spin\"", &[]);
    let expected =
        format!("it used more than 1 s of processor time for one call (limit cpu-seconds, {RAISED})");
    assert!(report.contains(&expected), "{report}");
}

#[test]
fn who_waits_uses_no_processor_time_and_misses_the_deadline() {
    let greedy = Greedy::new("limits { cpu-seconds 1; wall-seconds 2; }");
    let (report, _) = greedy.failing("do \"wait\"", &[]);
    assert!(
        report.contains("did not answer within 2000 ms (limit wall-seconds, which its plugin.kdl"),
        "{report}"
    );
    let (report, _) = greedy.failing("do \"wait\"", &["--timeout", "1"]);
    assert!(report.contains("did not answer within 1000 ms"), "{report}");
}

#[test]
fn a_lack_of_memory_is_told_with_the_limit() {
    let greedy = Greedy::new("limits { memory \"64MiB\"; }");
    let (report, told) = greedy.failing("do \"eat\"; much 100", &[]);
    assert!(report.contains("the process ended (exit status: 1)"), "{report}");
    let expected = format!("it may take up to 64MiB of memory (limit memory, {RAISED})");
    assert!(told.contains(&expected), "{told}");
    let policy = greedy.policy("", "do \"eat\"; much 10", "value == 10");
    greedy.check(&policy, &[]).expect(0);
}

#[test]
fn more_than_everybody_gets_is_granted_first() {
    let greedy = Greedy::new(
        "limits { memory \"2GiB\" why=\"a whole tree\"; files 32; }\n\
         permissions { scratch size=\"100MiB\" why=\"an index\" optional=#true; }",
    );
    let config = "do \"limits\"";
    let run = greedy.check(&greedy.policy("", config, "true"), &[]).expect(2);
    assert!(
        run.stderr.contains("limit \"memory 2GiB\": nobody has granted it (a whole tree)"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--limit 'memory 2GiB'"), "{}", run.stderr);

    let has = |memory: u64, size: u64| {
        format!("value.memory == {memory} && value.files == 32 && value.size == {size}")
    };
    let by_policy = "grant { limit \"memory 2GiB\"; }";
    let policy = greedy.policy(by_policy, config, &has(2 << 30, 64 << 20));
    greedy.check(&policy, &[]).expect(0);
    let policy = greedy.policy("", config, &has(2 << 30, 100 << 20));
    let run = greedy.plugin("grant", &policy, &["--all"]).expect(0);
    let limits = "limits: memory 2GiB, cpu-seconds 600, wall-seconds 600, tasks 512, files 32, scratch-size 100MiB, \
                  scratch-files 4096";
    assert!(run.stdout.contains(limits), "{}", run.stdout);
    greedy.check(&policy, &[]).expect(0);

    let run = greedy.plugin("grant", &policy, &["--limit", "memory 3GiB"]).expect(2);
    assert!(run.stderr.contains("does not ask for limit \"memory 3GiB\""), "{}", run.stderr);
}

#[test]
fn who_fills_the_scratch_folder_is_stopped() {
    let greedy = Greedy::new("permissions { scratch size=\"4MiB\" files=20; }");
    let policy = greedy.policy("", "do \"fill\"; much 10", "true");
    let run = greedy.check(&policy, &[]).expect(10);
    // Where there is a file system of its own there is no room for more; elsewhere the host looks after it.
    let of_host = format!("it had more than 4MiB in its scratch folder (limit scratch-size, {RAISED})");
    let report = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let doctor = greedy.lab.probity(["doctor"]).expect(0);
    let full = doctor.stdout.lines().any(|line| line.starts_with("sandbox") && line.ends_with(" full"));
    let (ended, told) =
        if full { ("exit status: 1", "No space left on device") } else { (&*of_host, &*of_host) };
    assert!(report.contains(ended) && run.stderr.contains(told), "{report}\n{}", run.stderr);
}

#[test]
fn a_kept_scratch_folder_is_found_again_and_nothing_is_remembered() {
    let greedy = Greedy::new("permissions { scratch keep=#true why=\"an index\"; }");
    let policy = greedy.policy("", "do \"note\"", "true");
    greedy.check(&policy, &[]).expect(2);
    let run = greedy.plugin("grant", &policy, &["--scratch", "keep"]).expect(0);
    assert!(run.stdout.contains("scratch \"keep\": granted by you"), "{}", run.stdout);
    let round = |number: u32, names: &str| {
        let expression = format!("value == [{number}, [{names}]]");
        let policy = greedy.policy("", "do \"note\"", &expression);
        let run = greedy.check(&policy, &[]);
        assert_eq!((run.status, run.stat("plugin_calls")), (0, 1), "{number}: {}{}", run.stdout, run.stderr);
    };
    // The link that it makes is not kept.
    (0..3).for_each(|number| round(number, "\"link\", \"note\""));
    let kept: Vec<PathBuf> = std::fs::read_dir(greedy.lab.path("cache/kept"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let folder = kept.iter().find(|path| path.is_dir()).unwrap();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert_eq!(std::fs::read_to_string(folder.join("note")).unwrap(), "...");

    // Another target has another one.
    let mut other = greedy.lab.repository("other");
    other.history(1);
    let policy = greedy.policy("", "do \"note\"", "value[0] == 0");
    greedy.lab.check(other.path(), &["--policy", policy.to_str().unwrap()]).expect(0);

    // What somebody planted there is not followed.
    let secret = greedy.lab.file("home/secret", "treasure");
    std::fs::remove_file(folder.join("note")).unwrap();
    std::os::unix::fs::symlink(&secret, folder.join("note")).unwrap();
    round(0, "\"link\", \"note\"");
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "treasure");

    greedy.lab.probity(["cache", "clear"]).expect(0);
    round(0, "\"link\", \"note\"");
}

#[test]
fn two_checks_at_a_time_do_not_wait_for_each_others_scratch_folder() {
    let greedy = Greedy::new("permissions { scratch keep=#true why=\"an index\"; }");
    let policy = greedy.policy("grant { scratch \"keep\"; }", "do \"note\"", "value[0] <= 1");
    let start = || {
        let mut command = greedy.lab.command();
        command.arg("check").arg(greedy.repository.path()).arg("--policy").arg(&policy);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let both = [start(), start()];
    for run in both.map(|child| Run::of(child.wait_with_output().unwrap())) {
        run.expect(0);
    }
    let policy = greedy.policy("grant { scratch \"keep\"; }", "do \"note\"", "value[0] >= 1");
    greedy.check(&policy, &[]).expect(0);
}

#[test]
fn the_target_itself_is_read_where_that_is_granted() {
    let greedy = Greedy::new("permissions { read \"$REPO\" why=\"what is not committed\"; }");
    let policy = greedy.policy("", "do \"read\"", "value == 'seen'");
    let run = greedy.check(&policy, &[]).expect(2);
    assert!(run.stderr.contains("--read '$REPO'"), "{}", run.stderr);
    greedy.plugin("grant", &policy, &["--all"]).expect(0);
    assert_eq!(greedy.check(&policy, &[]).expect(0).stat("plugin_calls"), 1);
    std::fs::write(greedy.repository.path().join("file"), "other").unwrap();
    assert_eq!(greedy.check(&policy, &[]).expect(1).stat("plugin_calls"), 1, "it is as it lies there now");
    // It is the target that is checked, and no other.
    let mut other = greedy.lab.repository("other");
    other.write("file", "seen");
    other.commit("a file");
    greedy.lab.check(other.path(), &["--policy", policy.to_str().unwrap()]).expect(0);
    let home = greedy.lab.repository("home");
    std::fs::write(home.path().join("file"), "seen").unwrap();
    let mut home = home;
    home.commit("all of it");
    let run = greedy.lab.check(home.path(), &["--policy", policy.to_str().unwrap()]).expect(2);
    assert!(run.stderr.contains("it is the whole home folder"), "{}", run.stderr);
}
