//! What a session does about each sort of change.

use std::sync::Arc;
use std::thread;

use probity_assess::live::{Change, ChangeError, Round};
use probity_assess::report::Outcome;
use probity_assess::settings::Day;
use probity_assess::snapshot::What;
use probity_assess::source::SourceKind;
use probity_assess::trust::Trust;

use crate::lab::{Lab, file, policy, slow_policy};

/// All tests, by name.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("a_commit_runs_what_rests_on_it_in_the_processes_that_run", commit),
    ("nothing_is_judged_twice_in_the_same_state", unchanged),
    ("what_went_on_without_an_answer_that_failed_is_asked_again", swallowed),
    ("what_holds_for_a_while_is_asked_again_after_that", aged),
    ("a_policy_that_is_being_written_counts_until_it_is_taken_back", policy_text),
    ("a_text_of_the_repository_s_own_policy_is_trusted_no_more_than_the_file", own_policy_text),
    ("a_buffer_counts_until_it_is_taken_back", buffer),
    ("a_buffer_that_is_no_part_of_what_is_checked_is_refused", refused_buffer),
    ("another_day_runs_what_asked_for_the_day_alone", day),
    ("a_change_ends_what_runs_whatever_the_plugin_thinks_of_it", cancelled),
    ("an_end_leaves_nothing_that_runs", ended),
    ("an_error_is_told_each_time_and_ends_nothing", erroneous),
    ("what_is_judged_by_half_a_working_tree_is_not_remembered", incomplete),
];

fn commit() {
    let lab = Lab::new(What::Head);
    let first = lab.report();
    assert_eq!(
        (first.processes(), first.answers["binary"].as_str().unwrap()),
        (2, &*lab.git(&["rev-parse", "HEAD^{tree}"]))
    );
    lab.write("repo/a", "2");
    lab.commit();
    lab.live.apply_change(Change::Target).unwrap();
    let second = lab.report();
    assert_eq!((second.processes(), second.executed()), (0, 2), "the two analyses alone");
    assert_eq!(second.answers["binary"].as_str().unwrap(), lab.git(&["rev-parse", "HEAD^{tree}"]));
    lab.git(&["reset", "-q", "--hard", "HEAD~1"]);
    lab.live.apply_change(Change::Target).unwrap();
    let back = lab.report();
    assert_eq!((back.executed(), &back.checked.report), (0, &first.checked.report));
}

fn unchanged() {
    let lab = Lab::new(What::Head);
    lab.report();
    lab.expect_unchanged();
    lab.live.apply_change(Change::Target).unwrap();
    lab.expect_unchanged();
    // Comments judge nothing.
    lab.write("policy.kdl", &format!("// my policy\n{}", policy("")));
    lab.live.apply_change(Change::Target).unwrap();
    lab.expect_unchanged();
}

fn swallowed() {
    let lab = Lab::new(What::Head);
    lab.write("policy.kdl", &policy("  analysis \"entropy\" policy=\"value == 7\""));
    for _ in 0..2 {
        let told = lab.report();
        assert_eq!(told.checked.report.outcome, Outcome::Pass);
        assert!(
            told.checked.effort.ran.contains_key("probity/core/identity/fails"),
            "{:?}",
            told.checked.effort
        );
        lab.live.apply_change(Change::Target).unwrap();
    }
    lab.write("policy.kdl", &policy(""));
    lab.report();
    lab.expect_unchanged();
}

fn aged() {
    let lab = Lab::new(What::Head);
    lab.write("policy.kdl", &policy("  analysis \"entropy\" query=\"volatile\" policy=\"value == 7\""));
    lab.report();
    lab.live.apply_change(Change::Target).unwrap();
    assert_eq!(lab.report().checked.effort.ran.keys().collect::<Vec<_>>(), ["probity/core/entropy/volatile"]);
}

fn policy_text() {
    let lab = Lab::new(What::Head);
    let first = lab.report();
    let strict = policy("").replace("value != ''", "value == ''");
    lab.live.apply_change(Change::Policy(Some(strict.into()))).unwrap();
    let strict = lab.report();
    assert_eq!(
        (strict.checked.report.outcome, strict.executed(), strict.processes()),
        (Outcome::Investigate, 0, 0)
    );
    lab.live.apply_change(Change::Policy(None)).unwrap();
    assert_eq!(lab.report().checked.report, first.checked.report);
}

fn own_policy_text() {
    let lab = Lab::without_policy();
    lab.write("repo/probity.kdl", &policy(""));
    lab.commit();
    // Built in are more analyses than this program has plugins.
    let is_not_used = |lab: &Lab| lab.live.check(&|_, _| {}).is_err();
    assert!(is_not_used(&lab));
    let put = |text: String| lab.live.apply_change(Change::Policy(Some(text.into()))).unwrap();
    put(policy("// being written"));
    assert!(is_not_used(&lab), "nor is its text");
    let mut trust = Trust::read(&lab.path("trusted")).unwrap();
    trust.set(&lab.path("repo/.git").canonicalize().unwrap(), true).unwrap();
    put(policy("// being written"));
    assert_eq!(lab.report().checked.policy, SourceKind::Trusted);
    put(format!("plugins {{ plugin \"binary\" {{ grant {{ env \"HOME\"; }}; }}; }}\n{}", policy("")));
    let refused = lab.live.check(&|_, _| {}).unwrap_err().to_string();
    assert!(refused.contains("grants probity/core/binary what lies outside the target"), "{refused}");
}

fn buffer() {
    let lab = Lab::new(What::Worktree);
    let saved = lab.report();
    let put = |bytes: Option<&[u8]>| {
        lab.live.apply_change(Change::Buffer { path: file("a"), bytes: bytes.map(Arc::from) }).unwrap();
    };
    put(Some(b"unsaved"));
    let unsaved = lab.report();
    assert!(unsaved.checked.report.target.dirty);
    lab.write("repo/a", "unsaved");
    lab.live.apply_change(Change::Target).unwrap();
    lab.expect_unchanged();
    lab.write("repo/a", "1");
    put(None);
    assert_eq!(lab.report().checked.report, saved.checked.report);
}

fn refused_buffer() {
    let change = |path: &str| Change::Buffer { path: file(path), bytes: Some(Arc::from(&b"x"[..])) };
    let worktree = Lab::new(What::Worktree);
    worktree.report();
    for path in ["../policy.kdl", "/etc/passwd"] {
        let refused = worktree.live.apply_change(change(path));
        assert!(matches!(refused, Err(ChangeError::Outside { .. })), "{refused:?}");
    }
    worktree.expect_unchanged();
    let refused = Lab::new(What::Head).live.apply_change(change("a"));
    assert!(matches!(refused, Err(ChangeError::NotTheWorktree)), "{refused:?}");
}

fn day() {
    let lab = Lab::new(What::Head);
    lab.report();
    lab.live.apply_change(Change::Day(Day::parse("2026-06-02").unwrap())).unwrap();
    let next = lab.report();
    assert_eq!((next.executed(), next.answers["activity"].as_str().unwrap()), (1, "2026-06-02"));
}

fn cancelled() {
    let lab = Lab::new(What::Head);
    let tree = lab.git(&["rev-parse", "HEAD^{tree}"]);
    lab.write("policy.kdl", &slow_policy(&tree));
    let live = lab.live.clone();
    let (tell, told) = std::sync::mpsc::channel();
    let running = thread::spawn(move || live.check(&|analysis, _| tell.send(analysis.name.clone()).unwrap()));
    assert_eq!(lab.said.recv().unwrap(), "begins what takes for ever");
    let mut early = [told.recv().unwrap(), told.recv().unwrap()];
    early.sort();
    assert_eq!(early, ["activity", "binary"], "they are told while the third runs");
    lab.write("repo/a", "2");
    lab.commit();
    lab.live.apply_change(Change::Target).unwrap();
    assert!(matches!(running.join().unwrap(), Ok(Round::Cancelled)));
    let next = lab.report();
    assert_eq!(
        (next.checked.report.outcome, next.processes()),
        (Outcome::Pass, 1),
        "the one that did not let go"
    );
    lab.git(&["reset", "-q", "--hard", "HEAD~1"]);
    lab.write("policy.kdl", &policy(""));
    lab.live.apply_change(Change::Target).unwrap();
    assert_eq!(lab.report().executed(), 0, "what was answered before the change is kept");
}

fn ended() {
    let lab = Lab::new(What::Head);
    lab.write("policy.kdl", &slow_policy(&lab.git(&["rev-parse", "HEAD^{tree}"])));
    let live = lab.live.clone();
    let running = thread::spawn(move || live.check(&|_, _| {}));
    assert_eq!(lab.said.recv().unwrap(), "begins what takes for ever");
    lab.live.cancel();
    assert!(matches!(running.join().unwrap(), Ok(Round::Cancelled)));
    assert!(matches!(lab.live.check(&|_, _| {}), Ok(Round::Cancelled)), "nothing begins any more");
    lab.live.clone().close().unwrap();
}

fn erroneous() {
    let lab = Lab::new(What::Head);
    let first = lab.report();
    lab.write("policy.kdl", "analyze {");
    for _ in 0..2 {
        lab.live.apply_change(Change::Target).unwrap();
        assert!(lab.live.check(&|_, _| {}).is_err());
    }
    let watching = lab.live.watching().unwrap();
    assert!(watching.policy.contains(&lab.path("policy.kdl")), "{watching:?}");
    lab.write("policy.kdl", &policy(""));
    lab.live.apply_change(Change::Target).unwrap();
    assert_eq!(lab.report().checked.report, first.checked.report, "although it is that of the last report");
}

fn incomplete() {
    let lab = Lab::new(What::Worktree);
    lab.report();
    // Too big to be taken in: its content is unknown.
    std::fs::File::options().write(true).open(lab.path("repo/a")).unwrap().set_len(65 << 20).unwrap();
    for _ in 0..2 {
        lab.live.apply_change(Change::Target).unwrap();
        // Two descriptions, two configurations, two answers: nothing is taken from the store, either.
        assert_eq!(lab.report().executed(), 6, "each time anew");
    }
    lab.write("repo/a", "1");
    lab.live.apply_change(Change::Target).unwrap();
    assert_eq!(lab.report().executed(), 0);
}
