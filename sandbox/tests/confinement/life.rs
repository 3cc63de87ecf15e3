//! Children end: when they are asked, killed, dropped, and when their host dies.

use crate::Test;
use crate::entries::write;
use crate::lab::{HOST, Lab, Watch, command, finish, has_children, owned};
use probity_sandbox::{Child, Launcher};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;

pub(crate) fn tests() -> Vec<Test> {
    tests!("life":
        the_end_of_input_ends_a_child
        a_dropped_child_is_killed_and_reaped
        a_child_is_asked_to_end
        a_child_that_ignores_the_request_is_killed
        an_ended_child_is_not_signalled
        a_child_outlives_its_launcher
        a_killed_host_leaves_no_process
        children_can_be_started_by_many_threads
    )
}

fn start(lab: &Lab, attack: &str) -> Child {
    lab.launcher.spawn(&lab.itself(&[attack])).unwrap()
}

fn pid(child: &Child) -> i32 {
    i32::try_from(child.pid()).unwrap()
}

fn the_end_of_input_ends_a_child() {
    let lab = Lab::new();
    let mut child = start(&lab, "echo");
    assert_eq!(child.try_wait().unwrap(), None);
    write(&mut child, "a line\n");
    let outcome = finish(child);
    assert_eq!((outcome.output.as_str(), outcome.errors.as_str()), ("a line\nthrough\n", ""));
    assert!(outcome.status.success());
}

fn a_dropped_child_is_killed_and_reaped() {
    let lab = Lab::new();
    let child = start(&lab, "echo");
    let watch = Watch::new(pid(&child));
    assert!(has_children());
    drop(child);
    watch.ended();
    assert!(!has_children());
}

fn a_child_is_asked_to_end() {
    let lab = Lab::new();
    let mut child = start(&lab, "echo");
    child.terminate().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGTERM));
}

fn a_child_that_ignores_the_request_is_killed() {
    let lab = Lab::new();
    let mut child = start(&lab, "stubborn");
    let mut output = BufReader::new(File::from(child.stdout.take().unwrap()));
    let mut input = File::from(child.stdin.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    child.terminate().unwrap();
    input.write_all(b"are you there\n").unwrap();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\nare you there\n");
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
}

fn an_ended_child_is_not_signalled() {
    let lab = Lab::new();
    let mut child = start(&lab, "echo");
    child.kill().unwrap();
    let status = child.wait().unwrap();
    child.kill().unwrap();
    child.terminate().unwrap();
    assert_eq!((child.wait().unwrap(), child.try_wait().unwrap()), (status, Some(status)));
}

fn a_child_outlives_its_launcher() {
    let lab = Lab::new();
    let mut child = start(&lab, "echo");
    drop(lab);
    write(&mut child, "a line\n");
    let outcome = finish(child);
    assert_eq!(outcome.output, "a line\nthrough\n", "{outcome:?}");
}

/// A host: starts a child in the way that it is told, tells its number, and waits for its own death.
pub(crate) fn host(arguments: &[String]) -> ExitCode {
    let lab = Lab::new();
    let stubborn = ["stubborn"];
    let native = arguments.iter().any(|argument| argument == "native");
    let profile = if native { lab.native(&stubborn) } else { lab.itself(&stubborn) };
    let child = lab.launcher.spawn(&profile).unwrap();
    println!("{}", child.pid());
    let mut rest = String::new();
    let _ = std::io::stdin().read_to_string(&mut rest);
    ExitCode::SUCCESS
}

fn a_killed_host_leaves_no_process() {
    for way in ["itself", "native"] {
        // What a killed host cannot remove is removed here.
        let temporary = tempfile::tempdir().unwrap();
        let mut host = command(HOST, &[way]).env("TMPDIR", temporary.path()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(host.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let child = Watch::new(line.trim().parse().unwrap());
        host.kill().unwrap();
        host.wait().unwrap();
        child.ended();
    }
}

fn children_can_be_started_by_many_threads() {
    let launcher = Launcher::new().unwrap();
    let lab = Lab::new();
    std::thread::scope(|scope| {
        let start = |n: usize| {
            let (lab, launcher) = (&lab, &launcher);
            scope.spawn(move || {
                let mut profile = lab.itself(&[]);
                profile.entry = probity_sandbox::Entry::Itself {
                    program: launcher.program(),
                    arguments: owned(&["exit", &n.to_string()]),
                };
                finish(launcher.spawn(&profile).unwrap()).status.code()
            })
        };
        let started: Vec<_> = (1..=8).map(start).collect();
        let ended: Vec<_> = started.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(ended, (1..=8).map(Some).collect::<Vec<_>>());
    });
    assert!(!has_children());
}
