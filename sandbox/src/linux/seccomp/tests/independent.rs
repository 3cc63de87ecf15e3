//! An independent compiler makes a program of the same rules, and both programs agree, but for what it cannot express.
//!
//! What it cannot express, and how it is compared nevertheless:
//! - more than one action besides the default: one program for each action, which says whether a case has that action;
//! - what happens to a call that no case of its rule fits (`otherwise`): taken from the rule, after every program has said
//!   that none fits;
//! - a listener that is told: compared without one;
//! - numbers of the x32 kind: it takes them for unknown calls, ours kills. The difference is the last test here.

use super::super::calls::Call;
use super::super::rule::{Action, Case, Check};
use super::exhaustive::{arguments, numbers};
use super::*;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Compare, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

const FITS: u32 = 0x7ff0_0000;
const FITS_NOT: u32 = 0x7fff_0000;
const KILLED: u32 = 0x8000_0000;

fn condition(check: &Check) -> SeccompCondition {
    let (argument, width, compare, value) = match *check {
        Check::Is(argument, value) => (argument, Width::Dword, Compare::Eq, value.into()),
        Check::Bits { argument, mask, value } => {
            (argument, Width::Dword, Compare::MaskedEq(mask.into()), value.into())
        }
        Check::Null(argument) => (argument, Width::Qword, Compare::Eq, 0),
    };
    SeccompCondition::new(argument, width, compare, value).unwrap()
}

fn target(architecture: Architecture) -> TargetArch {
    match architecture {
        Architecture::X86_64 => TargetArch::x86_64,
        Architecture::Aarch64 => TargetArch::aarch64,
    }
}

/// Says of each call whether a case of its rule that fits has this action.
fn theirs(architecture: Architecture, rules: &[Rule], action: Action) -> Vec<libc::sock_filter> {
    let fitting = |case: &Case| SeccompRule::new(case.checks.iter().map(condition).collect()).unwrap();
    let cases = |rule: &Rule| -> Vec<SeccompRule> {
        rule.cases.iter().filter(|case| case.action == action).map(fitting).collect()
    };
    let chains: BTreeMap<i64, Vec<SeccompRule>> = rules
        .iter()
        .filter_map(|rule| {
            let number = i64::from(rule.call.number(architecture)?);
            match rule.cases.is_empty() {
                true => (rule.otherwise == action).then_some((number, vec![])),
                false => Some((number, cases(rule))).filter(|(_, cases)| !cases.is_empty()),
            }
        })
        .collect();
    let filter =
        SeccompFilter::new(chains, SeccompAction::Allow, SeccompAction::Trace(0), target(architecture));
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    let instruction =
        |i: seccompiler::sock_filter| libc::sock_filter { code: i.code, jt: i.jt, jf: i.jf, k: i.k };
    let program: Vec<_> = program.into_iter().map(instruction).collect();
    interpreter::validate(&program);
    program
}

fn actions(rules: &[Rule]) -> Vec<Action> {
    let mut actions = Vec::new();
    for rule in rules {
        for action in rule.cases.iter().map(|case| case.action).chain([rule.otherwise]) {
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
    }
    actions
}

fn returned(action: Action) -> u32 {
    match action {
        Action::Allow | Action::Tell => 0x7fff_0000,
        Action::Kill => KILLED,
        Action::Fail(error) | Action::Deny(error) => 0x0005_0000 + u32::try_from(error).unwrap(),
    }
}

/// Cases of one rule must not overlap where their actions differ, else one program for each action could not tell which
/// case comes first.
fn combined(theirs: &[(Action, Vec<libc::sock_filter>)], otherwise: Action, data: &Data) -> u32 {
    let fitting = theirs.iter().filter_map(|(action, program)| match interpreter::run(program, data) {
        FITS => Some(returned(*action)),
        FITS_NOT => None,
        other => Some(other),
    });
    let fitting: Vec<u32> = fitting.collect();
    assert!(fitting.iter().all(|one| *one == fitting[0]), "cases that overlap: {data:x?}");
    fitting.first().copied().unwrap_or_else(|| returned(otherwise))
}

#[test]
fn an_independent_compiler_agrees() {
    for architecture in ARCHITECTURES {
        for circumstances in ALL_CIRCUMSTANCES {
            let rules = rules(circumstances);
            let ours = compiled(architecture, &rules, Denial::AtOnce);
            let theirs: Vec<_> = actions(&rules)
                .into_iter()
                .map(|action| (action, theirs(architecture, &rules, action)))
                .collect();
            for number in numbers()
                .into_iter()
                .filter(|n| architecture.foreign_numbers().is_none_or(|first| *n < first))
            {
                let rule = rules.iter().find(|rule| rule.call.number(architecture) == Some(number));
                let otherwise = rule.map_or(DENIED, |rule| rule.otherwise);
                let arguments = rule.map_or(vec![[0; 6], [u64::MAX; 6]], arguments);
                for arguments in arguments {
                    for name in [architecture.audit(), 0x4000_0003] {
                        let data = Data { number, architecture: name, arguments };
                        let theirs = combined(&theirs, otherwise, &data);
                        assert_eq!(interpreter::run(&ours, &data), theirs, "{architecture:?} {data:x?}");
                    }
                }
            }
        }
    }
}

/// Harmless in its list of what is allowed, a hole in a list of what is denied.
#[test]
fn what_the_independent_compiler_does_not_see() {
    let rules = rules(CIRCUMSTANCES);
    let data = Data {
        number: 0x4000_0000 | Call::read.number(Architecture::X86_64).unwrap(),
        architecture: Architecture::X86_64.audit(),
        arguments: [0; 6],
    };
    let theirs = theirs(Architecture::X86_64, &rules, Action::Allow);
    assert_eq!(interpreter::run(&theirs, &data), FITS_NOT);
    let ours = compiled(Architecture::X86_64, &rules, Denial::AtOnce);
    assert_eq!(interpreter::run(&ours, &data), KILLED);
}
