//! What is denied is told to the host, and the plugin notices nothing of that.

use crate::Test;
use crate::lab::{HARMLESS, HOST, Lab, Way, command, hearing};
use probity_sandbox::{Ceiling, Level};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, mpsc};

pub(crate) fn tests() -> Vec<Test> {
    tests!("violation":
        what_is_denied_is_told
        what_is_denied_to_a_process_of_its_own_is_told
        what_is_denied_again_is_told_once
        only_some_kinds_are_told
        a_child_cannot_keep_the_host_busy
        a_slow_observer_hinders_no_child
        an_observer_that_panics_hinders_no_child
        without_a_listener_it_is_denied_all_the_same
        a_listener_of_somebody_else_is_left_to_them
        a_denied_call_ends_with_its_process
    )
}

const NO_NETWORK: &str =
    "wanted socket(AF_INET, SOCK_STREAM): denied, plugins have no network and no sockets";

fn what_is_denied_is_told() {
    for way in [Way::Itself, Way::Native] {
        let outcome = Lab::new().run(way, &["tcp_listen"]);
        assert_eq!(outcome.output, "denied: Operation not permitted (os error 1)\n", "{way:?}");
        assert_eq!(outcome.denied, [NO_NETWORK], "{way:?}");
    }
}

/// Its processes share the filter, and with it who listens.
fn what_is_denied_to_a_process_of_its_own_is_told() {
    for level in [Level::Standard, Level::Full] {
        let outcome = Lab::at(level).granting(&[HARMLESS]).run(Way::Native, &["violate_in_child"]);
        assert!(outcome.through(), "{level}: {outcome:?}");
        let told = ["wanted setsid: denied, it is not among the calls that plugins may make"];
        assert_eq!(outcome.denied, told, "{level}");
    }
}

fn what_is_denied_again_is_told_once() {
    let outcome = Lab::new().run(Way::Itself, &["insist", "100"]);
    assert_eq!(outcome.output, format!("{0} {0}\nthrough\n", libc::EPERM));
    assert_eq!(outcome.denied, ["wanted setsid: denied, it is not among the calls that plugins may make"]);
}

fn only_some_kinds_are_told() {
    let outcome = Lab::new().run(Way::Itself, &["scan", "100"]);
    assert!(outcome.through(), "{outcome:?}");
    let (last, told) = outcome.denied.split_last().unwrap();
    let expected = (0..16).map(|n| {
        format!("wanted kill({}, signal 0): denied, plugins signal no other process", 1_000_000 + n)
    });
    assert_eq!(told, expected.collect::<Vec<_>>());
    assert_eq!(last, "wanted more that was denied: 84 calls of other kinds");
}

/// After many the host stops listening. Then the kernel answers, and the call is no more done than before.
fn a_child_cannot_keep_the_host_busy() {
    let outcome = Lab::new().run(Way::Itself, &["insist", "20000"]);
    assert_eq!(outcome.output, format!("{} {}\nthrough\n", libc::EPERM, libc::ENOSYS));
    assert_eq!(outcome.denied.len(), 1, "{outcome:?}");
}

fn a_slow_observer_hinders_no_child() {
    let lab = Lab::new();
    let (release, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let (heard, hearer) = hearing();
    let slow = Arc::new(move |violation| {
        // Until the sender is gone.
        let _ = wait.lock().unwrap().recv();
        hearer(violation);
    });
    let mut child = lab.launcher.spawn_observed(&lab.itself(&["scan", "10"]), slow).unwrap();
    // It gets to its end although nothing has been heard of its first denied call.
    let mut line = String::new();
    BufReader::new(File::from(child.stdout.take().unwrap())).read_line(&mut line).unwrap();
    assert_eq!((line.as_str(), heard.lock().unwrap().len()), ("through\n", 0));
    drop(release);
    drop(child);
    assert_eq!(heard.lock().unwrap().len(), 10);
}

fn an_observer_that_panics_hinders_no_child() {
    let lab = Lab::new();
    let profile = lab.itself(&["scan", "10"]);
    let child = lab.launcher.spawn_observed(&profile, Arc::new(|_| panic!("on purpose"))).unwrap();
    assert!(crate::lab::finish(child).through());
}

fn without_a_listener_it_is_denied_all_the_same() {
    let mut lab = Lab::new();
    lab.launcher = lab.launcher.below(Ceiling { listener: false, ..Ceiling::default() });
    let outcome = lab.run(Way::Native, &["tcp_listen"]);
    assert_eq!(outcome.output, "denied: Operation not permitted (os error 1)\n");
    assert!(outcome.denied.is_empty(), "{outcome:?}");
    let child = lab.launcher.spawn_observed(&lab.itself(&["echo"]), hearing().1).unwrap();
    assert_eq!((child.report().level >= Level::Standard, child.report().told), (true, false));
}

/// A host that runs under a filter which somebody listens to: a process has one listener at most.
pub(crate) fn host_that_is_listened_to() -> ExitCode {
    let allow = libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW };
    let program = libc::sock_fprog { len: 1, filter: (&raw const allow).cast_mut() };
    // SAFETY: the program lives until the call returns; there is no other thread.
    let listener = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program)
    };
    assert!(listener >= 0, "{}", std::io::Error::last_os_error());
    let lab = Lab::new();
    let child = lab.launcher.spawn_observed(&lab.itself(&["echo"]), hearing().1).unwrap();
    println!("told: {}", child.report().told);
    drop(child);
    println!(
        "{:?} {:?}",
        lab.run(Way::Itself, &["tcp_listen"]).output,
        lab.run(Way::Itself, &["work_threads"]).output
    );
    ExitCode::SUCCESS
}

fn a_listener_of_somebody_else_is_left_to_them() {
    let output = command(HOST, &["listened"]).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "told: false\n\"denied: Operation not permitted (os error 1)\\n\" \"through\\n\"\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A child is killed while it makes one denied call after the other.
fn a_denied_call_ends_with_its_process() {
    let lab = Lab::new();
    let (heard, observer) = hearing();
    let (told, first) = mpsc::channel();
    let telling = Arc::new(move |violation| {
        observer(violation);
        let _ = told.send(());
    });
    let mut child = lab.launcher.spawn_observed(&lab.itself(&["insist", "1000000000"]), telling).unwrap();
    first.recv().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    drop(child);
    assert_eq!(heard.lock().unwrap().len(), 1);
}
