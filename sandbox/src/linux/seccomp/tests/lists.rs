//! The lists themselves: reasons, numbers, no entry twice.

use super::super::STARTS;
use super::super::allowlist::ALLOWED;
use super::super::calls::Call;
use super::super::naming::{NAMING, named};
use super::super::rule::{Action, Check};
use super::*;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_entry_has_a_reason_and_stands_there_once() {
    let (mut calls, mut reasons) = (BTreeSet::new(), BTreeSet::new());
    for group in ALLOWED {
        assert!(group.reason.len() > 5, "{:?} need a reason", group.calls);
        assert!(reasons.insert(group.reason), "two groups have the reason {:?}", group.reason);
        assert!(!group.calls.is_empty(), "a reason for nothing: {:?}", group.reason);
        for call in group.calls {
            assert!(calls.insert(*call), "{} stands there twice", call.name());
        }
    }
}

#[test]
fn every_rule_has_a_reason_and_each_call_one_rule() {
    for circumstances in ALL_CIRCUMSTANCES {
        let mut calls = BTreeSet::new();
        for rule in rules(circumstances) {
            assert!(rule.reason.len() > 5, "{} needs a reason", rule.call.name());
            assert!(calls.insert(rule.call), "{} has two rules", rule.call.name());
        }
    }
}

/// A value outside its mask would never be met, and a case without checks would hide those behind it.
#[test]
fn every_case_can_be_met() {
    for rule in ALL_CIRCUMSTANCES.into_iter().flat_map(rules) {
        for case in &rule.cases {
            assert!(!case.checks.is_empty(), "{}", rule.call.name());
            for check in &case.checks {
                if let Check::Bits { mask, value, .. } = check {
                    assert_eq!(value & !mask, 0, "{}", rule.call.name());
                }
            }
        }
    }
}

/// What an older Landlock lacks is made up for by a rule instead of the entry of the list.
#[test]
fn a_rule_of_its_own_replaces_the_entry_of_the_list() {
    let truncate = |circumstances| {
        let rules = rules(circumstances);
        rules.iter().find(|rule| rule.call == Call::truncate).unwrap().otherwise
    };
    assert_eq!(truncate(Circumstances { landlock_abi: 2, ..CIRCUMSTANCES }), Action::Deny(libc::EACCES));
    assert_eq!(truncate(CIRCUMSTANCES), Action::Allow);
}

/// Numbers of 64-bit calls, as another list has them. It names calls for aarch64 that only 32-bit machines have, and one by
/// the name of its entry in the kernel's shared table.
#[test]
fn the_numbers_are_those_of_an_independent_list() {
    let named = |number: usize, name: &str| (name.to_owned(), u32::try_from(number).unwrap());
    let x86_64: BTreeMap<String, u32> = (0..=600)
        .filter_map(|number| Some(named(number, syscalls::x86_64::Sysno::new(number)?.name())))
        .collect();
    let mut aarch64: BTreeMap<String, u32> = (0..=600)
        .filter(|number| !(403..=423).contains(number))
        .filter_map(|number| Some(named(number, syscalls::aarch64::Sysno::new(number)?.name())))
        .collect();
    assert_eq!(aarch64.remove("fstatat"), Some(79));
    aarch64.insert("newfstatat".to_owned(), 79);
    for (architecture, theirs) in [(Architecture::X86_64, x86_64), (Architecture::Aarch64, aarch64)] {
        let named = |call: &Call| Some((call.name().to_owned(), call.number(architecture)?));
        let ours: BTreeMap<String, u32> = Call::ALL.iter().filter_map(named).collect();
        assert_eq!(ours, theirs, "{architecture:?}");
    }
}

#[test]
fn a_number_names_one_call() {
    for architecture in ARCHITECTURES {
        for call in Call::ALL {
            let named = call.number(architecture).and_then(|number| Call::of(architecture, number));
            assert!(named.is_none_or(|named| named == *call), "{}", call.name());
        }
        assert_eq!(Call::of(architecture, 600), None);
    }
}

/// Numbers of this machine, as the C library's headers have them.
#[test]
fn the_numbers_are_those_of_the_headers() {
    for (call, number) in [
        (Call::read, libc::SYS_read),
        (Call::openat2, libc::SYS_openat2),
        (Call::clone3, libc::SYS_clone3),
        (Call::mmap, libc::SYS_mmap),
        (Call::prctl, libc::SYS_prctl),
        (Call::newfstatat, libc::SYS_newfstatat),
    ] {
        assert_eq!(call.number(Architecture::HERE).map(i64::from), Some(number), "{}", call.name());
    }
}

/// What only one architecture has: the other reaches the same by a newer call.
#[test]
fn each_architecture_has_what_the_other_lacks() {
    let lacking = |architecture: Architecture| -> Vec<&str> {
        let rules = rules(CIRCUMSTANCES);
        let lacking = rules.iter().filter(|rule| rule.call.number(architecture).is_none());
        lacking.map(|rule| rule.call.name()).collect()
    };
    assert_eq!(lacking(Architecture::X86_64), Vec::<&str>::new());
    let mut lacking = lacking(Architecture::Aarch64);
    lacking.sort_unstable();
    assert_eq!(
        lacking.join(" "),
        "access alarm arch_prctl creat dup2 epoll_create epoll_wait eventfd getdents getpgrp link lstat mkdir open \
         pause pipe poll readlink rename rmdir select stat symlink time unlink"
    );
}

/// What names files and is told in a traced start: with a reason, once, and everything that the lists allow for the sake of
/// files that Landlock decides on.
#[test]
fn every_allowed_call_that_names_files_is_told() {
    let (mut calls, mut reasons) = (BTreeSet::new(), BTreeSet::new());
    for group in NAMING {
        assert!(group.reason.len() > 5 && reasons.insert(group.reason), "{:?} need a reason", group.calls);
        for (call, named) in group.calls {
            assert!(calls.insert(*call), "{} stands there twice", call.name());
            assert!(!named.is_empty(), "{} names nothing", call.name());
        }
    }
    // By their names: what has a path is spelt so. The rest work on descriptors.
    const SPELT: [&str; 12] = [
        "open", "stat", "access", "link", "mkdir", "rmdir", "rename", "exec", "chdir", "truncate", "creat",
        "mknod",
    ];
    const OF_DESCRIPTORS: [&str; 10] = [
        "fstat",
        "fstatfs",
        "fchdir",
        "ftruncate",
        "epoll_create",
        "epoll_create1",
        "timer_create",
        "timerfd_create",
        "pidfd_open",
        "memfd_create",
    ];
    for rule in rules(CIRCUMSTANCES) {
        let name = rule.call.name();
        let spelt = SPELT.iter().any(|part| name.contains(part)) && !OF_DESCRIPTORS.contains(&name);
        assert_eq!(!named(rule.call).is_empty(), spelt, "{name}");
    }
    for circumstances in ALL_CIRCUMSTANCES {
        let tells = |rule: &&Rule| {
            rule.cases
                .iter()
                .map(|case| case.action)
                .chain([rule.otherwise])
                .any(|action| action == Action::Tell)
        };
        let told = rules(circumstances).iter().filter(tells).map(|rule| rule.call).collect::<BTreeSet<_>>();
        let mut allowed = calls.clone();
        if circumstances.landlock_abi < 3 {
            allowed.remove(&Call::truncate);
        }
        if circumstances.landlock_abi < 3 || !circumstances.alone {
            allowed.remove(&Call::openat2);
        }
        let mut expected = if circumstances.traced { allowed } else { BTreeSet::new() };
        if circumstances.counted {
            expected
                .extend(STARTS.into_iter().filter(|call| circumstances.processes || *call == Call::clone));
        }
        assert_eq!(told, expected);
    }
}
