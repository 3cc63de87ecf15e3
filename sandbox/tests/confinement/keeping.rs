//! A scratch folder that is kept, and what a child is killed for that takes too much.

use crate::Test;
use crate::lab::{HELD, Lab, everywhere, finish};
use probity_sandbox::{KeepError, Level, Limits, Overrun, Profile, copy_folder, open_folder};
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

pub(crate) fn tests() -> Vec<Test> {
    tests!("keeping":
        what_a_child_leaves_is_found_by_the_next_one
        what_does_not_fit_is_left_out_and_changes_no_level
        who_has_too_much_is_killed_for_it
        processor_time_is_told_of_the_child_alone
        a_child_enters_its_control_group_first_of_all
    )
}

fn what_a_child_leaves_is_found_by_the_next_one() {
    for (level, way) in everywhere() {
        let lab = Lab::at(level);
        let profile = Profile { keep: true, ..lab.confined(way, &["work_again"]) };
        for round in 0..3 {
            let mut child = lab.launcher.spawn(&profile).unwrap();
            let (output, errors) = (child.stdout.take(), child.stderr.take());
            drop(child.stdin.take());
            assert!(child.wait().unwrap().success(), "{way:?}, {level}, {errors:?}");
            let output = std::io::read_to_string(fs::File::from(output.unwrap())).unwrap();
            assert_eq!(output, format!("{round}\nthrough\n"), "{way:?}, {level}");
            let kept = tempfile::tempdir().unwrap();
            let to = open_folder(kept.path()).unwrap();
            let skipped = copy_folder(child.left().unwrap(), to.as_fd(), 1 << 20, 10).unwrap();
            assert_eq!(skipped, 1, "the link");
            fs::remove_dir_all(lab.path("scratch")).unwrap();
            fs::rename(kept.path(), lab.path("scratch")).unwrap();
            fs::create_dir(kept.path()).unwrap();
        }
        assert!(lab.launcher.spawn(&lab.confined(way, &["echo"])).unwrap().left().is_none());
    }
}

/// Where all of it does not fit, as with a file too large or one page too many, a child begins with nothing, at the level that it
/// would have otherwise.
fn what_does_not_fit_is_left_out_and_changes_no_level() {
    let mut lab = Lab::at(Level::Full);
    lab.level = Level::Standard;
    let limits = Limits { scratch_size: 1 << 16, ..lab.limits.clone() };
    let fill = |name: &str, size| {
        fs::File::create(lab.path("scratch").join(name)).unwrap().set_len(size).unwrap();
    };
    fill("large", (1 << 16) - 1);
    fill("small", 1);
    for larger in [(1 << 16) - 1, 1 << 20] {
        fill("large", larger);
        let profile = Profile { keep: true, limits: limits.clone(), ..lab.itself(&["work_again"]) };
        let child = lab.launcher.spawn(&profile).unwrap();
        assert_eq!(child.report().level, Level::Full);
        assert_eq!(finish(child).output, "0\nthrough\n");
    }
    let (from, to) = (open_folder(&lab.path("scratch")).unwrap(), tempfile::tempdir().unwrap());
    let to = open_folder(to.path()).unwrap();
    let error = copy_folder(from.as_fd(), to.as_fd(), 1 << 16, 10).unwrap_err();
    assert!(matches!(error, KeepError::TooMuch { bytes: 65536, files: 10 }), "{error}");
}

fn who_has_too_much_is_killed_for_it() {
    let mut lab = Lab::at(Level::Standard);
    lab.limits = Limits { scratch_size: 20 << 20, scratch_files: 1000, ..Limits::default() };
    let scratch = lab.text("scratch");
    for (attack, further, overrun) in [
        ("fill_disk", HELD, Overrun::ScratchSize),
        ("fill_directory", HELD, Overrun::ScratchFiles),
        ("fill_disk_greedily", "1", Overrun::ScratchSize),
        ("fill_disk_greedily", "4", Overrun::ScratchSize),
    ] {
        let mut child = lab.launcher.spawn(&lab.itself(&[attack, &scratch, further])).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL), "{attack}");
        assert_eq!(child.overrun(), Some(overrun), "{attack}");
        fs::remove_dir_all(lab.path("scratch")).unwrap();
        fs::create_dir(lab.path("scratch")).unwrap();
    }
    let child = lab.launcher.spawn(&lab.itself(&["work_scratch"])).unwrap();
    assert!(finish(child).through());
}

fn processor_time_is_told_of_the_child_alone() {
    for (level, way) in everywhere() {
        let mut lab = Lab::at(level);
        lab.limits.cpu_seconds = 30;
        let mut child = lab.launcher.spawn(&lab.confined(way, &["spin"])).unwrap();
        // It uses more and more, until it has ended by itself.
        let clock = child.clock().unwrap();
        while clock.processor_time().unwrap().as_millis() < 150 {
            assert_eq!(child.try_wait().unwrap(), None, "{way:?}, {level}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(clock.processor_time().is_err(), "{way:?}, {level}");
    }
}

/// In a folder that looks like a delegated group. What the kernel makes of what is written there is not seen here.
fn a_child_enters_its_control_group_first_of_all() {
    for (level, way) in everywhere() {
        let groups = tempfile::tempdir().unwrap();
        fs::write(groups.path().join("cgroup.controllers"), "memory pids").unwrap();
        fs::write(groups.path().join("cgroup.procs"), std::process::id().to_string()).unwrap();
        let lab = Lab::at(level).grouping_in(groups.path());
        let mut child = lab.launcher.spawn(&lab.confined(way, &["echo"])).unwrap();
        let group = fs::read_dir(groups.path()).unwrap().map(|entry| entry.unwrap().path());
        let group =
            group.into_iter().find(|path| path.to_string_lossy().contains("probity-plugin-")).unwrap();
        let read = |name: &str| fs::read_to_string(Path::new(&group).join(name)).unwrap();
        assert_eq!(read("cgroup.procs"), "0", "{way:?}, {level}");
        assert!(child.report().guarantees.iter().any(|one| one.provider.contains("control group")));
        assert_eq!(child.overrun(), None);
        fs::write(group.join("memory.events"), "oom_kill 1\n").unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(child.overrun(), Some(Overrun::Memory));
        drop(child);
        assert_eq!(read("cgroup.kill"), "1");
    }
}
