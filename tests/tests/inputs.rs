//! What plugins see of the machine: what a policy grants them and nothing else; and what they have seen is remembered with
//! the answer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use probity_tests::{Lab, Repository, Run};

struct Asking {
    lab: Lab,
    repository: Repository,
    hash: String,
}

impl Asking {
    fn new() -> Asking {
        let lab = Lab::new();
        let mut repository = lab.repository("repo");
        repository.history(1);
        Asking { hash: lab.hash(&plugin()), lab, repository }
    }

    /// A policy whose one analysis passes where `expression` holds of what the plugin was shown.
    fn policy(&self, grants: &str, config: &str, expression: &str) -> String {
        format!(
            "plugins {{ plugin \"acme/tools/asking\" path={:?} sha256={:?} {{ {grants} }}; }}\n\
             analyze {{\n  investigate policy=\"score > 0.5\"\n  \
             analysis \"x\" plugin=\"acme/tools/asking\" policy=#\"{expression}\"# {{ {config} }}\n}}\n",
            plugin().display().to_string(),
            self.hash
        )
    }

    fn check(&self, policy: &str, environment: &[(&str, &str)]) -> Run {
        let file = self.lab.file("policies/policy.kdl", policy);
        let mut command = self.lab.command();
        command.arg("check").arg(self.repository.path()).args(["--stats", "--policy"]).arg(file);
        Run::of(command.envs(environment.iter().copied()).output().unwrap())
    }
}

fn plugin() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join("asking")
}

#[test]
fn a_variable_is_seen_where_it_is_granted_and_asked_anew_when_it_changes() {
    let asking = Asking::new();
    let ask = "ask { env \"DEPLOYMENT\"; }";
    let policy = asking.policy("", ask, "value.env == 'blue'");
    let run = asking.check(&policy, &[("DEPLOYMENT", "blue")]).expect(10);
    let how = "plugin \"acme/tools/asking\" … { grant { env \"DEPLOYMENT\"; } }";
    assert!(run.stdout.contains("env/DEPLOYMENT is not granted"), "{}", run.stdout);
    assert!(run.stdout.replace('\n', " ").contains(how), "{}", run.stdout);

    let policy = asking.policy("grant { env \"DEPLOYMENT\"; }", ask, "value.env == 'blue'");
    let run = asking.check(&policy, &[("DEPLOYMENT", "blue")]).expect(0);
    assert_eq!(run.stat("plugin_calls"), 1, "the grant made it another question");
    let run = asking.check(&policy, &[("DEPLOYMENT", "blue"), ("OTHER", "x")]).expect(0);
    assert_eq!(run.stat("plugin_processes"), 0, "nothing that it saw has changed");
    let run = asking.check(&policy, &[("DEPLOYMENT", "green")]).expect(1);
    assert_eq!(run.stat("plugin_calls"), 1);
    let run = asking.check(&policy, &[]).expect(1);
    assert_eq!(run.stat("plugin_calls"), 1);
    assert_eq!(asking.check(&policy, &[("DEPLOYMENT", "blue")]).expect(0).stat("plugin_calls"), 0);
}

#[test]
fn a_file_is_seen_from_the_folder_of_the_policy_and_asked_anew_when_it_changes() {
    let asking = Asking::new();
    let policy =
        asking.policy("grant { file \"list.txt\"; }", "ask { file \"list.txt\"; }", "value.file.text == 'a'");
    asking.lab.file("policies/list.txt", "a");
    assert_eq!(asking.check(&policy, &[]).expect(0).stat("plugin_calls"), 1);
    asking.lab.file("policies/list.txt", "a");
    assert_eq!(asking.check(&policy, &[]).expect(0).stat("plugin_processes"), 0, "the content counts");
    asking.lab.file("policies/list.txt", "b");
    assert_eq!(asking.check(&policy, &[]).expect(1).stat("plugin_calls"), 1);
    std::fs::remove_file(asking.lab.path("policies/list.txt")).unwrap();
    asking.check(&policy, &[]).expect(10);
}

#[test]
fn the_month_is_another_input_than_the_day() {
    let asking = Asking::new();
    let policy = asking.policy("", "ask { time \"month\"; }", "value.time == '2026-06'");
    let file = asking.lab.file("policies/policy.kdl", policy);
    let check = |day| {
        let further = ["--policy", file.to_str().unwrap(), "--now", day];
        asking.lab.check(asking.repository.path(), &further)
    };
    assert_eq!(check("2026-06-01").expect(0).stat("plugin_calls"), 1);
    assert_eq!(check("2026-06-30").expect(0).stat("plugin_calls"), 0);
    assert_eq!(check("2026-07-01").expect(1).stat("plugin_calls"), 1);
}

#[test]
fn an_answer_that_does_not_last_is_asked_for_in_each_check() {
    let asking = Asking::new();
    let policy = asking.policy("", "ttl 0", "true");
    for _ in 0..2 {
        assert_eq!(asking.check(&policy, &[]).expect(0).stat("plugin_calls"), 1);
    }
    let policy = asking.policy("", "ttl 100000", "true");
    assert_eq!(asking.check(&policy, &[]).expect(0).stat("plugin_calls"), 1);
    assert_eq!(asking.check(&policy, &[]).expect(0).stat("plugin_calls"), 0);
}

#[test]
fn a_repository_grants_nothing_to_the_plugins_of_its_own_policy() {
    let mut asking = Asking::new();
    let policy = asking.policy("grant { file \"/etc/passwd\"; }", "ask { file \"/etc/passwd\"; }", "true");
    asking.repository.write("probity.kdl", policy);
    asking.repository.commit("a policy");
    let path = asking.repository.path().to_owned();
    asking.lab.probity(["trust".as_ref(), path.as_os_str()]).expect(0);
    let run = asking.lab.check(&path, &[]).expect(2);
    assert!(run.stderr.contains("grants acme/tools/asking"), "{}", run.stderr);
    assert!(run.stderr.contains("--policy"), "{}", run.stderr);
}
