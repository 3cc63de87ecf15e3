//! What is no fact is not remembered, and neither is what rested on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use probity_engine::{Leaf, Stats};

use crate::lab::{Lab, World, request, shown, unavailable, value};

/// `an/caller` asks `git/object`, which fails while `broken`; `an/lenient` answers all the same.
fn flaky() -> (Lab, Arc<AtomicBool>) {
    let broken = Arc::new(AtomicBool::new(true));
    let state = broken.clone();
    let lab = World::default()
        .query(
            "git/object",
            move |_| if state.load(SeqCst) { unavailable("object is missing") } else { value("1") },
        )
        .query("git/other", |_| value("2"))
        .query("an/caller", |call| {
            let other = call.value("git/other")?;
            let object = call.value("git/object")?;
            value(format!("{other}{object}"))
        })
        .query("an/lenient", |call| {
            let object = call.value("git/object").unwrap_or_else(|_| "nothing".into());
            value(object)
        })
        .query("an/above", |call| call.value("an/lenient").and_then(value))
        .lab();
    (lab, broken)
}

#[test]
fn a_failure_is_tried_again_and_what_did_not_fail_is_not() {
    let (mut lab, broken) = flaky();
    assert_eq!(lab.ask("an/caller"), "Unavailable: object is missing");
    assert_eq!(lab.executed(), "an/caller, git/object, git/other");
    assert_eq!(lab.ask("an/caller"), "Unavailable: object is missing");
    assert_eq!(lab.executed(), "", "within a revision it is known to fail");
    broken.store(false, SeqCst);
    lab.restart();
    assert_eq!(lab.ask("an/caller"), "21");
    assert_eq!(lab.executed(), "an/caller, git/object");
}

#[test]
fn an_answer_that_saw_a_failure_is_given_and_not_remembered() {
    let (mut lab, broken) = flaky();
    assert_eq!(lab.ask("an/above"), "nothing");
    broken.store(false, SeqCst);
    lab.next_revision();
    lab.executed();
    assert_eq!(lab.ask("an/above"), "1");
    assert_eq!(lab.executed(), "an/above, an/lenient, git/object");
    broken.store(true, SeqCst);
    lab.restart();
    assert_eq!(lab.ask("an/above"), "1", "remembered from when it worked");
    assert_eq!(lab.executed(), "");
}

#[test]
fn an_equal_answer_that_saw_a_failure_confirms_no_trace() {
    let broken = Arc::new(AtomicBool::new(false));
    let state = broken.clone();
    let mut lab = World::default()
        .query("git/object", move |call| match state.load(SeqCst) {
            true => unavailable("object is missing"),
            false => value(call.version().to_string()),
        })
        .query("low/lenient", |call| match call.value("git/object").as_deref() {
            Ok("1") => value("two"),
            _ => value("one"),
        })
        .query("an/top", |call| call.value("low/lenient").and_then(value))
        .lab();
    assert_eq!(lab.ask("an/top"), "one");
    lab.upgrade("git");
    broken.store(true, SeqCst);
    lab.restart();
    assert_eq!(lab.ask("an/top"), "one");
    broken.store(false, SeqCst);
    lab.restart();
    assert_eq!(lab.ask("an/top"), "two");
}

#[test]
fn a_failure_names_the_queries_it_passed_through() {
    let (lab, _) = flaky();
    let reply = lab.engine.answers(&[request("an/caller")]).remove(0);
    assert_eq!(reply.unwrap_err().chain, [request("git/object"), request("an/caller")]);
}

#[test]
fn an_input_that_cannot_be_had_taints_its_asker() {
    let mut lab = World::default().query("an/day", |call| value(call.day().unwrap_or_default())).lab();
    assert_eq!(lab.ask("an/day"), "");
    lab.set_day("Monday");
    lab.restart();
    assert_eq!(lab.ask("an/day"), "Monday");
    lab.restart();
    lab.ask("an/day");
    assert_eq!(lab.executed(), "");
}

#[test]
fn nothing_is_reused_that_rests_on_an_unknown_leaf() {
    let (mut lab, broken) = flaky();
    broken.store(false, SeqCst);
    lab.ask("an/caller");
    lab.restart();
    lab.make_unknown(Leaf::Artifact("git".into()));
    assert_eq!(lab.ask("an/caller"), "Unavailable: unknown now");
    assert_eq!(lab.executed(), "an/caller", "it ran and saw the failure; what needs the leaf itself did not");
    lab.all_known();
    lab.next_revision();
    assert_eq!(lab.ask("an/caller"), "21");
    assert_eq!(lab.executed(), "");
}

#[test]
fn a_panicking_executor_is_a_failure_for_all_who_wait() {
    let mut lab = World::default()
        .query("bad/panic", |_| panic!("boom"))
        .query("an/caller", |call| call.value("bad/panic").and_then(value))
        .lab();
    let told = "Crashed: the executor's execute panicked: boom";
    assert_eq!(lab.ask_all(&["an/caller", "bad/panic", "an/caller"]), [told; 3]);
    assert_eq!(lab.executed(), "an/caller, bad/panic");
    assert_eq!(lab.stats(), Stats { executed: 2, session_hits: 2, ..Stats::default() });
}

#[test]
fn a_new_revision_cancels_what_runs_and_does_not_remember_it() {
    let (started, has_started) = std::sync::mpsc::channel();
    let patient = Arc::new(AtomicBool::new(true));
    let waits = patient.clone();
    let mut lab = World::default()
        .query("an/endless", move |call| {
            started.send(()).unwrap();
            while waits.load(SeqCst) && !call.ask.cancelled() {
                std::thread::yield_now();
            }
            if waits.load(SeqCst) { unavailable("given up") } else { value("done") }
        })
        .query("an/caller", |call| {
            let (first, second) = (call.value("an/endless"), call.value("an/endless"));
            first.and(second).and_then(value)
        })
        .lab();
    let engine = lab.engine.clone();
    let waiting = std::thread::spawn(move || shown(&engine.answers(&[request("an/caller")])[0]));
    has_started.recv().unwrap();
    lab.next_revision();
    assert_eq!(waiting.join().unwrap(), "Unavailable: given up");
    patient.store(false, SeqCst);
    assert_eq!(lab.ask("an/caller"), "done");
    assert_eq!(lab.executed(), "an/caller, an/endless");
}

#[test]
fn a_runaway_recursion_is_stopped() {
    let mut lab = World::default()
        .query("an/count", |call| {
            let next = call.number("n") + 1;
            call.value(&format!("an/count {{\"n\":{next}}}")).and_then(value)
        })
        .lab();
    assert_eq!(lab.ask("an/count {\"n\":0}"), "TooDeep: queries are nested more than 1024 deep");
}

#[test]
fn a_thousand_levels_are_verified_too() {
    let mut lab = World::default()
        .query("git/bottom", |_| value("1"))
        .query("an/depth", |call| match call.number("n") {
            0 => call.value("git/bottom").and_then(value),
            n => call.value(&format!("an/depth {{\"n\":{}}}", n - 1)).and_then(value),
        })
        .lab();
    lab.ask("an/depth {\"n\":999}");
    lab.upgrade("git");
    lab.restart();
    assert_eq!(lab.ask("an/depth {\"n\":999}"), "1");
    assert_eq!(lab.stats(), Stats { executed: 1, verified: 1000, ..Stats::default() });
}

#[test]
fn a_thousand_levels_fit_whatever_the_stack_of_the_caller() {
    let mut lab = World::default()
        .query("an/depth", |call| match call.number("n") {
            0 => value("0"),
            n => {
                // As much stack as an executor is promised.
                let used = std::hint::black_box([n as u8; 24 << 10]);
                let below: u32 = call.value(&format!("an/depth {{\"n\":{}}}", n - 1))?.parse().unwrap();
                value((below + u32::from(used[7] == n as u8)).to_string())
            }
        })
        .lab();
    assert_eq!(lab.ask("an/depth {\"n\":1000}"), "1000");
    assert_eq!(lab.stats().executed, 1001);
}
