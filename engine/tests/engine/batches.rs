//! Many at once: batches, single flight, large values.

use std::sync::{Arc, Barrier, Mutex};

use probity_engine::Stats;

use crate::lab::{World, request, shown, value};

#[test]
fn ten_thousand_members_of_a_batch_come_back_in_order_and_are_remembered() {
    let mut lab = World::default()
        .query("git/item", |call| value(call.number("n").to_string()))
        .query("an/sum", |call| {
            let names: Vec<String> = (0..10_000).map(|n| format!("git/item {{\"n\":{n}}}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            for (n, item) in call.values(&names).into_iter().enumerate() {
                assert_eq!(item?, n.to_string());
            }
            value("all")
        })
        .lab();
    assert_eq!(lab.ask("an/sum"), "all");
    assert_eq!(lab.stats().executed, 10_001);
    lab.restart();
    assert_eq!(lab.ask("an/sum"), "all");
    assert_eq!(lab.stats(), Stats { store_hits: 1, ..Stats::default() });
    lab.upgrade("git");
    lab.restart();
    assert_eq!(lab.ask("an/sum"), "all");
    assert_eq!(lab.stats(), Stats { executed: 10_000, verified: 1, ..Stats::default() });
    lab.upgrade("an");
    lab.restart();
    assert_eq!(lab.ask("an/sum"), "all");
    assert_eq!(lab.stats(), Stats { executed: 1, store_hits: 10_000, ..Stats::default() });
}

#[test]
fn members_of_a_batch_run_side_by_side() {
    let together = Arc::new(Barrier::new(8));
    let mut lab = World::default()
        .query("git/item", move |_| {
            together.wait();
            value("1")
        })
        .query("an/all", |call| {
            let names: Vec<String> = (0..8).map(|n| format!("git/item {{\"n\":{n}}}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            value(call.values(&names).len().to_string())
        })
        .lab();
    assert_eq!(lab.ask("an/all"), "8", "it would wait for ever otherwise");
}

#[test]
fn stale_members_are_verified_side_by_side() {
    let together = Arc::new(Mutex::new(Arc::new(Barrier::new(1))));
    let current = together.clone();
    let mut lab = World::default()
        .query("git/item", move |_| {
            let barrier = current.lock().unwrap().clone();
            barrier.wait();
            value("1")
        })
        .query("an/all", |call| {
            let names: Vec<String> = (0..8).map(|n| format!("git/item {{\"n\":{n}}}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            value(call.values(&names).len().to_string())
        })
        .lab();
    lab.ask("an/all");
    lab.upgrade("git");
    lab.restart();
    *together.lock().unwrap() = Arc::new(Barrier::new(8));
    assert_eq!(lab.ask("an/all"), "8");
    assert_eq!(lab.stats(), Stats { executed: 8, verified: 1, ..Stats::default() });
}

#[test]
fn eight_callers_of_one_question_cost_one_execution() {
    let lab = World::default()
        .query("git/slow", |call| {
            // Nobody is answered before somebody else could have asked.
            std::thread::yield_now();
            value(format!("slow {}", call.number("n")))
        })
        .query("an/caller", |call| {
            let n = call.number("n") / 8;
            call.value(&format!("git/slow {{\"n\":{n}}}")).and_then(value)
        })
        .lab();
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for caller in 0..8 {
            let (engine, start) = (&lab.engine, &start);
            scope.spawn(move || {
                start.wait();
                for round in 0..50 {
                    let name = format!("an/caller {{\"n\":{}}}", round * 8 + caller);
                    assert_eq!(shown(&engine.answers(&[request(&name)])[0]), format!("slow {round}"));
                }
            });
        }
    });
    assert_eq!(lab.stats(), Stats { executed: 400 + 50, session_hits: 350, ..Stats::default() });
}

#[test]
fn the_same_question_twice_in_a_batch_is_one() {
    let mut lab = World::default()
        .query("git/one", |_| value("1"))
        .query("an/two", |call| value(format!("{:?}", call.values(&["git/one", "git/one"]))))
        .lab();
    assert_eq!(lab.ask_all(&["an/two", "an/two"]), ["[Ok(\"1\"), Ok(\"1\")]"; 2]);
    assert_eq!(lab.executed(), "an/two, git/one");
    lab.restart();
    lab.upgrade("git");
    lab.ask("an/two");
    assert_eq!(lab.executed(), "git/one");
}

#[test]
fn large_values_are_given_whole_from_memory_from_the_store_and_when_asked_twice() {
    let text = |n: i64| format!("\"{}\"", format!("{n:07}").repeat(100_000));
    let mut lab = World::default()
        .query("git/large", move |call| value(text(call.number("n"))))
        .query("an/lengths", |call| {
            let names: Vec<String> = (0..30).map(|n| format!("git/large {{\"n\":{n}}}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let both = [call.values(&names), call.values(&names)].concat();
            value(both.into_iter().map(|large| large.unwrap().len()).sum::<usize>().to_string())
        })
        .lab();
    let all = (60 * 700_002).to_string();
    assert_eq!(lab.ask("an/lengths"), all);
    assert_eq!(lab.stats().executed, 31);
    lab.upgrade("an");
    lab.restart();
    assert_eq!(lab.ask("an/lengths"), all);
    assert_eq!(lab.ask("git/large {\"n\":3}"), text(3));
    assert_eq!(lab.stats(), Stats { executed: 1, store_hits: 30, session_hits: 31, ..Stats::default() });
}
