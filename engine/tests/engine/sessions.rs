//! What a session that lives on needs: replies as they come, and an end to what nobody wants any more.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use crate::lab::{Lab, World, request, shown, value};

#[test]
fn what_saw_a_failure_or_only_ages_is_told_to_hold_no_longer_than_it_does() {
    let world = World::default()
        .query("p/fact", |_| value("1"))
        .query("p/crash", |call| match call.version() {
            0 => panic!("down"),
            _ => value("up"),
        })
        .query("p/careless", |call| value(call.value("p/crash").unwrap_or_default()))
        .query("p/above", |call| value(call.value("p/careless")?))
        .query("p/ages", |call| {
            call.ask.ages(100);
            value("young")
        })
        .query("p/old", |call| value(call.value("p/ages")?));
    let mut lab = world.lab();
    lab.set_clock(1000);
    let lasting = |lab: &mut Lab, name: &str| {
        lab.next_revision();
        lab.ask(name);
        [999, 1000, 1099, 1100].map(|now| lab.engine.lasting().holds(now))
    };
    assert_eq!(lasting(&mut lab, "p/fact"), [true; 4]);
    assert_eq!(lasting(&mut lab, "p/crash"), [false; 4]);
    assert_eq!(lasting(&mut lab, "p/above"), [false; 4], "although each has an answer");
    let until_then = [false, true, true, false];
    assert_eq!(lasting(&mut lab, "p/old"), until_then);
    lab.restart();
    assert_eq!(lasting(&mut lab, "p/old"), until_then, "also when it is remembered");
    lab.set_version("p", 1);
    assert_eq!(lasting(&mut lab, "p/above"), [true; 4]);
}

/// A world with a query that runs until it is cancelled, and one that answers at once.
fn world() -> World {
    World::default()
        .query("p/stuck", |call| {
            while !call.ask.cancelled() {
                thread::yield_now();
            }
            value("never")
        })
        .query("p/quick", |_| value("quick"))
}

#[test]
fn what_is_known_is_handed_out_while_others_run() {
    let lab = world().lab();
    let (tell, told) = mpsc::channel();
    let engine = lab.engine.clone();
    let names = ["p/stuck", "p/quick", "p/stuck {\"n\":1}", "p/quick {\"n\":1}"];
    let asked = thread::spawn(move || {
        let requests: Vec<_> = names.iter().map(|name| request(name)).collect();
        engine.answers_each(&requests, move |at, reply| tell.send((at, shown(&reply))).unwrap())
    });
    let mut early = [told.recv().unwrap(), told.recv().unwrap()];
    early.sort();
    assert_eq!(early, [(1, "quick".to_owned()), (3, "quick".to_owned())]);
    lab.engine.cancel();
    let replies: Vec<String> = asked.join().unwrap().iter().map(shown).collect();
    assert_eq!([&replies[1], &replies[3]], ["quick", "quick"]);
    assert_eq!(told.iter().count(), 2, "each is told once");
}

#[test]
fn after_a_cancellation_nothing_begins_before_the_next_revision() {
    let mut lab = world().lab();
    assert_eq!(lab.ask("p/quick"), "quick");
    lab.engine.cancel();
    assert_eq!(lab.ask("p/quick"), "quick", "what is known is known");
    assert!(lab.ask("p/quick {\"n\":1}").starts_with("Cancelled"));
    lab.next_revision();
    assert_eq!(lab.ask("p/quick {\"n\":1}"), "quick");
}

#[test]
fn nobody_waits_for_an_input_beyond_the_end_of_the_revision() {
    let world = World::default().query("p/far", |call| {
        call.ask.input("never", "x")?;
        value("1")
    });
    let lab = world.lab();
    let engine = lab.engine.clone();
    let asked = thread::spawn(move || engine.answers(&[request("p/far")]));
    while lab.engine.executed().is_empty() {
        thread::yield_now();
    }
    lab.engine.cancel();
    assert!(shown(&asked.join().unwrap()[0]).starts_with("Cancelled"));
}

#[test]
fn a_large_answer_that_comes_too_late_is_not_taken_in() {
    let world = World::default().query("p/large", |call| {
        let large = "x".repeat(8 << 20);
        while call.request.key.as_str() == "{}" && !call.ask.cancelled() {
            thread::yield_now();
        }
        value(large)
    });
    let mut lab = world.lab();
    let engine = lab.engine.clone();
    let asked = thread::spawn(move || engine.answers(&[request("p/large")]));
    while lab.engine.executed().is_empty() {
        thread::yield_now();
    }
    lab.engine.cancel();
    assert!(shown(&asked.join().unwrap()[0]).starts_with("Cancelled"));
    lab.next_revision();
    assert_eq!(lab.ask("p/large {\"n\":1}").len(), 8 << 20);
}

#[test]
fn a_listener_that_panics_keeps_nobody_waiting() {
    let lab = world().lab();
    let requests = [request("p/quick"), request("p/quick {\"n\":1}")];
    let calls = Arc::new(());
    let replies = lab.engine.answers_each(&requests, move |_, _| panic!("{}", Arc::strong_count(&calls)));
    assert_eq!(replies.iter().map(shown).collect::<Vec<_>>(), ["quick", "quick"]);
}

#[test]
fn roots_that_rest_on_an_input_are_named_also_when_they_are_remembered() {
    let world = World::default()
        .query("p/token", |call| value(call.ask.input("env", "TOKEN")?.to_string()))
        .query("p/above", |call| value(call.value("p/token")?))
        .query("p/apart", |_| value("1"));
    let mut lab = world.lab();
    lab.set_input("env", "TOKEN", "\"x\"");
    for _ in 0..2 {
        lab.ask_all(&["p/above", "p/apart"]);
        let named: Vec<String> =
            lab.engine.resting_on("env").iter().map(|root| root.query.to_string()).collect();
        assert_eq!(named, ["above"]);
        assert!(lab.engine.resting_on("time").is_empty());
        lab.restart();
    }
}
