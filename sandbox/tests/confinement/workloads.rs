//! What honest plugins do works, and what every program finds is there.

use crate::Test;
use crate::attacks::{commit, git_with_helpers};
use crate::entries::write;
use crate::lab::{Lab, Way, everywhere, finish};
use probity_sandbox::Level;

pub(crate) fn tests() -> Vec<Test> {
    tests!("workload":
        an_honest_plugin_is_not_hindered
        asynchronous_runtimes_work
        what_is_granted_can_be_read
        a_granted_program_does_what_it_does_elsewhere
        a_granted_git_does_what_it_does_elsewhere
    )
}

fn an_honest_plugin_is_not_hindered() {
    let works =
        ["work_threads", "work_pool", "work_scratch", "work_panic", "work_signals", "work_descriptors"];
    for work in works {
        for (level, way) in everywhere() {
            let outcome = Lab::at(level).run(way, &[work]);
            assert!(outcome.through(), "{work}, {way:?}, {level}: {outcome:?}");
            assert!(outcome.denied.is_empty(), "{work}, {way:?}, {level}: {outcome:?}");
        }
    }
}

fn asynchronous_runtimes_work() {
    for runtime in ["work_tokio_current", "work_tokio_multi"] {
        for (level, way) in everywhere() {
            let lab = Lab::at(level);
            let mut child = lab.launcher.spawn(&lab.confined(way, &[runtime])).unwrap();
            write(&mut child, "one\ntwo\n");
            let outcome = finish(child);
            assert_eq!(outcome.output, "one!\ntwo!\nthrough\n", "{way:?}, {level}: {outcome:?}");
        }
    }
}

fn a_granted_program_does_what_it_does_elsewhere() {
    for level in [Level::Standard, Level::Full] {
        let lab = Lab::at(level).granting(&["/usr/bin/sort"]);
        let data = lab.text("granted/data");
        for (way, arguments) in [
            (Way::Native, ["show_output", "/usr/bin/sort", &data]),
            (Way::Itself, ["show_output", "/usr/bin/sort", &data]),
            (Way::Native, ["show_output", "/usr/bin/sort", "--version"]),
        ] {
            let (confined, free) = (lab.run(way, &arguments), lab.run(Way::Free, &arguments));
            assert!(confined.through() && confined.errors.is_empty(), "{way:?}, {level}: {confined:?}");
            assert_eq!(confined.output, free.output, "{way:?}, {level}");
            assert!(confined.denied.is_empty(), "{way:?}, {level}: {confined:?}");
        }
        assert!(lab.run(Way::Native, &["work_threads"]).through());
    }
}

fn a_granted_git_does_what_it_does_elsewhere() {
    const READING: [&str; 18] = [
        "log -p",
        "show HEAD",
        "blame HEAD -- file",
        "rev-list --objects HEAD",
        "cat-file -p HEAD^{tree}",
        "ls-tree -r -l HEAD",
        "diff-tree -r --root -p HEAD",
        "shortlog -sne HEAD",
        "name-rev HEAD",
        "merge-base HEAD HEAD",
        "for-each-ref",
        "grep -n text HEAD",
        "archive HEAD",
        "count-objects",
        "rev-parse HEAD",
        "describe --always",
        "diff HEAD HEAD",
        "fsck",
    ];
    for level in [Level::Standard, Level::Full] {
        let lab = Lab::at(level).granting(&git_with_helpers());
        let directory = format!("--git-dir={}", commit(&lab.path("granted")).display());
        for command in READING {
            let git = ["show_output", "/usr/bin/git", "-c", "safe.directory=*"];
            let arguments: Vec<&str> = git
                .into_iter()
                .chain(["-c", "core.attributesFile=/dev/null", &directory])
                .chain(command.split(' '))
                .collect();
            let (confined, free) = (lab.run(Way::Native, &arguments), lab.run(Way::Free, &arguments));
            assert!(free.through() && confined.through(), "{command}, {level}: {free:?} {confined:?}");
            assert_eq!((confined.output, confined.errors), (free.output, free.errors), "{command}, {level}");
            assert_eq!(confined.denied, [""; 0], "{command}, {level}");
        }
    }
}

fn what_is_granted_can_be_read() {
    for (level, way) in everywhere() {
        let lab = Lab::at(level);
        let data = lab.text("granted/data");
        for arguments in
            [["work_map_file", &data], ["read", &data], ["list", &lab.text("granted")], ["read", "/dev/null"]]
        {
            let outcome = lab.run(way, &arguments);
            assert!(outcome.through(), "{arguments:?}, {way:?}, {level}: {outcome:?}");
        }
    }
}
