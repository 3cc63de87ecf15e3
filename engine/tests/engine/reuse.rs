//! What is remembered, and what a change makes run again.

use probity_engine::Stats;

use crate::lab::{World, history, refusal, value};

#[test]
fn nothing_runs_again_in_another_engine_on_the_same_store() {
    let mut lab = history();
    lab.set_day("Monday");
    assert_eq!(lab.ask_all(&["an/score", "an/idle"]), ["score 1", "7 idle on Monday"]);
    assert_eq!(lab.executed(), "an/idle, an/parity, an/score, git/head");
    lab.restart();
    assert_eq!(lab.ask_all(&["an/score", "an/idle"]), ["score 1", "7 idle on Monday"]);
    assert_eq!(lab.executed(), "");
    assert_eq!(lab.stats(), Stats { store_hits: 2, ..Stats::default() });
}

#[test]
fn nothing_below_a_remembered_answer_is_looked_at() {
    let mut lab = history();
    lab.ask("an/score");
    lab.restart();
    lab.looks();
    lab.ask("an/score");
    let leaves: Vec<String> = lab.looks().iter().map(|leaf| format!("{leaf:?}")).collect();
    assert_eq!(
        leaves,
        ["Artifact(\"an\")", "Artifact(\"git\")", "Config(\"an\")", "Config(\"git\")"],
        "each leaf of the deep set once"
    );
}

#[test]
fn an_upgrade_with_equal_answers_runs_the_upgraded_queries_only() {
    let mut lab = history();
    lab.ask("an/score");
    lab.executed();
    lab.upgrade("git");
    lab.restart();
    assert_eq!(lab.ask("an/score"), "score 1");
    assert_eq!(lab.executed(), "git/head");
    assert_eq!(lab.stats(), Stats { executed: 1, verified: 2, ..Stats::default() });
    lab.restart();
    assert_eq!(lab.ask("an/score"), "score 1");
    assert_eq!(lab.stats(), Stats { store_hits: 1, ..Stats::default() }, "the deep set was refreshed");
}

#[test]
fn a_changed_answer_runs_its_callers_until_one_answers_as_before() {
    let mut lab = history();
    lab.ask("an/score");
    lab.executed();
    lab.upgrade("git");
    lab.upgrade("git");
    lab.restart();
    assert_eq!(lab.ask("an/score"), "score 1");
    assert_eq!(lab.executed(), "an/parity, git/head");
}

#[test]
fn a_new_configuration_runs_the_queries_of_its_plugin_only() {
    let mut lab = history();
    lab.ask("an/score");
    lab.executed();
    lab.configure("an", 1);
    lab.restart();
    assert_eq!(lab.ask("an/score"), "score 1");
    assert_eq!(lab.executed(), "an/parity, an/score");
}

#[test]
fn a_new_day_runs_only_what_asked_for_the_day() {
    let mut lab = history();
    lab.set_day("Monday");
    lab.ask_all(&["an/score", "an/idle"]);
    lab.executed();
    lab.set_day("Tuesday");
    lab.restart();
    assert_eq!(lab.ask_all(&["an/score", "an/idle"]), ["score 1", "7 idle on Tuesday"]);
    assert_eq!(lab.executed(), "an/idle");
}

#[test]
fn what_held_before_holds_again_after_going_back() {
    let mut lab = history();
    lab.set_day("Monday");
    lab.ask_all(&["an/score", "an/idle"]);
    lab.upgrade("git");
    lab.upgrade("git");
    lab.restart();
    assert_eq!(lab.ask("an/idle"), "9 idle on Monday");
    lab.downgrade("git");
    lab.downgrade("git");
    lab.restart();
    assert_eq!(lab.ask_all(&["an/score", "an/idle"]), ["score 1", "7 idle on Monday"]);
    assert_eq!(lab.executed(), "");
}

#[test]
fn the_last_four_states_are_remembered() {
    let mut lab = history();
    let mut runs = |day: &str| {
        lab.set_day(day);
        lab.restart();
        lab.ask("an/idle");
        lab.executed()
    };
    assert_eq!(runs("1"), "an/idle, git/head");
    assert_eq!(["2", "3", "4"].map(&mut runs), ["an/idle"; 3]);
    assert_eq!(["1", "2", "3", "4"].map(&mut runs), [""; 4]);
    assert_eq!(["5", "1"].map(&mut runs), ["an/idle"; 2], "the fifth took the place of the first");
}

#[test]
fn a_new_revision_looks_at_leaves_again_and_runs_only_what_changed() {
    let mut lab = history();
    lab.set_day("Monday");
    lab.ask_all(&["an/score", "an/idle"]);
    lab.executed();
    lab.set_day("Tuesday");
    assert_eq!(lab.ask("an/idle"), "7 idle on Monday", "a revision sees one day");
    lab.next_revision();
    assert_eq!(lab.ask_all(&["an/score", "an/idle"]), ["score 1", "7 idle on Tuesday"]);
    assert_eq!(lab.executed(), "an/idle");
}

#[test]
fn a_hit_in_the_session_is_counted_as_such() {
    let mut lab = history();
    lab.ask("an/score");
    lab.ask("an/score");
    lab.ask_all(&["an/parity", "git/head"]);
    assert_eq!(lab.stats(), Stats { executed: 3, session_hits: 3, ..Stats::default() });
}

#[test]
fn a_refusal_is_remembered_like_an_answer() {
    let mut lab = World::default()
        .query("an/shallow", |_| refusal("the history is cut off"))
        .query("an/caller", |call| {
            let below = call.value("an/shallow")?;
            value(format!("below: {below}"))
        })
        .lab();
    assert_eq!(lab.ask("an/caller"), "below: refused: the history is cut off");
    lab.restart();
    assert_eq!(lab.ask("an/shallow"), "refused: the history is cut off");
    assert_eq!(lab.ask("an/caller"), "below: refused: the history is cut off");
    assert_eq!(lab.executed(), "");
}

#[test]
fn what_is_asked_only_for_an_earlier_answer_is_not_asked_when_that_changes() {
    let mut lab = World::default()
        .query("git/list", |call| value(if call.version() == 0 { "2" } else { "1" }))
        .query("git/item", |call| value(format!("item {}", call.number("n"))))
        .query("an/items", |call| {
            let count: i64 = call.value("git/list")?.parse().unwrap();
            let names: Vec<String> = (0..count).map(|n| format!("git/item {{\"n\":{n}}}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let items: Result<Vec<String>, _> = call.values(&names).into_iter().collect();
            value(items?.join("+"))
        })
        .lab();
    assert_eq!(lab.ask("an/items"), "item 0+item 1");
    lab.executed();
    lab.upgrade("git");
    lab.restart();
    assert_eq!(lab.ask("an/items"), "item 0");
    assert_eq!(lab.executed(), "an/items, git/item {\"n\":0}, git/list");
}

#[test]
fn an_answer_on_very_many_leaves_is_verified_group_by_group() {
    let mut lab = World::default()
        .query("an/wide", |call| {
            let inputs: Result<Vec<_>, _> =
                (0..5000).map(|n| call.ask.input("number", &n.to_string())).collect();
            value(inputs?.len().to_string())
        })
        .query("an/above", |call| call.value("an/wide").and_then(value))
        .lab();
    assert_eq!(lab.ask("an/above"), "5000");
    lab.restart();
    assert_eq!(lab.ask("an/above"), "5000");
    assert_eq!(lab.stats(), Stats { verified: 2, ..Stats::default() });
}

#[test]
fn an_answer_that_ages_is_asked_again_after_its_time_and_its_callers_only_if_it_differs() {
    let mut lab = World::default()
        .query("net/stars", |call| {
            call.ask.ages(60);
            value(if call.version() < 1 { "12" } else { "13" })
        })
        .query("an/popular", |call| value(if call.value("net/stars")?.len() > 1 { "yes" } else { "no" }))
        .lab();
    lab.set_clock(1000);
    assert_eq!(lab.ask("an/popular"), "yes");
    assert_eq!(lab.executed(), "an/popular, net/stars");
    lab.set_clock(1059);
    lab.restart();
    assert_eq!(lab.ask("an/popular"), "yes");
    assert_eq!(lab.executed(), "");
    for (now, ran) in [(1060, "net/stars"), (1119, ""), (1120, "net/stars"), (900, "net/stars"), (959, "")] {
        lab.set_clock(now);
        lab.next_revision();
        assert_eq!(lab.ask("an/popular"), "yes");
        assert_eq!(lab.executed(), ran, "at {now}");
    }
    lab.set_version("net", 1);
    lab.restart();
    assert_eq!(lab.ask("an/popular"), "yes");
    assert_eq!(lab.executed(), "an/popular, net/stars", "the answer differs now");
}

#[test]
fn an_answer_without_a_future_is_not_taken_for_another_of_the_same_second() {
    let roll = |name: &str, world: World| {
        world.query(name, |call| {
            call.ask.ages(0);
            value("4")
        })
    };
    let mut lab = roll("net/second", roll("net/first", World::default())).lab();
    lab.set_clock(1000);
    for _ in 0..2 {
        lab.restart();
        lab.ask("net/first");
        lab.ask("net/second");
        assert_eq!(lab.executed(), "net/first, net/second");
    }
}

#[test]
fn what_rests_on_something_unrecorded_is_not_written_down() {
    let mut lab = World::default()
        .query("disk/file", |call| {
            call.ask.unrecorded();
            value("text")
        })
        .query("an/caller", |call| call.value("disk/file").and_then(value))
        .query("an/other", |_| value("1"))
        .lab();
    for other in ["an/other, ", ""] {
        lab.ask_all(&["an/caller", "an/other"]);
        assert_eq!(lab.executed(), format!("an/caller, {other}disk/file"));
        lab.restart();
    }
}

#[test]
fn an_answer_without_a_future_holds_for_its_revision_only() {
    let mut lab = World::default()
        .query("net/dice", |call| {
            call.ask.ages(0);
            value("4")
        })
        .query("an/twice", |call| {
            call.value("net/dice")?;
            value(call.value("net/dice")?)
        })
        .lab();
    assert_eq!(lab.ask("an/twice"), "4");
    assert_eq!(lab.executed(), "an/twice, net/dice");
    lab.restart();
    assert_eq!(lab.ask("an/twice"), "4");
    assert_eq!(lab.executed(), "net/dice");
}
