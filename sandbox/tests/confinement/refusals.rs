//! Nothing is started when it could not be confined.

use crate::Test;
use crate::hostile::EARLY_THREAD;
use crate::lab::{HARMLESS, Lab, Way, command, finish, has_children, hearing};
use probity_sandbox::{Ceiling, Level, Profile, SpawnError};
use std::path::PathBuf;

pub(crate) fn tests() -> Vec<Test> {
    tests!("refusal":
        without_landlock_and_namespaces_nothing_starts
        without_seccomp_nothing_starts
        without_namespaces_it_is_standard_and_says_so
        without_landlock_a_file_tree_confines_what_executes_nothing
        a_level_that_is_demanded_is_reached_or_refused
        each_guarantee_is_lost_with_its_mechanism
        an_old_landlock_still_denies_truncation
        an_old_landlock_still_denies_signals
        processes_whose_signals_nothing_bounds_are_refused
        a_missing_grant_is_named
        an_unusable_profile_is_named
        a_launcher_is_not_started_by_hand
        a_launcher_with_threads_is_refused
        a_program_that_is_no_launcher_is_noticed
        a_grant_of_everything_is_refused
    )
}

fn refused(lab: &Lab, profile: &Profile) -> SpawnError {
    let error = lab.launcher.spawn(profile).unwrap_err();
    assert!(!has_children());
    error
}

fn below(change: impl Fn(&mut Ceiling)) -> Lab {
    let mut ceiling = Ceiling::default();
    change(&mut ceiling);
    Lab::below(ceiling)
}

/// Whatever the person allows.
fn refused_always(ceiling: Ceiling, missing: &str, held: &str) {
    for allowed in [false, true] {
        let lab = Lab::below(ceiling).allowing_weak(allowed);
        for profile in [lab.itself(&["echo"]), lab.native(&["echo"])] {
            let error = refused(&lab, &profile).to_string();
            assert!(error.starts_with("the sandbox would be too weak, it cannot guarantee: "), "{error}");
            assert!(error.contains(missing) && !error.contains(held), "{error}");
        }
        assert_eq!(lab.launcher.survey().report.level, Level::None);
    }
}

fn without_landlock_and_namespaces_nothing_starts() {
    let ceiling = Ceiling { landlock_abi: 0, namespaces: false, ..Ceiling::default() };
    refused_always(ceiling, "reads only what is granted", "no network");
}

fn without_seccomp_nothing_starts() {
    for namespaces in [false, true] {
        let ceiling = Ceiling { seccomp: false, namespaces, ..Ceiling::default() };
        refused_always(ceiling, "no network", "reads only what is granted");
    }
}

fn without_namespaces_it_is_standard_and_says_so() {
    let lab = below(|c| c.namespaces = false);
    let child = lab.launcher.spawn_observed(&lab.itself(&["echo"]), hearing().1).unwrap();
    let report = child.report().clone();
    assert_eq!((report.level, report.denied.as_deref()), (Level::Standard, Some("they are not to be used")));
    assert_eq!(lab.launcher.survey().report, report);
    let report = Lab::new().launcher.survey().report;
    assert_eq!((report.level, report.denied), (Level::Full, None));
}

/// A program may execute and map what it is shown, which only Landlock keeps to what is granted for that.
fn without_landlock_a_file_tree_confines_what_executes_nothing() {
    let lab = below(|c| c.landlock_abi = 0);
    let report = lab.launcher.spawn(&lab.itself(&["echo"])).unwrap().report().clone();
    assert_eq!((report.level, report.missing_for(Level::Full)), (Level::Full, vec![]));
    for (attack, target) in [("read", "home/secret"), ("write", "granted/data"), ("truncate", "granted/data")]
    {
        let outcome = lab.run(Way::Itself, &[attack, &lab.text(target)]);
        assert!(outcome.output.starts_with("denied: "), "{attack}: {outcome:?}");
    }
    let error = refused(&lab, &lab.native(&["echo"])).to_string();
    assert_eq!(
        error,
        "the sandbox would be too weak, it cannot guarantee: reads only what is granted, executes only what is granted"
    );
    let lab = lab.allowing_weak(true);
    let child = lab.launcher.spawn(&lab.native(&["echo"])).unwrap();
    assert_eq!(child.report().level, Level::Weak);
}

fn a_level_that_is_demanded_is_reached_or_refused() {
    let lab = Lab::at(Level::Full);
    assert_eq!(lab.launcher.spawn(&lab.itself(&["echo"])).unwrap().report().level, Level::Full);
    let lab = below(|c| c.namespaces = false);
    let profile = Profile { least: Level::Full, ..lab.itself(&["echo"]) };
    let error = refused(&lab, &profile).to_string();
    assert!(error.contains("hidden names and sizes of files, hidden processes"), "{error}");
    assert!(error.ends_with(" (no namespaces: they are not to be used)"), "{error}");
    // It cannot demand less than the host does.
    let lab = below(|c| (c.landlock_abi, c.namespaces) = (0, false));
    refused(&lab, &Profile { least: Level::None, ..lab.itself(&["echo"]) });
}

fn each_guarantee_is_lost_with_its_mechanism() {
    let held = |lab: &Lab| -> Vec<&str> {
        let report = lab.launcher.survey().report;
        report.guarantees.iter().filter(|g| g.held).map(|g| g.name).collect()
    };
    let all = held(&Lab::new());
    let lost = |change: fn(&mut Ceiling)| -> Vec<&str> {
        let held = held(&below(change));
        all.iter().filter(|name| !held.contains(name)).copied().collect()
    };
    let hidden = vec![
        "bounded disk",
        "hidden names and sizes of files",
        "hidden processes",
        "hidden names of machine and user",
    ];
    assert_eq!(lost(|c| c.namespaces = false), hidden);
    // Without a listener nobody counts them. Those of an ordinary user the kernel bounds together with the user's other tasks.
    let uncounted = lost(|c| (c.namespaces, c.listener) = (false, false));
    assert_eq!(uncounted.contains(&"bounded threads"), crate::users::is_root(), "{uncounted:?}");
    assert_eq!(lost(|c| c.landlock_abi = 0), Vec::<&str>::new());
    let without_both = lost(|c| (c.landlock_abi, c.namespaces) = (0, false));
    for name in
        ["reads only what is granted", "writes only its scratch directory", "executes only what is granted"]
    {
        assert!(without_both.contains(&name), "{without_both:?}");
    }
    let without_seccomp = lost(|c| c.seccomp = false);
    for name in ["no network", "no new processes", "no signals to other processes", "bounded memory"] {
        assert!(without_seccomp.contains(&name), "{without_seccomp:?}");
    }
}

fn an_old_landlock_still_denies_truncation() {
    for abi in [1, 2, 3] {
        let lab = below(|c| (c.landlock_abi, c.namespaces) = (abi, false));
        for attack in ["truncate", "open_truncating", "write", "read"] {
            let target = if attack == "read" { lab.text("home/secret") } else { lab.text("granted/data") };
            let outcome = lab.run(Way::Itself, &[attack, &target]);
            assert!(outcome.output.starts_with("denied: "), "ABI {abi}, {attack}: {outcome:?}");
        }
        assert_eq!(std::fs::read(lab.path("granted/data")).unwrap(), b"public data");
        let outcome = lab.run(Way::Native, &["work_threads"]);
        assert!(outcome.through(), "ABI {abi}: {outcome:?}");
    }
}

fn an_old_landlock_still_denies_signals() {
    let lab = below(|c| (c.landlock_abi, c.namespaces) = (5, false));
    let host = std::process::id().to_string();
    for attack in ["kill", "tkill", "tgkill"] {
        let arguments: &[&str] = &[attack, &host];
        let outcome = lab.run(Way::Itself, arguments);
        assert!(outcome.output.starts_with("denied: "), "{attack}: {outcome:?}");
    }
}

fn processes_whose_signals_nothing_bounds_are_refused() {
    let lab = below(|c| (c.landlock_abi, c.namespaces) = (5, false)).granting(&[HARMLESS]);
    for profile in [lab.itself(&["echo"]), lab.native(&["echo"])] {
        let error = refused(&lab, &profile).to_string();
        let told = "the sandbox would be too weak, it cannot guarantee: no signals to other processes";
        assert!(error.starts_with(told), "{error}");
    }
    // Where the person allows that, there are no signals to others all the same.
    let lab = lab.allowing_weak(true);
    let report = lab.launcher.spawn(&lab.native(&["echo"])).unwrap().report().clone();
    assert_eq!(
        (report.level, report.missing()),
        (Level::Weak, vec!["no signals to other processes".to_owned()])
    );
    let outcome = lab.run(Way::Native, &["signal_from_child", &std::process::id().to_string()]);
    assert!(outcome.output.starts_with("denied: "), "{outcome:?}");
    // A process namespace holds nobody else, whatever Landlock knows.
    let lab = below(|c| c.landlock_abi = 5).granting(&[HARMLESS]);
    let child = lab.launcher.spawn(&lab.native(&["echo"])).unwrap();
    assert_eq!(child.report().level, Level::Full);
    drop(child);
    // And what is executed is a question for Landlock alone.
    let lab = below(|c| c.landlock_abi = 0).granting(&[HARMLESS]);
    let error = refused(&lab, &lab.itself(&["echo"])).to_string();
    assert!(error.contains("starts only programs that are granted"), "{error}");
}

fn a_missing_grant_is_named() {
    let lab = Lab::new();
    let missing = lab.path("missing");
    let profile = Profile { read: vec![missing.clone()], ..lab.itself(&["echo"]) };
    let error = refused(&lab, &profile).to_string();
    assert!(error.contains(&format!("cannot grant {}: ", missing.display())), "{error}");
}

fn an_unusable_profile_is_named() {
    let lab = Lab::new();
    let good = lab.itself(&["echo"]);
    let variable = |name: &str| vec![(name.to_owned(), String::new())];
    let unusable = [
        Profile { read: vec![PathBuf::from("relative")], ..good.clone() },
        Profile { list: vec![PathBuf::from("relative")], ..good.clone() },
        Profile { scratch: Some(PathBuf::from("relative")), ..good.clone() },
        Profile { environment: variable("A=B"), ..good.clone() },
        Profile { environment: variable(""), ..good.clone() },
        lab.itself(&["echo\0"]),
    ];
    for profile in unusable {
        let error = refused(&lab, &profile);
        assert!(matches!(error, SpawnError::Profile(_)), "{error}");
    }
}

fn a_launcher_is_not_started_by_hand() {
    let output = command("--sandbox-exec", &["echo"]).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "the sandbox's launcher was started by hand\n");
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
}

fn a_launcher_with_threads_is_refused() {
    let mut lab = Lab::new();
    let path = lab.path("home").join(EARLY_THREAD);
    std::fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
    let program = std::fs::File::open(path).unwrap();
    lab.launcher = probity_sandbox::Launcher::with_program(program.into()).unwrap();
    let error = refused(&lab, &lab.itself(&["echo"])).to_string();
    assert_eq!(
        error,
        "the launcher failed at counting its threads: there are 2, and only one can be confined"
    );
    let lab = Lab::new();
    let outcome = finish(lab.launcher.spawn(&lab.itself(&["work_threads"])).unwrap());
    assert!(outcome.through(), "{outcome:?}");
}

fn a_program_that_is_no_launcher_is_noticed() {
    let mut lab = Lab::new();
    let program = std::fs::File::open("/bin/true").unwrap();
    lab.launcher = probity_sandbox::Launcher::with_program(program.into()).unwrap();
    let error = refused(&lab, &lab.itself(&["echo"])).to_string();
    assert_eq!(error, "the launcher gave no report: it ended with exit status: 0");
}

fn a_grant_of_everything_is_refused() {
    let lab = Lab::new();
    let profile = Profile { read: vec![PathBuf::from("/")], ..lab.itself(&["echo"]) };
    let error = refused(&lab, &profile).to_string();
    assert_eq!(error, "the launcher failed at testing the confinement: reading a file was not refused");
}
