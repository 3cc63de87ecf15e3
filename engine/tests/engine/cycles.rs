//! Queries that ask for themselves, through whatever way: one failure, the same for all of the ring, and no
//! hang.

use std::sync::{Arc, Barrier};

use probity_engine::FailureKind;

use crate::lab::{World, request, shown, value};

fn named(ring: &str) -> String {
    format!("Cycle: queries ask for one another in a circle: {ring}")
}

#[test]
fn a_query_that_asks_for_itself_fails() {
    let mut lab = World::default().query("an/self", |call| call.value("an/self").and_then(value)).lab();
    assert_eq!(lab.ask("an/self"), named("an/self {} → an/self {}"));
    assert_eq!(lab.executed(), "an/self");
}

#[test]
fn every_member_of_a_ring_gets_the_same_failure_whoever_is_asked_first() {
    let world = || {
        World::default()
            .query("an/a", |call| call.value("an/b").and_then(value))
            .query("an/b", |call| call.value("an/c").or_else(|_| Ok("no matter".into())).and_then(value))
            .query("an/c", |call| call.value("an/a").and_then(value))
            .query("an/outside", |call| value(format!("{:?}", call.value("an/a").unwrap_err().kind)))
    };
    let told = named("an/a {} → an/b {} → an/c {} → an/a {}");
    for first in ["an/a", "an/b", "an/c"] {
        let mut lab = world().lab();
        assert_eq!(lab.ask(first), told);
        assert_eq!(lab.ask_all(&["an/a", "an/b", "an/c"]), [told.as_str(); 3]);
        assert_eq!(lab.ask("an/outside"), "Cycle");
        lab.restart();
        lab.ask("an/outside");
        assert_eq!(lab.executed(), "an/a, an/b, an/c, an/outside", "none of it is remembered");
    }
}

#[test]
fn a_ring_through_a_batch_is_found() {
    let mut lab = World::default()
        .query("an/leaf", |call| value(call.number("n").to_string()))
        .query("an/a", |call| {
            let below = call.values(&["an/leaf {\"n\":1}", "an/b", "an/leaf {\"n\":2}"]);
            value(format!("{:?}", below.iter().map(Result::is_ok).collect::<Vec<_>>()))
        })
        .query("an/b", |call| {
            let below = call.values(&["an/leaf {\"n\":3}", "an/a"]);
            value(format!("{}", below.len()))
        })
        .lab();
    let told = named("an/a {} → an/b {} → an/a {}");
    assert_eq!(lab.ask_all(&["an/b", "an/leaf {\"n\":3}", "an/a"]), [told.as_str(), "3", told.as_str()]);
}

#[test]
fn a_ring_that_two_threads_close_together_is_found() {
    let both_run = Arc::new(Barrier::new(2));
    let (one, other) = (both_run.clone(), both_run);
    let lab = World::default()
        .query("an/a", move |call| {
            one.wait();
            call.value("an/b").and_then(value)
        })
        .query("an/b", move |call| {
            other.wait();
            call.value("an/a").and_then(value)
        })
        .lab();
    let told = named("an/a {} → an/b {} → an/a {}");
    let replies = std::thread::scope(|scope| {
        let threads = ["an/a", "an/b"].map(|name| {
            let engine = &lab.engine;
            scope.spawn(move || shown(&engine.answers(&[request(name)])[0]))
        });
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(replies, [told.clone(), told]);
}

#[test]
fn who_asks_a_member_before_the_ring_reaches_it_belongs_to_it_all_the_same() {
    for _ in 0..100 {
        let begun = Arc::new(Barrier::new(2));
        let member = begun.clone();
        let lab = World::default()
            .query("an/late", move |call| {
                let _first = call.value("an/other");
                member.wait();
                (0..50).for_each(|_| std::thread::yield_now());
                call.value("an/early").and_then(value)
            })
            .query("an/other", |call| call.value("an/late").and_then(value))
            .query("an/early", move |call| {
                begun.wait();
                let _failed = call.value("an/other");
                value("not in a ring")
            })
            .lab();
        let early = std::thread::scope(|scope| {
            let early = scope.spawn(|| shown(&lab.engine.answers(&[request("an/early")])[0]));
            lab.engine.answers(&[request("an/late")]);
            early.join().unwrap()
        });
        assert_eq!(early, named("an/early {} → an/other {} → an/late {} → an/early {}"));
    }
}

#[test]
fn a_ring_that_appears_with_an_upgrade_is_found_while_the_old_trace_is_verified() {
    let mut lab = World::default()
        .query("an/top", |call| call.value("git/below").and_then(value))
        .query("git/below", |call| match call.version() {
            0 => value("1"),
            _ => call.value("an/top").and_then(value),
        })
        .lab();
    assert_eq!(lab.ask("an/top"), "1");
    lab.upgrade("git");
    lab.restart();
    assert_eq!(lab.ask("an/top"), named("an/top {} → git/below {} → an/top {}"));
    assert_eq!(lab.executed(), "git/below");
    lab.downgrade("git");
    lab.restart();
    assert_eq!(lab.ask("an/top"), "1");
    assert_eq!(lab.executed(), "");
}

#[test]
fn a_long_ring_is_named_in_part() {
    let lab = World::default()
        .query("an/next", |call| {
            let next = (call.number("n") + 1) % 100;
            call.value(&format!("an/next {{\"n\":{next}}}")).and_then(value)
        })
        .lab();
    let failure = lab.engine.answers(&[request("an/next {\"n\":50}")]).remove(0).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Cycle);
    assert!(failure.message.contains("an/next {\"n\":0} → an/next {\"n\":1} → "), "{}", failure.message);
    assert!(failure.message.ends_with("… (84 more) → an/next {\"n\":0}"), "{}", failure.message);
}
