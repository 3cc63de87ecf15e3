//! A repository, a policy and a session for one test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use probity_assess::check::Checked;
use probity_assess::live::{Live, Round};
use probity_assess::settings::{Builtin, Day, Settings};
use probity_assess::snapshot::What;
use probity_assess::state::StateUse;
use probity_engine::Digest;
use probity_host::{Log, Places, Progress, Sink};
use serde_json::Value;

pub(crate) struct Lab {
    dir: tempfile::TempDir,
    pub(crate) live: Live,
    /// What plugins say that begin something slow.
    pub(crate) said: mpsc::Receiver<String>,
}

/// A report, and the answers in it by analysis.
pub(crate) struct Reported {
    pub(crate) checked: Box<Checked>,
    pub(crate) answers: BTreeMap<String, Value>,
}

struct Saying(Mutex<mpsc::Sender<String>>);

impl Sink for Saying {
    fn log(&self, _: &str, log: Log) {
        let _ = self.0.lock().unwrap().send(log.message);
    }

    fn progress(&self, _: &str, _: Progress) {}

    fn ended(&self, _: &str, _: &str) {}
}

impl Lab {
    /// A repository with one file, a policy that asks `activity` and `binary`, and a session.
    pub(crate) fn new(what: What) -> Lab {
        Lab::named(what, true)
    }

    /// The same without a word on which policy is to be used: that is the repository's own, if any.
    pub(crate) fn without_policy() -> Lab {
        Lab::named(What::Head, false)
    }

    fn named(what: What, by_policy: bool) -> Lab {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("repo")).unwrap();
        let settings = settings(dir.path(), what, by_policy);
        let lab = Lab::opened(dir, settings);
        lab.write("policy.kdl", &policy(""));
        lab.git(&["init", "-q", "-b", "main"]);
        lab.write("repo/a", "1");
        lab.commit();
        lab
    }

    fn opened(dir: tempfile::TempDir, settings: Settings) -> Lab {
        let (say, said) = mpsc::channel();
        let live = Live::open(settings, Arc::new(Saying(Mutex::new(say)))).unwrap();
        Lab { dir, live, said }
    }

    /// Another session at the same place, with the policy that lies there, after what `change` changes.
    pub(crate) fn reopened(self, change: impl FnOnce(&mut Settings)) -> Lab {
        let Lab { dir, live, .. } = self;
        drop(live);
        let mut settings = settings(dir.path(), What::Head, true);
        change(&mut settings);
        Lab::opened(dir, settings)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "a commit"]);
    }

    #[allow(clippy::disallowed_methods, reason = "tests make repositories with the real git program")]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "gc.auto=0"])
            .args(arguments)
            .current_dir(self.path("repo"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A check that comes to a report.
    #[track_caller]
    pub(crate) fn report(&self) -> Reported {
        let answers = Mutex::new(BTreeMap::new());
        let round = self.live.check(&|analysis, result| {
            let answer = result.answer.clone().unwrap_or_default();
            answers.lock().unwrap().insert(analysis.name.clone(), answer);
        });
        match round.unwrap() {
            Round::Checked(checked) => Reported { checked, answers: answers.into_inner().unwrap() },
            other => panic!("no report: {other:?}"),
        }
    }

    /// A check that finds nothing new.
    #[track_caller]
    pub(crate) fn expect_unchanged(&self) {
        let round = self.live.check(&|analysis, _| panic!("{} was judged", analysis.name));
        assert!(matches!(round, Ok(Round::Unchanged)), "{round:?}");
    }
}

fn settings(root: &Path, what: What, by_policy: bool) -> Settings {
    Settings {
        target: root.join("repo"),
        what,
        policy: by_policy.then(|| root.join("policy.kdl")),
        day: Day::parse("2026-06-01").unwrap(),
        timeout: Duration::from_secs(3600),
        cache: root.join("cache"),
        store: root.join("cache/store"),
        remembers: true,
        state: StateUse::Off,
        refresh: Vec::new(),
        trust_imported: false,
        allow_weak_sandbox: false,
        places: Arc::new(Places::only(root.join("cache"))),
        trusted: root.join("trusted"),
        granted: root.join("grants.json"),
        machine: root.join("machine.kdl"),
        builtins: ["activity", "binary", "churn", "entropy", "identity"].map(builtin).into(),
        search_path: Vec::new(),
        fetch: Arc::new(probity_net::Fetcher::default()),
        environment: BTreeMap::new(),
    }
}

/// With `more` lines in it.
pub(crate) fn policy(more: &str) -> String {
    format!(
        "analyze {{\n  investigate policy=\"score > 0.5\"\n  analysis \"activity\" policy=\"value != ''\"\n  \
         analysis \"binary\" policy=\"value != ''\"\n{more}\n}}\n"
    )
}

/// With an analysis that never ends at this tree.
pub(crate) fn slow_policy(hang: &str) -> String {
    policy(&format!("  analysis \"churn\" policy=\"value == 1\" {{ hang {hang:?}; }}"))
}

pub(crate) fn builtin(name: &str) -> Builtin {
    Builtin { name: name.to_owned(), artifact: Digest::of(name.as_bytes()), permissions: Vec::new() }
}

impl Reported {
    pub(crate) fn processes(&self) -> u64 {
        self.checked.effort.plugin_processes
    }

    pub(crate) fn executed(&self) -> u64 {
        self.checked.effort.executed
    }
}

/// A path of a buffer.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(name).to_owned()
}
