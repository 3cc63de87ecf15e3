//! What a plugin tried, as a person sees it, and what its manifest would have to ask for.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use probity_tests::{Lab, Repository, Run};

const ID: &str = "acme/tools/trying";

/// A plugin of its own folder, so that its manifest can be changed.
struct Trying {
    lab: Lab,
    repository: Repository,
}

impl Trying {
    fn new() -> Trying {
        let lab = Lab::new();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/trying/trying.py");
        lab.file("plugin/trying.py", std::fs::read(program).unwrap());
        lab.file("home/notes/secret", "treasure");
        lab.file("srv/a", "a");
        let mut repository = lab.repository("repo");
        repository.history(1);
        let trying = Trying { lab, repository };
        trying.manifest("");
        trying
    }

    fn manifest(&self, permissions: &str) {
        let text = format!(
            "publisher \"acme\"\nnamespace \"tools\"\nname \"trying\"\nversion \"1.0.0\"\ninterface 1\n\
             entry kind=\"python\" path=\"trying.py\"\n{permissions}"
        );
        self.lab.file("plugin/plugin.kdl", text);
    }

    /// A policy that configures it so, and what is held against its answer.
    fn policy(&self, config: &str, expression: &str) -> PathBuf {
        let folder = self.lab.path("plugin");
        let text = format!(
            "plugins {{ plugin {ID:?} path={:?} sha256={:?}; }}\n\
             analyze {{\n  investigate policy=\"score > 0.0\"\n  \
             analysis \"x\" plugin={ID:?} policy=#\"{expression}\"# {{\n{config}\n}}\n}}\n",
            folder.display().to_string(),
            self.lab.hash(&folder)
        );
        self.lab.file("policies/policy.kdl", text)
    }

    fn check(&self, policy: &Path) -> Run {
        self.lab.check(self.repository.path(), &["--policy", policy.to_str().unwrap()])
    }

    fn plugin(&self, command: &str, policy: &Path, further: &[&str]) -> Run {
        let target = self.repository.path().to_str().unwrap();
        let arguments = ["plugin", command, ID, target, "--policy", policy.to_str().unwrap()];
        self.lab.probity(arguments.iter().chain(further))
    }

    /// The text without the lab's folder, and without how much was not shown, which differs between machines.
    fn shown(&self, text: &str) -> String {
        let folder = std::fs::canonicalize(self.lab.path("")).unwrap();
        let text = text.replace(&format!("{}/", folder.display()), "LAB/");
        let mut sections: Vec<&str> = text.split("\n\n").collect();
        sections.retain(|section| !section.starts_with("not shown without --all"));
        sections.join("\n\n")
    }

    /// The sandbox's level on this machine.
    fn level(&self) -> String {
        let doctor = self.lab.probity(["doctor"]).expect(0).stdout;
        doctor.lines().find_map(|line| line.strip_prefix("sandbox")).unwrap().trim().to_owned()
    }

    /// What it tries everywhere: a file of the machine, one of the person's, one that is not there, a folder, to write, a
    /// socket, a program, a variable.
    fn everything(&self) -> String {
        let at = |name: &str| self.lab.path(name).display().to_string();
        let (secret, nothing, srv, new) = (at("home/notes/secret"), at("nothing"), at("srv"), at("srv/new"));
        format!(
            "read \"/etc/passwd\" {secret:?} {nothing:?}\nlist {srv:?}\nwrite {new:?}\nconnect #true\n\
             execute \"/usr/bin/env\"\nask {{ env \"GREETING\"; }}"
        )
    }
}

const WHY: &str = "why=\"to be written by the plugin's author: what it needs this for\"";

#[test]
fn what_a_plugin_tried_is_told() {
    let trying = Trying::new();
    let policy = trying.policy(&trying.everything(), "true");
    let run = trying.plugin("trace", &policy, &[]).expect(0);
    assert_eq!(run.stderr, "");
    let expected = format!(
        "acme/tools/trying: 1 process, sandbox {}\n\n\
         paths\n  \
         denied    read     /etc/passwd\n  \
         denied    read     LAB/home/notes/secret\n  \
         denied    list     LAB/srv\n  \
         denied    write    LAB/srv/new\n  \
         denied    execute  /usr/bin/env\n\n\
         system calls\n  \
         wanted socket(AF_INET, SOCK_STREAM): denied, plugins have no network and no sockets\n\n\
         asked of the host\n  \
         input env/GREETING: denied, nobody granted it\n",
        trying.level()
    );
    assert_eq!(trying.shown(&run.stdout), expected);
    assert!(run.stdout.contains(" of its runtime\n"), "{}", run.stdout);

    let all = trying.shown(&trying.plugin("trace", &policy, &["--all"]).expect(0).stdout);
    for line in
        ["allowed   read     (package) trying.py", "not there read     LAB/nothing\n", "/json/decoder.py"]
    {
        assert!(all.contains(line), "{line}:\n{all}");
    }
    let data = trying.plugin("trace", &policy, &["--json"]).expect(0).json();
    let paths = data["paths"].as_array().unwrap();
    let secret = paths.iter().find(|one| one["path"] == "/etc/passwd").unwrap();
    assert_eq!(
        secret.to_string(),
        "{\"path\":\"/etc/passwd\",\"leadsTo\":\"/etc/passwd\",\"whose\":\"other\",\"manner\":\"read\",\
         \"outcome\":\"denied\",\"times\":1}"
    );
    assert_eq!(
        data["inputs"].to_string(),
        "[{\"kind\":\"env\",\"id\":\"GREETING\",\"answered\":\"ungranted\",\"times\":1}]"
    );
}

#[test]
fn what_was_learnt_and_granted_makes_it_work() {
    let trying = Trying::new();
    let worked = "value.passwd && value.secret && value.env && value.execute";
    let policy = trying.policy(&trying.everything(), worked);
    trying.check(&policy).expect(1);
    let run = trying.plugin("learn", &policy, &[]).expect(0);
    let learnt = trying.shown(&run.stdout);
    let block = format!(
        "permissions {{\n    env \"GREETING\" {WHY}\n    read \"/etc/passwd\" {WHY}\n    read \"LAB/srv\" {WHY}\n    \
         read \"~/notes/secret\" {WHY}\n    exec \"env\" {WHY}\n}}\n"
    );
    assert_eq!(
        learnt,
        format!(
            "acme/tools/trying: 1 process, sandbox {}\n\n\
             its manifest would have to say:\n\n{block}\n\
             and a person to grant it: docs/permissions.md tells what that gives\n\n\
             to do beside\n  \
             it has no sockets: ask the host for the input `http`, with the permission `net`\n\n\
             denied, and never granted\n  \
             socket(AF_INET, SOCK_STREAM): plugins have no network and no sockets\n  \
             writing LAB/srv/new: a plugin writes nothing but its scratch folder\n",
            trying.level()
        )
    );
    let data = trying.plugin("learn", &policy, &["--json"]).expect(0).json();
    let as_told = data["block"].as_str().unwrap();
    assert_eq!(trying.shown(as_told), block);

    trying.manifest(as_told);
    let policy = trying.policy(&trying.everything(), worked);
    let grant = ["plugin", "grant", ID, "--policy", policy.to_str().unwrap(), "--all"];
    trying.lab.probity(grant).expect(0);
    trying.check(&policy).expect(0);
    let run = trying.plugin("learn", &policy, &[]).expect(0);
    assert!(
        run.stdout.contains("it needs to ask for nothing more than its manifest asks for\n"),
        "{}",
        run.stdout
    );
    let traced = trying.shown(&trying.plugin("trace", &policy, &[]).expect(0).stdout);
    assert!(traced.contains("allowed   list     LAB/srv\n"), "{traced}");
    assert!(traced.contains("allowed   execute  /usr/bin/env"), "{traced}");
}

#[test]
fn what_is_asked_for_and_not_granted_is_not_proposed_again() {
    let trying = Trying::new();
    trying.manifest("permissions {\n    read \"~/notes\" why=\"notes\" optional=#true\n}\n");
    let policy = trying.policy(&trying.everything(), "true");
    let run = trying.plugin("learn", &policy, &[]).expect(0);
    assert!(run.stdout.contains("its manifest would have to say, beside what it says:\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("~/notes/secret"), "{}", run.stdout);
    let told =
        "nobody granted it:\n  probity plugin grant acme/tools/trying --policy FILE --read '~/notes'\n";
    assert!(run.stdout.contains(told), "{}", run.stdout);
}

#[test]
fn a_command_to_be_copied_is_one_command() {
    let trying = Trying::new();
    let name = "X'; touch y; '";
    trying.manifest(&format!("permissions {{\n    env {name:?} why=\"x\" optional=#true\n}}\n"));
    let policy = trying.policy(&format!("ask {{ env {name:?}; }}"), "true");
    let run = trying.plugin("learn", &policy, &[]).expect(0);
    let told = r"plugin grant acme/tools/trying --policy FILE --env 'X'\''; touch y; '\'''";
    assert!(run.stdout.contains(&format!("{told}\n")), "{}", run.stdout);
    trying.manifest(&format!("permissions {{\n    env {name:?} why=\"x\"\n}}\n"));
    let run = trying.check(&trying.policy("", "true")).expect(2);
    assert!(run.stderr.contains(&format!("{told}\n")), "{}", run.stderr);
}

#[test]
fn files_of_the_target_are_asked_for_by_its_name() {
    let mut trying = Trying::new();
    trying.repository.write("README", "x");
    let readme = trying.repository.path().join("README").display().to_string();
    let policy = trying.policy(&format!("read {readme:?}"), "value.README");
    trying.check(&policy).expect(1);
    let data = trying.plugin("learn", &policy, &["--json"]).expect(0).json();
    let block = data["block"].as_str().unwrap();
    assert_eq!(block, format!("permissions {{\n    read \"$REPO\" {WHY}\n}}\n"));
    trying.manifest(block);
    let policy = trying.policy(&format!("read {readme:?}"), "value.README");
    trying.lab.probity(["plugin", "grant", ID, "--policy", policy.to_str().unwrap(), "--all"]).expect(0);
    trying.check(&policy).expect(0);
}

#[test]
fn what_can_never_be_granted_is_explained() {
    let trying = Trying::new();
    let home = trying.lab.path("home").display().to_string();
    let cache = trying.lab.path("config/grants.json").display().to_string();
    trying.lab.file("config/grants.json", "{\"layout\":1,\"grants\":[]}");
    let many: String = (0..12)
        .map(|n| format!(" {:?}", trying.lab.file(&format!("many/{n}"), "x").display().to_string()))
        .collect();
    let config = format!(
        "read \"/proc/self/environ\" {cache:?}{many}\nlist {home:?}\nask {{ weather \"here\"; http \"ftp://a\"; }}"
    );
    let policy = trying.policy(&config, "true");
    std::fs::remove_file(trying.lab.path("config/grants.json")).unwrap();
    let run = trying.plugin("learn", &policy, &[]).expect(0);
    let learnt = trying.shown(&run.stdout);
    assert!(
        learnt.contains(&format!("permissions {{\n    read \"LAB/many\" {WHY}\n}}\n")),
        "many files are a folder:\n{learnt}"
    );
    let never = learnt.split("denied, and never granted\n").nth(1).unwrap();
    let expected = "  reading /proc/self/environ: /proc/self/environ is never granted: it shows what runs on the machine\n";
    assert!(
        never.contains(
            "reading LAB/home: LAB/home is never granted: it is the whole home folder, or holds it\n"
        ),
        "{never}"
    );
    assert!(never.contains("the input weather/here: there are no inputs of that kind\n"), "{never}");
    assert!(never.contains("the input http/ftp://a: it is no address of https\n"), "{never}");
    assert!(never.contains(expected) || never.contains("reading /proc/self/environ: "), "{never}");
}

#[test]
fn remembered_answers_neither_serve_a_trace_nor_come_of_one() {
    let trying = Trying::new();
    let policy = trying.policy("read \"/etc/passwd\"", "true");
    for _ in 0..2 {
        let run = trying.plugin("trace", &policy, &[]).expect(0);
        assert!(run.stdout.starts_with("acme/tools/trying: 1 process"), "{}", run.stdout);
    }
    assert_eq!(trying.check(&policy).expect(0).stat("plugin_calls"), 1, "a trace left nothing");
    let run = trying.plugin("trace", &policy, &[]).expect(0);
    assert!(run.stdout.contains("denied    read     /etc/passwd\n"), "{}", run.stdout);
    assert_eq!(trying.check(&policy).expect(0).stat("plugin_processes"), 0);
}

#[test]
fn after_a_failure_a_check_says_how_to_see_what_was_tried() {
    let trying = Trying::new();
    let policy = trying.policy("fails #true", "true");
    let (target, file) = (trying.repository.path().display(), policy.display());
    let hint = format!(
        "hint: to see what it tried: `probity plugin trace acme/tools/trying '{target}' --policy '{file}' --now '2026-06-01'`\n"
    );
    let run = trying.check(&policy).expect(10);
    assert!(run.stderr.contains(&hint), "{}", run.stderr);
    assert!(!run.stdout.contains("plugin trace"), "{}", run.stdout);
    let run = trying.check(&trying.policy("", "true")).expect(0);
    assert!(!run.stderr.contains("plugin trace"), "{}", run.stderr);

    // One that does not come so far as to be asked.
    let program = trying.lab.path("plugin/trying.py");
    let text = std::fs::read_to_string(&program).unwrap();
    std::fs::write(&program, format!("open(\"/etc/passwd\")\n{text}")).unwrap();
    let policy = trying.policy("", "true");
    let run = trying.check(&policy).expect(10);
    assert!(run.stderr.contains(&hint), "{}", run.stderr);
    let run = trying.plugin("trace", &policy, &[]).expect(0);
    assert!(run.stdout.contains("denied    read     /etc/passwd, 3 times\n"), "{}", run.stdout);
    assert!(run.stdout.contains("what it failed at\n"), "{}", run.stdout);
    let run = trying.plugin("learn", &policy, &[]).expect(0);
    assert!(run.stdout.contains(&format!("    read \"/etc/passwd\" {WHY}\n")), "{}", run.stdout);
}

#[test]
fn what_a_stranger_named_does_not_reach_the_terminal() {
    let trying = Trying::new();
    let red = trying.lab.file("srv/\u{1b}[31mred\u{9b}32m\u{202e}", "x");
    let config = format!("read {:?}", red.display().to_string());
    let policy = trying.policy(&config, "true");
    for command in ["trace", "learn"] {
        let run = trying.plugin(command, &policy, &[]).expect(0);
        assert!(
            run.stdout.contains("srv/\\u{1b}[31mred")
                && !run.stdout.contains(['\u{1b}', '\u{9b}', '\u{202e}']),
            "{:?}",
            run.stdout
        );
        let run = trying.plugin(command, &policy, &["--json"]).expect(0);
        assert!(!run.stdout.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{command}: {:?}", run.stdout);
        assert!(run.stdout.contains("\\u001b[31mred\\u009b32m\\u202e"), "{command}: {:?}", run.stdout);
    }
    let run = trying.plugin("learn", &policy, &[]).expect(0);
    assert!(
        run.stdout.contains("a manifest cannot name it") && !run.stdout.contains("permissions {"),
        "{}",
        run.stdout
    );
}

#[test]
fn built_in_plugins_are_traced_and_a_plugin_that_nobody_asks_is_told() {
    let trying = Trying::new();
    let target = trying.repository.path().to_str().unwrap();
    let run = trying.lab.probity(["plugin", "trace", "churn", target]).expect(0);
    assert!(run.stdout.contains("  query probity/core/git/history\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("denied"), "{}", run.stdout);
    let run = trying.lab.probity(["plugin", "learn", "git", target]).expect(0);
    assert!(run.stdout.contains("nothing more than its manifest asks for"), "{}", run.stdout);
    let policy = trying.policy("", "true");
    let run = trying
        .lab
        .probity(["plugin", "trace", "churn", target, "--policy", policy.to_str().unwrap()])
        .expect(2);
    assert_eq!(
        run.stderr,
        "error: the check asks probity/core/churn nothing\nhint: name a policy whose analyses ask it: --policy FILE\n"
    );
}
