//! In a traced start the host is told which files a child names, and nothing else is different.

use crate::Test;
use crate::lab::{Lab, Outcome as Ended, Way, everywhere, finish, hearing};
use probity_sandbox::{Attempted, Attempts, Ceiling, Level, Manner, Outcome};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::sync::Arc;

pub(crate) fn tests() -> Vec<Test> {
    tests!("tracing":
        each_path_is_told_with_what_came_of_it
        relative_paths_are_made_absolute
        links_are_followed_by_the_childs_own_tree
        what_cannot_be_followed_is_not_said_to_be_absent
        what_is_its_own_is_allowed
        what_names_nothing_is_counted
        a_path_that_is_changed_meanwhile_opens_nothing_more
        many_paths_are_bounded
        many_names_of_a_folder_are_bounded
        threads_are_traced
        programs_that_a_child_starts_are_traced
        nothing_more_is_allowed_and_nothing_less
        an_honest_plugin_is_not_hindered
        an_older_kernels_denials_stay
        a_traced_child_that_is_killed_is_gone
        without_a_listener_nothing_is_told
    )
}

fn traced(lab: &Lab, way: Way, arguments: &[&str]) -> (Ended, Attempted) {
    let attempts = Arc::new(Attempts::default());
    let (heard, observer) = hearing();
    let child = lab.launcher.spawn_traced(&lab.confined(way, arguments), observer, attempts.clone()).unwrap();
    let outcome = finish(child);
    let denied = heard.lock().unwrap().clone();
    (Ended { denied, ..outcome }, attempts.told())
}

/// The paths below the lab's folder, without its name: what for, what came of it, and where it leads if that is elsewhere.
fn told(lab: &Lab, attempted: &Attempted) -> Vec<String> {
    let folder = fs::canonicalize(lab.path("")).unwrap();
    let mine = attempted.attempts.iter().filter(|one| one.path.starts_with(&folder));
    let line = |one: &probity_sandbox::Attempt| {
        let short = |path: &std::path::Path| {
            let text = path.display().to_string();
            text.trim_start_matches(&format!("{}/", folder.display())).to_owned()
        };
        let times = if one.times > 1 { format!(" {} times", one.times) } else { String::new() };
        let to =
            if one.leads_to == one.path { String::new() } else { format!(" -> {}", short(&one.leads_to)) };
        format!("{}{to}: {} {}{times}", short(&one.path), one.manner, one.outcome)
    };
    mine.map(line).collect()
}

#[track_caller]
fn tells(level: Level, way: Way, arguments: &[&str], expected: &[&str]) {
    let lab = Lab::at(level);
    let own: Vec<String> = arguments[1..].iter().map(|name| lab.text(name)).collect();
    let arguments: Vec<&str> = arguments[..1].iter().copied().chain(own.iter().map(String::as_str)).collect();
    let (outcome, attempted) = traced(&lab, way, &arguments);
    assert!(outcome.through(), "{level}, {way:?}: {outcome:?} {attempted:?}");
    assert_eq!(told(&lab, &attempted), expected, "{level}, {way:?}");
    assert_eq!((attempted.more, attempted.unseen), (0, 0), "{level}, {way:?}");
}

fn each_path_is_told_with_what_came_of_it() {
    for (level, way) in everywhere() {
        tells(
            level,
            way,
            &["name_all", "home/secret"],
            &[
                // Opened to be read; to be listed; written, removed, renamed, linked, truncated; executed.
                "home/secret: read denied",
                "home/secret: list denied",
                "home/secret: write denied 5 times",
                "home/secret: execute denied",
                // Created, made a folder, renamed to, linked, made a link.
                "home/secret-new: write denied 5 times",
            ],
        );
    }
}

fn relative_paths_are_made_absolute() {
    for (level, way) in everywhere() {
        tells(
            level,
            way,
            &["name_relatively", "granted"],
            &[
                "granted: list allowed",
                "granted/../home/secret -> home/secret: read denied",
                "granted/data: read allowed",
                "scratch/../home/secret -> home/secret: read denied",
            ],
        );
    }
}

fn links_are_followed_by_the_childs_own_tree() {
    for (level, way) in everywhere() {
        tells(
            level,
            way,
            &["name_through_links", "home/secret"],
            &[
                "scratch/link: write allowed",
                // Also where they are in a file system of the child's own, and lead to what it is not shown.
                "scratch/other -> home/secret: read denied",
                "scratch/other: write allowed",
                "scratch/other: look allowed",
            ],
        );
    }
}

/// A link of the process's own is the child's, and means something else here.
fn what_cannot_be_followed_is_not_said_to_be_absent() {
    for (level, way) in everywhere() {
        let lab = Lab::at(level);
        let secret = lab.text("home/secret");
        let (outcome, attempted) = traced(&lab, way, &["name_through_process", &secret]);
        assert!(outcome.through(), "{level}, {way:?}: {outcome:?}");
        let through = format!("/proc/self/root{secret}");
        let read = attempted.attempts.iter().filter(|one| one.manner == Manner::Read);
        let unknown: Vec<&std::path::Path> =
            read.filter(|one| one.outcome == Outcome::Unknown).map(|one| &*one.path).collect();
        let round = fs::canonicalize(lab.path("scratch")).unwrap().join("round");
        assert_eq!(unknown, [std::path::Path::new(&through), &round], "{level}, {way:?}: {attempted:?}");
    }
}

fn what_is_its_own_is_allowed() {
    for (level, way) in everywhere() {
        tells(
            level,
            way,
            &["name_own", "granted/data"],
            &[
                "granted/data: read allowed",
                "scratch/own: write allowed 2 times",
                "scratch/own: look allowed",
                "scratch/own: look not there",
            ],
        );
    }
}

fn what_names_nothing_is_counted() {
    for (level, way) in everywhere() {
        let lab = Lab::at(level);
        let (outcome, attempted) = traced(&lab, way, &["name_nothing"]);
        assert!(outcome.through(), "{level}, {way:?}: {outcome:?}");
        assert_eq!(attempted.unreadable, 4, "{attempted:?}");
    }
    let lab = Lab::at(Level::Standard);
    let (outcome, attempted) = traced(&lab, Way::Itself, &["name_too_long"]);
    assert!(outcome.through(), "{outcome:?}");
    // Two that are too long, and one up to the end of memory; the last one that is not too long is the root.
    assert_eq!(attempted.unreadable, 3, "{attempted:?}");
    assert!(attempted.attempts.iter().any(|one| one.path.as_os_str().len() == 4095), "{attempted:?}");
}

fn a_path_that_is_changed_meanwhile_opens_nothing_more() {
    for level in [Level::Standard, Level::Full] {
        let lab = Lab::at(level);
        let (data, secret) = (lab.text("granted/data"), lab.text("home/./secret"));
        // Of the same length.
        let data = data.replace("granted/", &format!("granted/{}", "/".repeat(secret.len() - data.len())));
        let (outcome, attempted) = traced(&lab, Way::Itself, &["name_changing", &data, &secret]);
        assert!(outcome.through(), "{level}: {outcome:?}");
        assert!(!attempted.attempts.is_empty());
    }
}

fn many_paths_are_bounded() {
    let lab = Lab::at(Level::Standard);
    let (outcome, attempted) = traced(&lab, Way::Itself, &["name_many", "100000"]);
    assert!(outcome.through(), "{outcome:?}");
    let named = |one: &&probity_sandbox::Attempt| one.path.starts_with("/nowhere");
    let kept = attempted.attempts.iter().filter(named).count() as u64;
    assert!(kept <= 4096 && kept > 4000, "{kept}");
    assert_eq!(kept + attempted.more, 100_000);
}

/// What it turns out to be is not what it was opened for.
fn many_names_of_a_folder_are_bounded() {
    for level in [Level::Standard, Level::Full] {
        let lab = Lab::at(level);
        let (outcome, attempted) = traced(&lab, Way::Itself, &["name_spelt", &lab.text("home"), "2000"]);
        assert!(outcome.through(), "{level}: {outcome:?}");
        let long = attempted.attempts.iter().map(|one| one.path.as_os_str().len());
        let bytes: usize = long.filter(|length| *length > 3000).sum();
        assert!(bytes > 0 && bytes < 2 << 20, "{level}: {bytes} bytes are kept");
        assert!(attempted.more > 1000, "{level}: {}", attempted.more);
    }
}

fn threads_are_traced() {
    for level in [Level::Standard, Level::Full] {
        let lab = Lab::at(level);
        let (outcome, attempted) = traced(&lab, Way::Itself, &["name_in_threads", &lab.text("home/secret")]);
        assert!(outcome.through(), "{level}: {outcome:?}");
        assert_eq!(told(&lab, &attempted), ["home/secret: read denied 1600 times"]);
    }
}

/// They have the filter of whoever starts them, and so its listener.
fn programs_that_a_child_starts_are_traced() {
    for (level, way) in everywhere() {
        let lab = Lab::at(level).granting(&["/usr/bin/sort"]);
        let secret = lab.text("home/secret");
        let (outcome, attempted) =
            traced(&lab, way, &["start_naming", "/usr/bin/sort", &secret, "/usr/bin/head"]);
        assert!(outcome.through(), "{level}, {way:?}: {outcome:?} {attempted:?}");
        let told = told(&lab, &attempted);
        // What it is not shown it does not try to read.
        let denied = match level {
            Level::Full => "home/secret: look denied",
            _ => "home/secret: read denied",
        };
        assert!(told.iter().any(|one| one == denied), "{level}, {way:?}: {told:?}");
        let started = attempted.attempts.iter().filter(|one| one.manner == Manner::Execute);
        let started: Vec<_> = started.map(|one| (&*one.path, one.outcome)).collect();
        let at = std::path::Path::new;
        let expected = [(at("/usr/bin/head"), Outcome::Denied), (at("/usr/bin/sort"), Outcome::Allowed)];
        assert!(started.ends_with(&expected), "{level}, {way:?}: {started:?}");
    }
}

/// What else is denied is denied and told as ever, and what is read, changed and executed is what is granted.
fn nothing_more_is_allowed_and_nothing_less() {
    let attacks: [&[&str]; 8] = [
        &["tcp_listen"],
        &["insist", "20000"],
        &["read", "home/secret"],
        &["list", "home"],
        &["write", "granted/data"],
        &["symlink", "x", "granted/new"],
        &["exec_shell"],
        &["read", "granted/data"],
    ];
    for (level, way) in everywhere() {
        for attack in attacks {
            let lab = Lab::at(level);
            let paths: Vec<String> = attack
                .iter()
                .map(|word| {
                    if word.contains("home") || word.contains('/') { lab.text(word) } else { (*word).into() }
                })
                .collect();
            let arguments: Vec<&str> = paths.iter().map(String::as_str).collect();
            let untraced = lab.run(way, &arguments);
            let (traced, _) = traced(&lab, way, &arguments);
            assert_eq!(traced.denied, untraced.denied, "{level}, {way:?}, {attack:?}");
            match attack[0] {
                // The listener is never given up, so that each call is answered alike.
                "insist" => assert_eq!(traced.output, format!("{0} {0}\nthrough\n", libc::EPERM)),
                _ => assert_eq!(traced.output, untraced.output, "{level}, {way:?}, {attack:?}"),
            }
        }
    }
}

fn an_honest_plugin_is_not_hindered() {
    for work in
        ["work_threads", "work_pool", "work_scratch", "work_panic", "work_signals", "work_descriptors"]
    {
        for (level, way) in everywhere() {
            let (outcome, _) = traced(&Lab::at(level), way, &[work]);
            assert!(outcome.through(), "{work}, {way:?}, {level}: {outcome:?}");
        }
    }
}

fn an_older_kernels_denials_stay() {
    let mut lab = Lab::new();
    let ceiling = Ceiling { landlock_abi: 2, namespaces: false, ..Ceiling::default() };
    lab.launcher = lab.launcher.below(ceiling);
    let data = lab.text("granted/data");
    for attack in ["truncate", "open_truncating"] {
        let (outcome, _) = traced(&lab, Way::Itself, &[attack, &data]);
        assert!(!outcome.through(), "{attack}: {outcome:?}");
        assert_eq!(fs::read(&data).unwrap(), b"public data");
        assert_eq!(outcome.denied.len(), 1, "{attack}: {outcome:?}");
    }
}

/// Killed between a call and the answer to it, and its handle dropped.
fn a_traced_child_that_is_killed_is_gone() {
    for (level, killed) in [(Level::Standard, true), (Level::Full, true), (Level::Full, false)] {
        let lab = Lab::at(level);
        let attempts = Arc::new(Attempts::default());
        let profile = lab.itself(&["name_for_ever"]);
        let mut child = lab.launcher.spawn_traced(&profile, hearing().1, attempts.clone()).unwrap();
        let mut line = String::new();
        BufReader::new(File::from(child.stdout.take().unwrap())).read_line(&mut line).unwrap();
        assert_eq!(line, "begun\n");
        if killed {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        drop(child);
        assert!(!crate::lab::has_children());
        assert_eq!(attempts.told().more, 0);
    }
}

fn without_a_listener_nothing_is_told() {
    let mut lab = Lab::new();
    lab.launcher = lab.launcher.below(Ceiling { listener: false, ..Ceiling::default() });
    let (outcome, attempted) = traced(&lab, Way::Native, &["read", &lab.text("home/secret")]);
    assert!(outcome.output.starts_with("denied: "), "{outcome:?}");
    assert_eq!(attempted, Attempted::default());
    let child = lab.launcher.spawn_traced(&lab.itself(&["echo"]), hearing().1, Arc::default()).unwrap();
    assert!(!child.report().told);
}
