//! The built-in plugin that asks a server: what it is granted, and what it says without.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use probity_tests::{Lab, Repository, Run};

const TOKEN: &str = "s3cret-of-a-person";

struct Asking {
    lab: Lab,
    repository: Repository,
}

impl Asking {
    fn new() -> Asking {
        let lab = Lab::new();
        let mut repository = lab.repository("repo");
        repository.history(1);
        Asking { lab, repository }
    }

    /// A policy that configures the plugin so, and grants that.
    fn policy(&self, config: &str, grants: &str) -> PathBuf {
        let text = format!(
            "plugins {{ plugin \"github\" {{ config {{ {config} }}; grant {{ {grants} }} }} }}\n\
             analyze {{\n  investigate policy=\"score > 0.5\"\n  analysis \"approved\" plugin=\"github\"\n  \
             analysis \"fuzzed\" plugin=\"github\" query=\"fuzz\" policy=\"value\"\n  \
             analysis \"protected\" plugin=\"github\" query=\"protection\" policy=\"!value.exists(gap, gap == 'force-push')\"\n  \
             analysis \"people\" plugin=\"github\" query=\"contributors\" policy=\"!value.exists(c, 'acme' in c.organizations)\"\n}}\n"
        );
        self.lab.file("policies/policy.kdl", text)
    }

    /// A check in an environment that holds the token, or not.
    fn check(&self, policy: &Path, has_token: bool) -> Run {
        let mut command = self.lab.command();
        let target = self.repository.path();
        command.arg("check").arg(target).args(["--now", "2026-06-01", "--policy"]).arg(policy);
        if has_token {
            command.env("A_TOKEN", TOKEN);
        }
        Run::of(command.output().unwrap())
    }
}

/// Whether any file below a folder has the token in it.
fn holds_token(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return holds_token(&path);
        }
        let bytes = fs::read(&path).unwrap_or_default();
        bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes())
    })
}

#[test]
fn without_a_repository_or_a_grant_every_analysis_abstains_and_says_what_to_do() {
    let asking = Asking::new();
    let run = asking.check(&asking.policy("newest 5", ""), true).expect(3);
    let told = "a clone does not tell where it came from: write repository \"owner/name\" in the configuration of github";
    assert_eq!(
        run.stdout.split_whitespace().collect::<Vec<_>>().join(" ").matches(told).count(),
        4,
        "{}",
        run.stdout
    );
    let run = asking.check(&asking.policy("repository \"ada/engine\"", ""), true).expect(3);
    let told = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("is not granted to this plugin"), "{told}");
    assert!(
        told.contains("probity plugin grant github --net api.github.com --token api.github.com=VARIABLE"),
        "{told}"
    );
}

#[test]
fn a_built_in_is_granted_what_it_asks_for_without_a_policy() {
    let asking = Asking::new();
    let lab = &asking.lab;
    let shown = lab.probity(["plugin", "permissions", "github"]).expect(0).stdout;
    assert!(
        shown.contains("token \"*\" (can do without): which, the configuration says; none is granted"),
        "{shown}"
    );
    let grant = ["plugin", "grant", "github", "--net", "api.github.com", "--token", "api.github.com=A_TOKEN"];
    let shown = lab.probity(grant).expect(0).stdout;
    assert!(shown.contains("net \"api.github.com\" (can do without): granted by you\n"), "{shown}");
    let unset = "token \"api.github.com=A_TOKEN\" (can do without): not given: the variable A_TOKEN";
    assert!(shown.contains(unset), "{shown}");
    let policy = asking.policy("repository \"ada/engine\"", "");
    let run = asking.check(&policy, false).expect(3);
    let told = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let unset =
        "is not asked for: the variable A_TOKEN, whose value was to be sent along as a token, is not set";
    assert!(told.contains(unset), "without it, nobody is asked: {told}");
    for (wrong, told) in [
        (["--token", "api.github.com"], "is no server and variable"),
        (["--env", "A_TOKEN"], "probity/core/github does not ask for env \"A_TOKEN\""),
    ] {
        let run = lab.probity(["plugin", "grant", "github"].into_iter().chain(wrong)).expect(2);
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
    lab.probity(["plugin", "grant", "github", "--revoke"]).expect(0);
    let shown = lab.probity(["plugin", "permissions", "github"]).expect(0).stdout;
    assert!(!shown.contains("A_TOKEN"), "{shown}");
    let run = lab.probity(["plugin", "grant", "churn", "--net", "a.b"]).expect(2);
    assert!(run.stderr.contains("probity/core/churn does not ask for net \"a.b\""), "{}", run.stderr);
}

#[test]
fn a_token_goes_to_no_server_of_this_machine_and_stands_nowhere() {
    let asking = Asking::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    let config = format!("repository \"ada/engine\"; base-url \"https://{server}/api/v3\"");
    let policy = asking.policy(&config, &format!("net \"{server}\"; token \"{server}=A_TOKEN\""));
    let run = asking.check(&policy, true).expect(10);
    assert!(run.stdout.contains("is no public server"), "{}", run.stdout);
    assert!(!run.stdout.contains(TOKEN) && !run.stderr.contains(TOKEN));
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody knocked");
    assert!(!holds_token(&asking.lab.path("cache")));
}

#[test]
fn a_policy_of_the_repository_itself_grants_nothing() {
    let mut asking = Asking::new();
    let text = "plugins { plugin \"github\" { grant { token \"evil.example=A_TOKEN\" } } }\n\
                analyze { investigate policy=\"score > 0.5\"; analysis \"approved\" plugin=\"github\" }\n";
    asking.repository.write("probity.kdl", text).commit("grant myself a token");
    asking.lab.probity(["trust", asking.repository.path().to_str().unwrap()]).expect(0);
    let run = asking.lab.check(asking.repository.path(), &[]).expect(2);
    assert!(run.stderr.contains("which a repository may not"), "{}", run.stderr);
}
