//! From one revision to the next: which processes are taken over, and which are not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use probity_engine::{Digest, Executor as _, Failure, FailureKind, Key, Request};
use probity_host::{
    CallLimits, GitGrant, Host, HostOptions, Launch, Launched, Level, PackageKind, PackageProgram,
    PluginSpec, Program, Silent, Sink, Sources, StartError,
};
use serde_json::json;

use crate::common::{Asker, ask, builtin, failure, limits, value};
use crate::peer::{Script, Scripted, host, query, script};

const P: &str = "probity/core/p";

/// A plugin that answers each question with its own name, and tells when it has gone.
fn answering(name: &'static str, gone: mpsc::Sender<&'static str>) -> Script {
    struct Gone(mpsc::Sender<&'static str>, &'static str);
    impl Drop for Gone {
        fn drop(&mut self) {
            let _ = self.0.send(self.1);
        }
    }
    script(move |mut wire| async move {
        let _gone = Gone(gone, name);
        wire.greet("p", json!([query("q")])).await;
        while let Some(message) = wire.next().await {
            if message["method"] == "plugin/query" {
                wire.value(&message, json!(name)).await;
            }
        }
        "exit status: 0".to_owned()
    })
}

/// A target that is shown at one path.
struct Shown(GitGrant);

impl Sources for Shown {
    fn git(&self) -> Result<Option<GitGrant>, Failure> {
        Ok(Some(self.0.clone()))
    }

    fn input(&self, _: &str, _: &str) -> Result<Arc<str>, Failure> {
        Err(Failure::new(FailureKind::Unavailable, "there are no inputs"))
    }
}

fn shown(git_dir: &str, shows: &str) -> Shown {
    Shown(GitGrant { git_dir: git_dir.into(), read: Vec::new(), shows: shows.to_owned() })
}

fn options(plugin: PluginSpec, launch: &Arc<Scripted>, sources: Shown) -> HostOptions {
    let launch: Arc<dyn Launch> = launch.clone();
    let (sources, sink) = (Arc::new(sources), Arc::new(Silent));
    HostOptions { plugins: vec![plugin], sources, launch, limits: limits(), sink, version: "1.0.0".into() }
}

/// The same plugin as a package of a stranger's.
pub(crate) fn package() -> PluginSpec {
    let program = PackageProgram {
        dir: "/nowhere".into(),
        tree: [0; 32],
        files: Vec::new(),
        entry: "p".into(),
        kind: PackageKind::Native,
        least: Level::None,
    };
    PluginSpec { program: Program::Package(program), ..builtin("p") }
}

/// Who answers after a change from one plugin and view to others, and which processes had gone before that.
fn after_change(before: (PluginSpec, Shown), after: (PluginSpec, Shown)) -> (String, Vec<&'static str>) {
    let (gone, went) = mpsc::channel();
    let launch = Scripted::new([answering("first", gone.clone()), answering("second", gone)]);
    let old = Host::new(options(before.0, &launch, before.1));
    assert_eq!(value(ask(&old, P, "q", "{}")), "\"first\"");
    let new = Host::succeeding(&old, options(after.0, &launch, after.1));
    drop(old);
    let answer = value(ask(&new, P, "q", "{}"));
    (answer, went.try_iter().collect())
}

#[test]
fn the_process_of_a_plugin_that_would_be_started_the_same_goes_on() {
    let same = || (builtin("p"), shown("/a", "1"));
    assert_eq!(after_change(same(), same()), ("\"first\"".to_owned(), vec![]));
    let same = || (package(), shown("/a", "1"));
    assert_eq!(after_change(same(), same()), ("\"first\"".to_owned(), vec![]));
}

#[test]
fn another_configuration_artifact_or_view_is_another_process() {
    let before = || (builtin("p"), shown("/a", "1"));
    let configured = PluginSpec { config: r#"{"weeks":3}"#.into(), ..builtin("p") };
    let upgraded = PluginSpec { artifact: Digest::of(b"other"), ..builtin("p") };
    for after in
        [(configured, shown("/a", "1")), (upgraded, shown("/a", "1")), (builtin("p"), shown("/b", "1"))]
    {
        assert_eq!(after_change(before(), after).0, "\"second\"");
    }
}

#[test]
fn only_a_built_in_plugin_outlasts_another_commit() {
    let at = |shows| (builtin("p"), shown("/a", shows));
    assert_eq!(after_change(at("1"), at("2")).0, "\"first\"");
    let at = |shows| (package(), shown("/a", shows));
    assert_eq!(after_change(at("1"), at("2")).0, "\"second\"");
}

#[test]
fn a_plugin_that_told_of_something_missing_is_started_anew() {
    let missing = script(|mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        let question = wire.wait_for("plugin/query").await;
        let data = json!({ "kind": "unavailable", "retryable": true });
        wire.refuse(&question, json!({ "code": -32020, "message": "no object 12", "data": data })).await;
        wire.listen().await
    });
    let (gone, _went) = mpsc::channel();
    let launch = Scripted::new([missing, answering("second", gone)]);
    let old = Host::new(options(builtin("p"), &launch, shown("/a", "1")));
    assert_eq!(failure(ask(&old, P, "q", "{}")).0, FailureKind::Unavailable);
    let new = Host::succeeding(&old, options(builtin("p"), &launch, shown("/a", "1")));
    assert_eq!(value(ask(&new, P, "q", "{}")), "\"second\"");
}

#[test]
fn what_could_not_be_started_is_started_again_in_the_next_revision() {
    let rude = script(|mut wire| async move {
        let initialize = wire.wait_for("initialize").await;
        wire.refuse(&initialize, json!({ "code": -32603, "message": "not today" })).await;
        wire.listen().await
    });
    let (gone, _went) = mpsc::channel();
    let launch = Scripted::new([rude, answering("second", gone)]);
    let old = Host::new(options(builtin("p"), &launch, shown("/a", "1")));
    for _ in 0..2 {
        assert!(failure(ask(&old, P, "q", "{}")).1.contains("not today"), "once in a revision");
    }
    let new = Host::succeeding(&old, options(builtin("p"), &launch, shown("/a", "1")));
    assert_eq!(value(ask(&new, P, "q", "{}")), "\"second\"");
}

#[test]
fn a_plugin_that_does_not_let_go_is_killed_before_the_next_question_is_put() {
    let cancelled: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
    let stubborn = script(move |mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        wire.wait_for("plugin/query").await;
        cancelled.store(true, Ordering::Relaxed);
        while let Some(message) = wire.next().await {
            assert_ne!(message["method"], "plugin/query", "it is asked nothing more");
        }
        "exit status: 0".to_owned()
    });
    let (gone, _went) = mpsc::channel();
    let launch = Scripted::new([stubborn, answering("second", gone)]);
    let old = Host::new(options(package(), &launch, shown("/a", "1")));
    let reply = old.execute(&Request::new(P, "q", Key::empty()), &mut Asker::new(&old, cancelled));
    assert_eq!(failure(reply).0, FailureKind::Cancelled);
    let new = Host::succeeding(&old, options(package(), &launch, shown("/a", "1")));
    assert_eq!(value(ask(&new, P, "q", "{}")), "\"second\"");
}

#[test]
fn a_plugin_that_lets_go_goes_on() {
    let cancelled: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
    let polite = script(move |mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        let question = wire.wait_for("plugin/query").await;
        cancelled.store(true, Ordering::Relaxed);
        wire.wait_for("$/cancelRequest").await;
        wire.refuse(&question, json!({ "code": -32800, "message": "cancelled" })).await;
        let next = wire.wait_for("plugin/query").await;
        wire.value(&next, json!("first")).await;
        wire.listen().await
    });
    let launch = Scripted::new([polite]);
    // On a machine as busy as it likes to be.
    let patient = CallLimits { letting_go: std::time::Duration::from_secs(3600), ..limits() };
    let patient = |sources| HostOptions { limits: patient.clone(), ..options(package(), &launch, sources) };
    let old = Host::new(patient(shown("/a", "1")));
    let reply = old.execute(&Request::new(P, "q", Key::empty()), &mut Asker::new(&old, cancelled));
    assert_eq!(failure(reply).0, FailureKind::Cancelled);
    let new = Host::succeeding(&old, patient(shown("/a", "1")));
    assert_eq!(value(ask(&new, P, "q", "{}")), "\"first\"");
}

/// Says that a process is being started, and does not come back from it.
struct Stuck(mpsc::SyncSender<()>, &'static AtomicBool);

impl Launch for Stuck {
    fn launch(
        &self,
        _: &PluginSpec,
        _: Option<&GitGrant>,
        _: &Arc<dyn Sink>,
    ) -> Result<Launched, StartError> {
        self.1.store(true, Ordering::Relaxed);
        // The receiver never takes anything.
        let _ = self.0.send(());
        Err(StartError::Unwanted)
    }
}

#[test]
fn a_start_that_hangs_holds_up_nobody_who_no_longer_waits_for_it() {
    let cancelled: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
    let (stuck, _never) = mpsc::sync_channel(0);
    let host = host(vec![builtin("p")], Arc::new(Stuck(stuck, cancelled)), limits());
    let reply = host.execute(&Request::new(P, "q", Key::empty()), &mut Asker::new(&host, cancelled));
    assert_eq!(failure(reply).0, FailureKind::Cancelled);
}
