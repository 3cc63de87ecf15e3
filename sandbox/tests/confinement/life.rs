//! Children end: when they are asked, killed, dropped, and when their host dies.

use crate::Test;
use crate::entries::write;
use crate::lab::{
    HARMLESS, HELD, HOST, Lab, Watch, Way, children, command, everywhere, finish, has_children,
};
use crate::lab::{is_template, owned};
use probity_sandbox::{Ceiling, Child, Launcher, Level, Overrun};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
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
        a_host_that_dies_leaves_no_process
        what_is_left_of_a_child_dies_with_it
        processes_of_a_child_end_with_it_however_it_ends
        processes_of_a_child_end_although_their_supervisor_is_killed
        a_child_has_no_more_threads_and_processes_than_it_may_have
        a_child_that_nobody_counts_is_ended_when_it_has_too_many_processes
        where_namespaces_have_no_limit_threads_are_counted
        nothing_of_a_child_is_left_when_it_has_ended
        children_can_be_started_by_many_threads
        a_template_that_somebody_ends_is_replaced
        a_template_ends_with_the_last_that_may_need_it
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
    for (level, way) in everywhere() {
        for lab in [Lab::at(level), Lab::at(level).granting(&[HARMLESS])] {
            let mut child = lab.launcher.spawn(&lab.confined(way, &["echo"])).unwrap();
            child.terminate().unwrap();
            assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGTERM), "{way:?}, {level}");
        }
    }
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

/// A host: starts a child as it is told, tells the numbers of all processes below it, and waits for its own death.
pub(crate) fn host(arguments: &[String]) -> ExitCode {
    if arguments.iter().any(|argument| argument == "listened") {
        return crate::violations::host_that_is_listened_to();
    }
    let asked = |word: &str| arguments.iter().any(|argument| argument == word);
    let lab = Lab::at(if asked("full") { Level::Full } else { Level::Standard });
    let way = if asked("Native") { Way::Native } else { Way::Itself };
    let (lab, work) =
        if asked("exec") { (lab.granting(&[HARMLESS]), "stubborn_family") } else { (lab, "stubborn") };
    let mut child = lab.launcher.spawn(&lab.confined(way, &[work])).unwrap();
    let mut output = BufReader::new(File::from(child.stdout.take().unwrap()));
    output.read_line(&mut String::new()).unwrap();
    let all: Vec<String> = descendants(std::process::id()).iter().map(u32::to_string).collect();
    println!("{}", all.join(" "));
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
    assert_ne!(line, "panic\n", "as it was told");
    ExitCode::SUCCESS
}

/// All processes below one.
fn descendants(process: u32) -> Vec<u32> {
    let mut all = Vec::new();
    let mut waiting = vec![process];
    while let Some(process) = waiting.pop() {
        let children = children(process);
        all.extend(&children);
        waiting.extend(children);
    }
    all
}

/// Those below this one, but for the template.
fn watched() -> Vec<Watch> {
    let plugins = descendants(std::process::id()).into_iter().filter(|process| !is_template(*process));
    plugins.map(|pid| Watch::new(i32::try_from(pid).unwrap())).collect()
}

type Host = std::process::Child;
type Death = (&'static str, fn(&mut Host));

/// What happens to a host.
const DEATHS: [Death; 5] = [
    ("killed", |host| host.kill().unwrap()),
    ("asked to end", |host| signal(host, libc::SIGTERM)),
    ("interrupted", |host| signal(host, libc::SIGINT)),
    ("aborted", |host| signal(host, libc::SIGABRT)),
    ("panicking", |host| host.stdin.as_mut().unwrap().write_all(b"panic\n").unwrap()),
];

fn signal(host: &Host, signal: i32) {
    let pid = i32::try_from(host.id()).unwrap();
    // SAFETY: takes integers. The process is a child that has not been reaped.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}

fn a_host_that_dies_leaves_no_process() {
    let all = everywhere().flat_map(|one| [(one, false), (one, true)]);
    for (((level, way), exec), (death, die)) in all.flat_map(|one| DEATHS.map(|death| (one, death))) {
        // What a killed host cannot remove is removed here.
        let temporary = tempfile::tempdir().unwrap();
        let arguments = [level.to_string(), format!("{way:?}"), if exec { "exec" } else { "" }.to_owned()];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut host = command(HOST, &arguments).env("TMPDIR", temporary.path()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(host.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let all: Vec<Watch> = line.split_whitespace().map(|pid| Watch::new(pid.parse().unwrap())).collect();
        // In namespaces, the child and the keeper of its namespace; and the template in either case.
        let alone = if level == Level::Full { 2 } else { 1 };
        assert_eq!(all.len(), 1 + if exec { FAMILY } else { alone }, "{way:?}, {level}, {exec}");
        die(&mut host);
        host.wait().unwrap();
        let left = all.iter().filter(|process| !process.ended_within(100)).count();
        assert_eq!(left, 0, "of a host that was {death}, {way:?}, {level}, {exec}");
    }
}

fn what_is_left_of_a_child_dies_with_it() {
    let lab = Lab::at(Level::Full);
    let child = start(&lab, "stubborn");
    let all = watched();
    assert_eq!(all.len(), 2);
    drop(child);
    // Without waiting: when the keeper is gone, so is all that it kept.
    assert!(all.iter().all(|process| process.ended_within(0)));
    assert!(!has_children());
}

/// A child that has started four processes, two of them by parents that have ended, and all that now runs of it: these, itself
/// and what keeps them.
fn family(lab: &Lab, way: Way) -> (Child, Vec<Watch>) {
    let mut child = lab.launcher.spawn(&lab.confined(way, &["stubborn_family"])).unwrap();
    let mut output = BufReader::new(File::from(child.stdout.take().unwrap()));
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let all = watched();
    assert_eq!(all.len(), FAMILY, "{way:?}");
    (child, all)
}

/// The four, the child, and its supervisor or the keeper of its namespace.
const FAMILY: usize = 6;

fn processes_of_a_child_end_with_it_however_it_ends() {
    for (level, way) in everywhere() {
        let lab = Lab::at(level).granting(&[HARMLESS]);
        let (child, all) = family(&lab, way);
        drop(child);
        assert!(all.iter().all(|process| process.ended_within(100)), "dropped, {way:?}, {level}");
        let (mut child, all) = family(&lab, way);
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
        assert!(all.iter().all(|process| process.ended_within(100)), "killed, {way:?}, {level}");
        assert!(!has_children());
    }
}

/// At the very moment: the one that ends the others ends last.
fn nothing_of_a_child_is_left_when_it_has_ended() {
    for (level, way) in everywhere() {
        let lab = Lab::at(level).granting(&[HARMLESS]);
        for round in 0..20 {
            let (mut child, all) = family(&lab, way);
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(all.iter().all(|process| process.ended_within(0)), "{way:?}, {level}, {round}");
        }
    }
}

/// By somebody else: nothing of the plugin's can do that.
fn processes_of_a_child_end_although_their_supervisor_is_killed() {
    for level in [Level::Standard, Level::Full] {
        let lab = Lab::at(level).granting(&[HARMLESS]);
        let (mut child, all) = family(&lab, Way::Native);
        // SAFETY: a child of ours that has not been reaped.
        unsafe { libc::kill(pid(&child), libc::SIGKILL) };
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
        assert!(all.iter().all(|process| process.ended_within(100)), "{level}");
    }
}

fn a_child_has_no_more_threads_and_processes_than_it_may_have() {
    for level in [Level::Standard, Level::Full] {
        let mut lab = Lab::at(level).granting(&[HARMLESS]);
        lab.limits.tasks = if level == Level::Full { 300 } else { 20 };
        let counts = [("fork_bomb", lab.limits.tasks - 1), ("threads", lab.limits.tasks - 1)];
        for (attack, most) in counts.into_iter().filter(|_| level == Level::Standard) {
            let outcome = lab.run(Way::Native, &[attack, &most.to_string()]);
            assert!(outcome.through(), "{attack} {most}: {outcome:?}");
        }
        for attack in ["fork_bomb", "threads"] {
            let outcome = lab.run(Way::Native, &[attack, "1000"]);
            assert!(outcome.output.contains("Resource temporarily unavailable"), "{attack}: {outcome:?}");
            let told = "wanted one more thread or process: denied, it has as many as it may have";
            assert!(level == Level::Full || outcome.denied == [told], "{:?}", outcome.denied);
        }
    }
}

/// At the level *full* too, on a kernel whose namespaces have no limit.
fn a_child_that_nobody_counts_is_ended_when_it_has_too_many_processes() {
    for namespaces in [false, true] {
        let mut lab = Lab::below(Ceiling {
            namespaces,
            limited_namespaces: false,
            listener: false,
            ..Ceiling::default()
        });
        lab.grant(&[HARMLESS]);
        // Below what the kernel itself counts for an ordinary user.
        lab.limits.tasks = 20;
        let mut child = lab.launcher.spawn(&lab.native(&["fork_bomb", "1000", HELD])).unwrap();
        let bounded = child.report().guarantees.iter().any(|one| one.name == "bounded threads" && one.held);
        assert_eq!(bounded, !crate::users::is_root());
        let status = child.wait().unwrap();
        // An ordinary user's processes the kernel may have counted first.
        let counted = child.overrun() == Some(Overrun::Tasks) && status.signal() == Some(libc::SIGKILL);
        assert!(counted || bounded && !status.success(), "{namespaces}, {status}, {:?}", child.overrun());
        drop(child);
        let outcome = lab.run(Way::Native, &["fork_bomb", "10"]);
        assert!(outcome.through(), "{outcome:?}");
    }
}

fn where_namespaces_have_no_limit_threads_are_counted() {
    let mut lab =
        Lab::below(Ceiling { limited_namespaces: false, ..Ceiling::default() }).granting(&[HARMLESS]);
    (lab.level, lab.limits.tasks) = (Level::Full, 20);
    let outcome = lab.run(Way::Native, &["fork_bomb", "1000", HELD]);
    assert!(outcome.output.contains("Resource temporarily unavailable"), "{outcome:?}");
    let outcome = lab.run(Way::Native, &["fork_bomb", "15"]);
    assert!(outcome.through(), "{outcome:?}");
}

fn children_can_be_started_by_many_threads() {
    let launcher = Launcher::new().unwrap();
    let lab = Lab::new();
    std::thread::scope(|scope| {
        let start = |n: usize| {
            let (lab, launcher) = (&lab, &launcher);
            scope.spawn(move || {
                let mut profile = lab.itself(&[]);
                profile.entry =
                    probity_sandbox::Entry::Itself { arguments: owned(&["exit", &n.to_string()]) };
                finish(launcher.spawn(&profile).unwrap()).status.code()
            })
        };
        let started: Vec<_> = (1..=8).map(start).collect();
        let ended: Vec<_> = started.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(ended, (1..=8).map(Some).collect::<Vec<_>>());
    });
    assert!(!has_children());
}

/// Those of this process, which may be other tests'.
fn templates() -> Vec<u32> {
    children(std::process::id()).into_iter().filter(|child| is_template(*child)).collect()
}

fn a_template_that_somebody_ends_is_replaced() {
    let lab = Lab::new();
    let before = templates();
    drop(start(&lab, "echo"));
    // Those of other tests may be ending.
    let new =
        || -> Vec<u32> { templates().into_iter().filter(|process| !before.contains(process)).collect() };
    let own = new();
    assert_eq!(own.len(), 1);
    let child = start(&lab, "echo");
    assert_eq!(new(), own, "one for all starts");
    let own = i32::try_from(own[0]).unwrap();
    let watch = Watch::new(own);
    // SAFETY: a child of this process that has not been reaped.
    unsafe { libc::kill(own, libc::SIGKILL) };
    watch.ended();
    let outcome = lab.run(Way::Native, &["work_threads"]);
    assert!(outcome.through(), "{outcome:?}");
    // What was copied from it goes on.
    let outcome = finish(child);
    assert!(outcome.status.success(), "{outcome:?}");
}

fn a_template_ends_with_the_last_that_may_need_it() {
    let lab = Lab::new();
    let before = templates();
    let child = start(&lab, "echo");
    let own: Vec<Watch> = templates()
        .into_iter()
        .filter(|process| !before.contains(process))
        .map(|process| Watch::new(i32::try_from(process).unwrap()))
        .collect();
    assert_eq!(own.len(), 1);
    drop(lab);
    assert!(!own[0].ended_within(0), "its thread is the child's parent");
    drop(child);
    own[0].ended();
}
