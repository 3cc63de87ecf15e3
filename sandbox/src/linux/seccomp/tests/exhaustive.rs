//! Every number, with every argument that a rule could care about, on every architecture: the program does what the rules
//! say.

use super::super::rule::{Action, Check, decide};
use super::*;
use std::collections::BTreeSet;

/// The architectures that the kernel could name: those that there are filters for, and 32-bit x86, ARM and s390.
const NAMES: [u32; 5] = [0xC000_003E, 0xC000_00B7, 0x4000_0003, 0x4000_0028, 0x8000_0016];

/// What a filter for `architecture` has to return.
fn expected(architecture: Architecture, rules: &[Rule], denial: Denial, data: &Data) -> u32 {
    let foreign = architecture.foreign_numbers().is_some_and(|first| data.number >= first);
    let action = match data.architecture == architecture.audit() && !foreign {
        true => decide(rules, DENIED, architecture, data.number, &data.arguments),
        false => Action::Kill,
    };
    match (action, denial) {
        (Action::Allow, _) | (Action::Tell, Denial::AtOnce) => 0x7fff_0000,
        (Action::Kill, _) => 0x8000_0000,
        (Action::Tell | Action::Deny(_), Denial::Told) => 0x7fc0_0000,
        (Action::Fail(error) | Action::Deny(error), _) => 0x0005_0000 + u32::try_from(error).unwrap(),
    }
}

/// All numbers that there are or may soon be, the same of the x32 kind, and those around the edges.
pub(super) fn numbers() -> Vec<u32> {
    let x32 = (0..=600).map(|number| number | 0x4000_0000);
    let edges = [0x3fff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
    (0..=600).chain(x32).chain(edges).collect()
}

/// The values of an argument at which a check decides one way or the other, with halves of all kinds above them.
fn boundaries(check: &Check) -> (u8, BTreeSet<u64>) {
    let (argument, lows): (u8, Vec<u32>) = match *check {
        Check::Is(argument, value) => {
            (argument, vec![value, value.wrapping_sub(1), value.wrapping_add(1), !value])
        }
        Check::Bits { argument, mask, value } => {
            let flipped = (0..32).map(|bit| value ^ (1 << bit));
            (argument, flipped.chain([value, value | !mask, !value, mask]).collect())
        }
        Check::Null(argument) => (argument, vec![0, 1, 1 << 31]),
    };
    (argument, lows.into_iter().flat_map(wide).collect())
}

/// Every combination of the boundaries of a rule's arguments; the arguments that it does not look at are all zeros or all
/// ones.
pub(super) fn arguments(rule: &Rule) -> Vec<[u64; 6]> {
    let mut interesting: [BTreeSet<u64>; 6] = Default::default();
    for check in rule.cases.iter().flat_map(|case| &case.checks) {
        let (argument, values) = boundaries(check);
        interesting[usize::from(argument)].extend(values);
    }
    let mut all = vec![[0; 6], [u64::MAX; 6]];
    for (at, values) in interesting.iter().enumerate() {
        let combined = |arguments: &[u64; 6]| {
            let arguments = *arguments;
            values.iter().map(move |value| {
                let mut arguments = arguments;
                arguments[at] = *value;
                arguments
            })
        };
        let more: Vec<_> = all.iter().flat_map(combined).collect();
        all.extend(more);
    }
    all
}

/// What any rule looks for, in all arguments at once: for calls whose arguments must not matter.
fn everywhere(rules: &[Rule]) -> Vec<[u64; 6]> {
    let checks = rules.iter().flat_map(|rule| &rule.cases).flat_map(|case| &case.checks);
    let values: BTreeSet<u64> = checks
        .flat_map(|check| match *check {
            Check::Is(_, value) | Check::Bits { value, .. } => wide(value),
            Check::Null(_) => wide(0),
        })
        .collect();
    values.into_iter().map(|value| [value; 6]).collect()
}

/// The same lower half below upper halves of all kinds, and as an upper half itself.
fn wide(low: u32) -> [u64; 5] {
    let low = u64::from(low);
    [low, low | 1 << 32, low | 1 << 63, low | u64::from(u32::MAX) << 32, low << 32]
}

#[test]
fn the_program_does_what_the_rules_say() {
    let mut compared = 0_u64;
    for architecture in ARCHITECTURES {
        for circumstances in ALL_CIRCUMSTANCES {
            let rules = rules(circumstances);
            let everywhere = everywhere(&rules);
            let programs = DENIALS.map(|denial| (denial, compiled(architecture, &rules, denial)));
            let mut compare = |data: Data| {
                for (denial, program) in &programs {
                    let expected = expected(architecture, &rules, *denial, &data);
                    assert_eq!(interpreter::run(program, &data), expected, "{architecture:?} {data:x?}");
                    compared += 1;
                }
            };
            for number in numbers() {
                let rule = rules.iter().find(|rule| rule.call.number(architecture) == Some(number));
                let own = rule.map(arguments).unwrap_or_default();
                for arguments in own.into_iter().chain(everywhere.iter().copied()) {
                    compare(Data { number, architecture: architecture.audit(), arguments });
                }
                for name in NAMES {
                    compare(Data { number, architecture: name, arguments: [0; 6] });
                }
            }
        }
    }
    // What is compared is not nothing.
    assert!(compared > 1_000_000, "{compared}");
}

#[test]
fn a_foreign_architecture_or_kind_of_call_kills() {
    for architecture in ARCHITECTURES {
        let program = compiled(architecture, &rules(CIRCUMSTANCES), Denial::Told);
        for name in NAMES.into_iter().filter(|name| *name != architecture.audit()) {
            for number in numbers() {
                let data = Data { number, architecture: name, arguments: [0; 6] };
                assert_eq!(interpreter::run(&program, &data), 0x8000_0000, "{data:x?}");
            }
        }
    }
    let program = compiled(Architecture::X86_64, &rules(CIRCUMSTANCES), Denial::Told);
    let architecture = Architecture::X86_64.audit();
    for number in numbers().into_iter().filter(|number| *number >= 0x4000_0000) {
        let data = Data { number, architecture, arguments: [0; 6] };
        assert_eq!(interpreter::run(&program, &data), 0x8000_0000, "{data:x?}");
    }
}
