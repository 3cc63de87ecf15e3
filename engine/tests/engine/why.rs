//! What the engine tells of why it ran something, and plugins that are run although they are remembered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use probity_engine::{Account, Cause, Change, How, Leaf};

use crate::lab::{Lab, World, history, refusal, request, unavailable, value};

/// Asks, and tells how that was answered: a line a question, what it asked below it.
fn why(lab: &mut Lab, root: &str) -> Vec<String> {
    lab.ask(root);
    let account = lab.engine.account(&[request(root)]);
    let mut lines = Vec::new();
    account.roots.iter().for_each(|root| tell(&account, *root, 0, &mut lines));
    lines
}

fn tell(account: &Account, place: usize, depth: usize, lines: &mut Vec<String>) {
    let entry = &account.entries[place];
    let how = match &entry.how {
        How::Reused => "reused".into(),
        How::Verified(change) => {
            format!("verified since {}", change.as_ref().map(changed).unwrap_or_default())
        }
        How::Ran { cause, kept } => format!("ran, {}{}", told(cause), if *kept { "" } else { ", not kept" }),
        How::Failed { cause, failure } => {
            format!("failed, {}: {}", cause.as_ref().map(told).unwrap_or_default(), failure.message)
        }
    };
    let (plugin, query) = (&entry.request.plugin, &entry.request.query);
    lines.push(format!("{}{plugin}/{query}: {how}", "  ".repeat(depth)));
    for group in &entry.groups {
        group.members.iter().for_each(|member| tell(account, *member, depth + 1, lines));
    }
}

fn told(cause: &Cause) -> String {
    match cause {
        Cause::First => "first".into(),
        Cause::Forced => "forced".into(),
        Cause::Leaf(change) => changed(change),
        Cause::Dependency { request, then, now, private, .. } => {
            let now = match (now.is_some_and(|now| Some(now) != *then), private) {
                (true, false) => "otherwise",
                (false, true) => "otherwise, privately",
                _ => "no more",
            };
            format!("{}/{} answers {now}", request.plugin, request.query)
        }
        Cause::Lost => "lost".into(),
    }
}

fn changed(change: &Change) -> String {
    let is_private = matches!(&change.leaf, Leaf::Input { kind, .. } if &**kind != "time");
    assert_eq!(change.then == change.now, is_private);
    let value = change.value.as_deref().map(|value| format!(" is {value}")).unwrap_or_default();
    match &change.leaf {
        Leaf::Artifact(plugin) => format!("artifact {plugin}{value}"),
        Leaf::Config(plugin) => format!("config {plugin}{value}"),
        Leaf::Input { kind, id } => format!("{kind}/{id}{value}"),
        Leaf::Expiry { since, at } => format!("held from {since} until {at}"),
    }
}

#[test]
fn what_was_never_asked_ran_for_that_and_what_was_reused_has_nothing_below() {
    let mut lab = history();
    assert_eq!(
        why(&mut lab, "an/score"),
        ["an/score: ran, first", "  an/parity: ran, first", "    git/head: ran, first"]
    );
    lab.restart();
    assert_eq!(why(&mut lab, "an/score"), ["an/score: reused"]);
}

#[test]
fn of_what_not_everybody_may_know_no_digest_is_told() {
    let world = World::default()
        .query("p/token", |call| value(call.ask.input("env", "TOKEN")?.to_string()))
        .query("p/length", |call| value(call.value("p/token")?.len().to_string()));
    let mut lab = world.lab();
    lab.set_input("env", "TOKEN", "\"guess\"");
    lab.ask("p/length");
    lab.set_input("env", "TOKEN", "\"secret\"");
    lab.restart();
    assert_eq!(
        why(&mut lab, "p/length"),
        ["p/length: ran, p/token answers otherwise, privately", "  p/token: ran, env/TOKEN"]
    );
}

#[test]
fn an_upgrade_with_equal_answers_is_told_to_be_verified_and_by_what() {
    let mut lab = history();
    lab.ask("an/score");
    lab.upgrade("git");
    lab.restart();
    assert_eq!(
        why(&mut lab, "an/score"),
        [
            "an/score: verified since artifact git",
            "  an/parity: verified since artifact git",
            "    git/head: ran, artifact git"
        ]
    );
}

#[test]
fn another_answer_below_is_named_and_told_itself() {
    let mut lab = history();
    lab.ask("an/score");
    lab.upgrade("git");
    lab.upgrade("git");
    lab.next_revision();
    assert_eq!(
        why(&mut lab, "an/score"),
        [
            "an/score: verified since artifact git",
            "  an/parity: ran, git/head answers otherwise",
            "    git/head: ran, artifact git"
        ]
    );
}

#[test]
fn a_day_is_told_by_its_value_and_a_configuration_by_its_plugin() {
    let mut lab = history();
    lab.set_day("Monday");
    lab.ask("an/idle");
    lab.set_day("Tuesday");
    lab.restart();
    assert_eq!(why(&mut lab, "an/idle"), ["an/idle: ran, time/day is Tuesday", "  git/head: reused"]);
    lab.configure("an", 1);
    lab.restart();
    assert_eq!(why(&mut lab, "an/idle"), ["an/idle: ran, config an", "  git/head: reused"]);
}

#[test]
fn a_dependency_that_is_not_asked_any_more_is_told_all_the_same() {
    let mut lab = World::default()
        .query("git/list", |call| value(call.version().to_string()))
        .query("git/item", |call| value(call.version().to_string()))
        .query("an/top", |call| match call.value("git/list")?.as_str() {
            "0" => call.value("git/item").and_then(value),
            _ => value("nothing"),
        })
        .query("an/choosy", |call| match call.version() {
            0 => call.value("git/item").and_then(value),
            _ => value("nothing"),
        })
        .lab();
    lab.ask_all(&["an/top", "an/choosy"]);
    lab.upgrade("git");
    lab.restart();
    assert_eq!(
        why(&mut lab, "an/top"),
        ["an/top: ran, git/list answers otherwise", "  git/list: ran, artifact git"]
    );
    assert_eq!(
        why(&mut lab, "an/choosy"),
        ["an/choosy: ran, git/item answers otherwise", "  git/item: ran, artifact git"]
    );
}

#[test]
fn a_failure_is_told_and_who_saw_it_is_not_kept() {
    let broken = Arc::new(AtomicBool::new(true));
    let state = broken.clone();
    let mut lab = World::default()
        .query("git/object", move |_| if state.load(SeqCst) { unavailable("missing") } else { value("1") })
        .query("an/lenient", |call| value(call.value("git/object").unwrap_or_default()))
        .query("an/strict", |call| call.value("git/object").and_then(value))
        .lab();
    assert_eq!(
        why(&mut lab, "an/lenient"),
        ["an/lenient: ran, first, not kept", "  git/object: failed, first: missing"]
    );
    assert_eq!(
        why(&mut lab, "an/strict"),
        ["an/strict: failed, first: missing", "  git/object: failed, first: missing"]
    );
    broken.store(false, SeqCst);
    lab.restart();
    why(&mut lab, "an/strict");
    lab.upgrade("git");
    broken.store(true, SeqCst);
    lab.restart();
    assert_eq!(
        why(&mut lab, "an/strict"),
        [
            "an/strict: failed, git/object answers no more: missing",
            "  git/object: failed, artifact git: missing"
        ]
    );
}

#[test]
fn a_wide_group_is_counted_and_what_is_telling_comes_first() {
    let changed = Arc::new(AtomicBool::new(false));
    let state = changed.clone();
    let mut lab = World::default()
        .query("git/item", |call| {
            let n = call.number("n");
            value(if n == 977 { call.version().to_string() } else { n.to_string() })
        })
        .query("an/sum", move |call| {
            let mut names: Vec<String> = (0..1000).map(|n| format!("git/item {{\"n\":{n}}}")).collect();
            names.extend(state.load(SeqCst).then(|| "git/item {\"n\":5000}".into()));
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            value(call.values(&names).len().to_string())
        })
        .lab();
    lab.ask("an/sum");
    lab.upgrade("git");
    lab.restart();
    lab.ask("an/sum");
    let account = lab.engine.account(&[request("an/sum")]);
    let group = &account.entries[account.roots[0]].groups[0];
    assert_eq!((&*group.plugin, &*group.query, group.counts.ran), ("git", "item", 1000));
    assert_eq!(group.members.len(), 64);
    assert_eq!(account.entries[group.members[0]].request, request("git/item {\"n\":977}"));
    assert!(!account.cut);
    changed.store(true, SeqCst);
    lab.upgrade("an");
    lab.restart();
    lab.ask("an/sum");
    let account = lab.engine.account(&[request("an/sum")]);
    let group = &account.entries[account.roots[0]].groups[0];
    assert_eq!((group.counts.reused, group.counts.ran), (1000, 1));
    assert_eq!(account.entries[group.members[0]].request, request("git/item {\"n\":5000}"));
}

#[test]
fn a_ring_is_told_as_what_it_is_and_the_account_ends() {
    let mut lab = World::default()
        .query("an/a", |call| call.value("an/b").and_then(value))
        .query("an/b", |call| call.value("an/a").and_then(value))
        .lab();
    lab.ask("an/a");
    let account = lab.engine.account(&[request("an/a"), request("an/b")]);
    assert_eq!((account.roots, account.entries.len()), (vec![0, 1], 2));
    assert!(account.entries.iter().all(|entry| matches!(entry.how, How::Failed { .. })));
}

#[test]
fn a_refreshed_plugin_runs_again_and_its_callers_do_not_if_it_answers_as_before() {
    let mut lab = history();
    lab.set_day("Monday");
    lab.ask_all(&["an/score", "an/idle"]);
    lab.executed();
    lab.restart();
    lab.engine.refresh(["git".into()]);
    assert_eq!(lab.ask_all(&["an/score", "an/idle"]), ["score 1", "7 idle on Monday"]);
    assert_eq!(lab.executed(), "git/head");
    assert_eq!(
        why(&mut lab, "an/score"),
        ["an/score: verified since ", "  an/parity: verified since ", "    git/head: ran, forced"]
    );
    lab.next_revision();
    lab.ask_all(&["an/score", "an/idle"]);
    assert_eq!(lab.executed(), "", "once is enough");
    lab.restart();
    lab.engine.refresh(["an".into()]);
    lab.ask_all(&["an/score", "an/idle"]);
    assert_eq!(lab.executed(), "an/idle, an/parity, an/score");
}

#[test]
fn a_refreshed_plugin_that_answers_otherwise_makes_its_callers_run() {
    let dice = Arc::new(AtomicU32::new(0));
    let state = dice.clone();
    let mut lab = World::default()
        .query("bad/dice", move |_| value(state.load(SeqCst).to_string()))
        .query("bad/other", |_| refusal("never"))
        .query("an/one", |call| call.value("bad/dice").and_then(value))
        .query("an/two", |call| {
            let other = call.value("bad/other")?;
            value(format!("{other} {}", call.value("an/one")?.len()))
        })
        .query("an/three", |call| call.value("bad/other").and_then(value))
        .lab();
    lab.ask_all(&["an/one", "an/two", "an/three"]);
    lab.executed();
    dice.store(1, SeqCst);
    lab.restart();
    assert_eq!(lab.ask_all(&["an/one", "an/two"]), ["0", "refused: never 1"]);
    assert_eq!(lab.executed(), "");
    lab.restart();
    lab.engine.refresh(["bad".into()]);
    lab.ask_all(&["an/one", "an/two", "an/three"]);
    assert_eq!(lab.executed(), "an/one, an/two, bad/dice, bad/other", "an/three is as before");
    lab.restart();
    assert_eq!(lab.ask("an/one"), "1", "the latest answer is the one that is remembered");
    assert_eq!(lab.executed(), "");
}

#[test]
fn what_aged_ran_for_that() {
    let mut lab = World::default()
        .query("net/stars", |call| {
            call.ask.ages(60);
            value("12")
        })
        .lab();
    lab.set_clock(1000);
    lab.ask("net/stars");
    lab.restart();
    lab.set_clock(1060);
    assert_eq!(why(&mut lab, "net/stars"), ["net/stars: ran, held from 1000 until 1060"]);
}
