//! Nothing is started when it could not be confined.

use crate::Test;
use crate::lab::{Lab, Way, command, finish, has_children};
use probity_sandbox::{Ceiling, Profile, SpawnError};
use std::path::PathBuf;

pub(crate) fn tests() -> Vec<Test> {
    tests!("refusal":
        without_landlock_nothing_starts
        without_seccomp_nothing_starts
        an_old_landlock_still_denies_truncation
        an_old_landlock_still_denies_signals
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

fn without_landlock_nothing_starts() {
    let lab = Lab::below(Ceiling { landlock_abi: 0, namespaces: false, ..Ceiling::default() });
    for profile in [lab.itself(&["echo"]), lab.native(&["echo"])] {
        let error = refused(&lab, &profile).to_string();
        assert!(error.starts_with("the sandbox would be too weak, it cannot guarantee: "), "{error}");
        assert!(error.contains("reads only what is granted") && !error.contains("no network"), "{error}");
    }
}

fn without_seccomp_nothing_starts() {
    let lab = Lab::below(Ceiling { seccomp: false, ..Ceiling::default() });
    for profile in [lab.itself(&["echo"]), lab.native(&["echo"])] {
        let error = refused(&lab, &profile).to_string();
        assert!(error.starts_with("the sandbox would be too weak, it cannot guarantee: "), "{error}");
        assert!(error.contains("no network") && !error.contains("reads only what is granted"), "{error}");
    }
}

fn an_old_landlock_still_denies_truncation() {
    for abi in [1, 2, 3] {
        let lab = Lab::below(Ceiling { landlock_abi: abi, namespaces: false, ..Ceiling::default() });
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
    let lab = Lab::below(Ceiling { landlock_abi: 5, namespaces: false, ..Ceiling::default() });
    let host = std::process::id().to_string();
    for attack in ["kill", "tkill", "tgkill"] {
        let arguments: &[&str] = &[attack, &host];
        let outcome = lab.run(Way::Itself, arguments);
        assert!(outcome.output.starts_with("denied: "), "{attack}: {outcome:?}");
    }
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
    let lab = Lab::new();
    let error = refused(&lab, &lab.itself(&["early-thread"])).to_string();
    assert_eq!(
        error,
        "the launcher failed at counting its threads: there are 2, and only one can be confined"
    );
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
