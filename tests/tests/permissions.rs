//! What a person may grant a plugin: what its manifest asks for, to that very package, and no more.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use probity_tests::{Lab, Repository, Run};

/// A plugin of its own folder, so that its manifest can be changed.
struct Wishing {
    lab: Lab,
    repository: Repository,
}

const ID: &str = "acme/tools/asking";

impl Wishing {
    /// The plugin that shows whatever its configuration names, with these lines in the `permissions` of its manifest.
    fn new(permissions: &str) -> Wishing {
        let lab = Lab::new();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/asking/asking.py");
        lab.file("plugin/asking.py", std::fs::read(program).unwrap());
        let mut repository = lab.repository("repo");
        repository.history(1);
        let wishing = Wishing { lab, repository };
        wishing.manifest(permissions);
        wishing
    }

    fn manifest(&self, permissions: &str) {
        let text = format!(
            "publisher \"acme\"\nnamespace \"tools\"\nname \"asking\"\nversion \"1.0.0\"\ninterface 1\n\
             entry kind=\"python\" path=\"asking.py\"\npermissions {{\n{permissions}\n}}\n"
        );
        self.lab.file("plugin/plugin.kdl", text);
    }

    /// A policy with what it grants, how the plugin is configured, and what is held against its answer.
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

    fn check(&self, policy: &Path) -> Run {
        self.lab.check(self.repository.path(), &["--policy", policy.to_str().unwrap()])
    }

    fn plugin(&self, command: &str, policy: &Path, further: &[&str]) -> Run {
        let arguments = ["plugin", command, ID, "--policy", policy.to_str().unwrap()];
        self.lab.probity(arguments.iter().chain(further))
    }
}

#[test]
fn what_a_plugin_cannot_do_without_is_granted_first() {
    let wishing = Wishing::new("file \"~/list\" why=\"the list of friends\"");
    wishing.lab.file("home/list", "a");
    let policy = wishing.policy("", "ask { file \"~/list\"; }", "value.file.text == 'a'");
    let run = wishing.check(&policy).expect(2);
    assert_eq!(
        run.stderr,
        "error: plugin acme/tools/asking does not get what it cannot do without:\n  \
         file \"~/list\": nobody has granted it (the list of friends)\n  \
         probity plugin grant acme/tools/asking --policy FILE --file '~/list'\n  \
         grants it for checks with --policy; so does that policy's own `grant` (docs/permissions.md)\n"
    );
    let run = wishing.plugin("permissions", &policy, &[]).expect(0);
    assert_eq!(
        run.stdout,
        "acme/tools/asking 1.0.0\n  reads its own package and the target's git objects, writes a scratch folder of \
         its own\n  file \"~/list\": not granted\n    the list of friends\n  limits: memory 1GiB, cpu-seconds 600, \
         wall-seconds 600, tasks 512, files 256, scratch-size 64MiB, scratch-files 4096 (`--timeout` of a check \
         changes wall-seconds)\n"
    );
    wishing.plugin("grant", &policy, &[]).expect(0);
    wishing.check(&policy).expect(2);

    let run = wishing.plugin("grant", &policy, &["--all"]).expect(0);
    let granted = format!("file \"~/list\": granted by you, {}\n", wishing.lab.path("home/list").display());
    assert!(run.stdout.contains(&granted), "{}", run.stdout);
    assert_eq!(wishing.check(&policy).expect(0).stat("plugin_calls"), 1);
    assert_eq!(wishing.check(&policy).expect(0).stat("plugin_processes"), 0, "a file is an input");

    wishing.lab.probity(["plugin", "grant", ID, "--revoke"]).expect(0);
    wishing.check(&policy).expect(2);
}

#[test]
fn another_package_of_the_same_name_has_no_grant() {
    let wishing = Wishing::new("env \"A\" why=\"a\"");
    let policy = || wishing.policy("", "", "true");
    wishing.plugin("grant", &policy(), &["--env", "A"]).expect(0);
    wishing.check(&policy()).expect(0);
    wishing.lab.file("plugin/more.py", "");
    let run = wishing.check(&policy()).expect(2);
    assert!(run.stderr.contains("env \"A\": nobody has granted it"), "{}", run.stderr);
}

#[test]
fn nothing_is_granted_that_the_manifest_does_not_ask_for() {
    let wishing = Wishing::new("env \"A\" why=\"a\" optional=#true");
    let policy = wishing.policy("grant { env \"B\"; env \"A\"; net \"b.example\"; }", "", "true");
    let text = std::fs::read_to_string(&policy)
        .unwrap()
        .replace(" }; }\n", " };\n plugin \"churn\" {\n  grant { file \"x\"; }\n } }\n");
    std::fs::write(&policy, &text).unwrap();
    let run = wishing.check(&policy).expect(2);
    let column = |what: &str| text.find(what).unwrap() + 1;
    for (thing, plugin, place, hint) in [
        (
            "env \"B\"",
            ID,
            format!("policy.kdl:1:{}]", column("\"B\"")),
            "it asks for env \"A\": grant that, or remove the line",
        ),
        ("net \"b.example\"", ID, format!("policy.kdl:1:{}]", column("\"b.example\"")), ""),
        (
            "file \"x\"",
            "probity/core/churn",
            "policy.kdl:3:16]".to_owned(),
            "it asks for nothing: remove the line",
        ),
    ] {
        let told = format!("the policy grants {thing} to plugin {plugin}, which does not ask for it");
        let words = run.stderr.replace("\n  │", "");
        for part in [&told, &place, hint, "not asked for"] {
            assert!(words.contains(part), "{part} is not in:\n{}", run.stderr);
        }
    }
    assert!(run.stderr.contains("3 problems in "), "{}", run.stderr);
    let listed = wishing.lab.probity(["plugin", "list", "--policy", policy.to_str().unwrap()]).expect(2);
    assert_eq!(listed.stderr, run.stderr);
    let policy = wishing.policy("", "", "true");
    let run = wishing.plugin("grant", &policy, &["--env", "A", "--read", "/srv"]).expect(2);
    let told = "acme/tools/asking does not ask for read \"/srv\"";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    let run = wishing.plugin("permissions", &policy, &[]).expect(0);
    assert!(run.stdout.contains("env \"A\" (can do without): not granted"), "all or nothing: {}", run.stdout);
    wishing.check(&policy).expect(0);
}

#[test]
fn a_folder_that_is_granted_is_read_and_its_answers_do_not_last() {
    let wishing = Wishing::new("read \"~/data\" why=\"notes\"");
    wishing.lab.file("home/data", "a");
    let policy = wishing.policy("", "read \"~/data\"", "value.read == 'a'");
    let run = wishing.plugin("grant", &policy, &["--read", "~/data"]).expect(0);
    assert!(run.stdout.contains("none of its answers is remembered"), "{}", run.stdout);
    assert_eq!(wishing.check(&policy).expect(0).stat("plugin_calls"), 1);
    wishing.lab.file("home/data", "b");
    assert_eq!(wishing.check(&policy).expect(1).stat("plugin_calls"), 1, "what it saw is recorded nowhere");
}

#[test]
fn a_path_that_leads_elsewhere_than_when_it_was_granted_is_not_given() {
    let wishing = Wishing::new("read \"~/data\" why=\"notes\"");
    wishing.lab.file("home/one", "a");
    wishing.lab.file("home/two", "b");
    let link = wishing.lab.path("home/data");
    std::os::unix::fs::symlink("one", &link).unwrap();
    let policy = wishing.policy("", "read \"~/data\"", "value.read == 'a'");
    wishing.plugin("grant", &policy, &["--all"]).expect(0);
    wishing.check(&policy).expect(0);
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("two", &link).unwrap();
    let run = wishing.check(&policy).expect(2);
    assert!(run.stderr.contains("when it was granted it led to"), "{}", run.stderr);
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("..", &link).unwrap();
    let run = wishing.plugin("grant", &policy, &["--all"]).expect(2);
    assert!(
        run.stderr.contains("is never granted: it is the whole home folder, or holds it"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_policy_grants_nothing_that_a_link_in_the_repository_decides() {
    let wishing = Wishing::new("file \"*\" why=\"lists\"");
    wishing.lab.file("home/.ssh/id", "secret");
    wishing.lab.file("policies/list", "");
    let policy =
        wishing.policy("grant { file \"list\"; }", "ask { file \"list\"; }", "value.file.text == ''");
    wishing.check(&policy).expect(0);
    let mut beside = wishing.lab.command();
    beside.current_dir(wishing.lab.path("policies")).arg("check").arg(wishing.repository.path());
    Run::of(beside.args(["--policy", "policy.kdl"]).output().unwrap()).expect(0);
    std::fs::remove_file(wishing.lab.path("policies/list")).unwrap();
    std::os::unix::fs::symlink("../home/.ssh/id", wishing.lab.path("policies/list")).unwrap();
    let run = wishing.check(&policy).expect(2);
    assert!(run.stderr.contains("leads by a link to"), "{}", run.stderr);
    let run = wishing.plugin("grant", &policy, &["--file", "*"]).expect(2);
    assert!(run.stderr.contains("leaves the name open"), "{}", run.stderr);
    let run = wishing.plugin("grant", &policy, &["--file", "/proc/self/environ"]).expect(2);
    assert!(run.stderr.contains("is never granted: it shows what runs on the machine"), "{}", run.stderr);
}

#[test]
fn a_repositorys_own_policy_does_not_use_what_the_person_granted() {
    let mut wishing = Wishing::new("file \"~/data\" why=\"notes\"");
    wishing.lab.file("home/data", "a");
    let policy = wishing.policy("", "ask { file \"~/data\"; }", "true");
    wishing.plugin("grant", &policy, &["--all"]).expect(0);
    wishing.check(&policy).expect(0);
    wishing.repository.write("probity.kdl", std::fs::read(&policy).unwrap());
    wishing.repository.commit("a policy");
    let path = wishing.repository.path().to_owned();
    wishing.lab.probity(["trust".as_ref(), path.as_os_str()]).expect(0);
    let run = wishing.lab.check(&path, &[]).expect(2);
    assert!(run.stderr.contains("nobody has granted it"), "{}", run.stderr);
}

#[test]
fn who_granted_it_makes_no_difference_and_that_it_was_granted_does() {
    let wishing = Wishing::new("file \"~/list\" why=\"the list\" optional=#true");
    wishing.lab.file("home/list", "a");
    let digest = |grants: &str| {
        let policy = wishing.policy(grants, "", "true");
        let run = wishing
            .lab
            .check(wishing.repository.path(), &["--policy", policy.to_str().unwrap(), "--format", "json"]);
        run.expect(0).json()["policy"]["digest"].as_str().unwrap().to_owned()
    };
    let (without, by_policy) = (digest(""), digest("grant { file \"~/list\"; }"));
    let policy = wishing.policy("", "", "true");
    wishing.plugin("grant", &policy, &["--all"]).expect(0);
    assert_eq!(digest(""), by_policy);
    assert_ne!(without, by_policy);
}

#[test]
fn a_server_of_this_machine_is_not_asked_although_it_is_granted() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("localhost:{}", listener.local_addr().unwrap().port());
    let wishing = Wishing::new(&format!("net {server:?} why=\"the neighbours\""));
    let policy = wishing.policy("", &format!("ask {{ http \"https://{server}/\"; }}"), "true");
    wishing.plugin("grant", &policy, &["--all"]).expect(0);
    let run = wishing.check(&policy).expect(10);
    assert!(
        run.stdout.replace('\n', " ").contains(&format!("{server} is no public server")),
        "{}",
        run.stdout
    );
    let policy = wishing.policy("", "ask { http \"https://example.org/\"; }", "true");
    wishing.plugin("grant", &policy, &["--all"]).expect(0);
    let run = wishing.check(&policy).expect(10);
    assert!(run.stdout.contains("http/https://example.org/ is not granted"), "{}", run.stdout);
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody knocked");
}

#[test]
fn grants_that_cannot_be_read_start_no_plugin() {
    let wishing = Wishing::new("env \"A\" why=\"a\" optional=#true");
    wishing.lab.file("config/grants.json", "{ \"layout\": 1 ");
    let policy = wishing.policy("", "", "true");
    let run = wishing.check(&policy).expect(10);
    assert!(run.stderr.contains("cannot read what was granted to plugins"), "{}", run.stderr);
    assert!(run.stderr.contains("hint: move the file away: nothing is granted then"), "{}", run.stderr);
    for (command, further) in [("permissions", &[][..]), ("grant", &["--all"]), ("describe", &[])] {
        let run = wishing.plugin(command, &policy, further).expect(10);
        assert!(run.stderr.contains("hint: move the file away"), "{command}: {}", run.stderr);
    }
    wishing.lab.probity(["plugin", "grant", ID, "--revoke"]).expect(10);
    let run = wishing.lab.probity(["doctor"]).expect(10);
    assert!(run.stdout.contains("grants.json: NO: cannot be read: "), "{}", run.stdout);
    assert!(run.stderr.contains("hint: move the file away"), "{}", run.stderr);
}

#[test]
fn a_repository_without_a_policy_is_not_trusted_in_advance() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(1);
    let path = repository.path().to_owned();
    let run = lab.probity(["trust".as_ref(), path.as_os_str()]).expect(2);
    assert!(run.stderr.contains("carries no probity.kdl to be trusted"), "{}", run.stderr);
    repository
        .write("probity.kdl", "analyze { investigate policy=\"score > 1.0\"; analysis \"activity\"; }\n");
    lab.probity(["trust".as_ref(), path.as_os_str()]).expect(0);
    repository.commit("a policy");
    let run = lab.probity(["plugin".as_ref(), "hash".as_ref(), path.as_os_str()]).expect(2);
    assert!(run.stderr.contains("is no plugin's folder"), "{}", run.stderr);
}

#[test]
fn plugins_that_lack_a_grant_can_be_looked_at() {
    let wishing = Wishing::new("env \"A\" why=\"a\"");
    let policy = wishing.policy("", "", "true");
    wishing.check(&policy).expect(2);
    let policy_option = ["--policy", policy.to_str().unwrap()];
    let run = wishing.lab.probity(["plugin", "list"].iter().chain(&policy_option)).expect(0);
    let line = run.stdout.lines().find(|line| line.starts_with(ID)).unwrap();
    assert!(line.ends_with("; not granted: env \"A\""), "{line}");
    assert!(run.stdout.contains(&format!("{line}\n    What it is shown\n")), "{}", run.stdout);
    let run = wishing.plugin("describe", &policy, &[]).expect(0);
    assert!(run.stdout.starts_with("acme/tools/asking\n  not granted: env \"A\"\n"), "{}", run.stdout);
    let run = wishing.plugin("describe", &policy, &["--json"]).expect(0);
    assert_eq!(run.json()["ungranted"], serde_json::json!(["env \"A\""]));
    wishing.plugin("grant", &policy, &["--all"]).expect(0);
    let run = wishing.plugin("describe", &policy, &[]).expect(0);
    assert!(!run.stdout.contains("not granted"), "{}", run.stdout);
}

#[test]
fn a_folder_that_takes_the_place_of_the_granted_one_is_not_given() {
    let wishing = Wishing::new("read \"~/data\" why=\"notes\"");
    wishing.lab.file("home/data/one", "a");
    let policy = wishing.policy("", "", "true");
    wishing.plugin("grant", &policy, &["--all"]).expect(0);
    wishing.check(&policy).expect(0);
    wishing.lab.file("home/data/two", "b");
    wishing.check(&policy).expect(0);
    std::fs::rename(wishing.lab.path("home/data"), wishing.lab.path("home/old")).unwrap();
    wishing.lab.file("home/data/one", "a");
    let run = wishing.check(&policy).expect(2);
    assert!(run.stderr.contains("is another folder than the one that was granted"), "{}", run.stderr);
    wishing.plugin("grant", &policy, &["--all"]).expect(0);
    wishing.check(&policy).expect(0);
}

#[test]
fn a_check_tells_why_a_grant_comes_to_nothing_that_the_plugin_can_do_without() {
    let wishing = Wishing::new(
        "env \"A\" why=\"a\" optional=#true\nfile \"*\" why=\"lists\" optional=#true\n\
         read \"~/data\" why=\"notes\" optional=#true",
    );
    wishing.lab.file("home/list", "");
    wishing.lab.file("policies/beside", "");
    std::os::unix::fs::symlink("../home/list", wishing.lab.path("policies/list")).unwrap();
    let told = |run: &Run| -> String {
        let lines: Vec<&str> = run.stderr.lines().filter(|line| line.contains(" does not get ")).collect();
        lines.join("\n").replace(&wishing.lab.path("").display().to_string(), "LAB/")
    };
    for (grant, why) in [
        ("file \"list\"", "LAB/policies/list leads by a link to LAB/home/list; grant that path itself"),
        (
            "file \"~/.\"",
            "LAB/home is never granted: it is the whole home folder, or holds it; \
             grant the file or folder in it that the plugin needs",
        ),
        (
            "file \"/sys/kernel\"",
            "/sys/kernel is never granted: it shows what runs on the machine; remove the grant",
        ),
        (
            "file \"../cache\"",
            "LAB/cache is never granted: Probity keeps its answers and the person's choices there; \
             keep what the plugin needs in another folder, and grant that",
        ),
        (
            "read \"~/data\"",
            "LAB/home/data cannot be reached: No such file or directory (os error 2); \
             correct the path, or put there what it names",
        ),
    ] {
        let policy = wishing.policy(&format!("grant {{ env \"A\"; {grant}; }}"), "", "true");
        let expected =
            format!("warning: acme/tools/asking does not get {grant}, which the policy grants: {why}");
        let run = wishing.check(&policy).expect(0);
        assert_eq!(told(&run), expected);
        let run = wishing.plugin("permissions", &policy, &[]).expect(0);
        let page = run.stdout.replace(&wishing.lab.path("").display().to_string(), "LAB/");
        assert!(page.contains(&format!("{grant} (can do without): not given: {why}\n")), "{page}");
    }
    let policy = wishing.policy("grant { env \"A\"; file \"beside\"; }", "", "true");
    assert_eq!(told(&wishing.check(&policy).expect(0)), "");

    wishing.lab.file("home/data/notes", "");
    wishing.plugin("grant", &policy, &["--read", "~/data"]).expect(0);
    std::fs::remove_dir_all(wishing.lab.path("home/data")).unwrap();
    let run = wishing.check(&policy).expect(0);
    assert!(
        told(&run).contains("does not get read \"~/data\", which you granted: LAB/home/data cannot be"),
        "{}",
        run.stderr
    );
    let run = wishing.plugin("grant", &policy, &["--read", "~/data"]).expect(2);
    assert!(run.stderr.contains("hint: correct the path, or put there what it names"), "{}", run.stderr);
}
