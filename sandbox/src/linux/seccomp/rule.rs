//! What happens to a system call: plain data, and its meaning. `bpf.rs` makes the kernel's program of it.
//!
//! Where the kernel takes an `int`, only the lower half of an argument is compared: the kernel ignores the upper half, so
//! that comparing it would open a way around the rule.

use super::architecture::Architecture;
use super::calls::Call;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Allow,
    /// As [`Action::Allow`], but where somebody listens they hear of it before.
    Tell,
    /// It fails with this error number, as programs expect of a kernel that lacks it; with 0 it does nothing and seems to
    /// succeed. Nobody hears of it.
    Fail(libc::c_int),
    /// It fails with this error number, and the person hears of it.
    Deny(libc::c_int),
    Kill,
}

/// A condition on one argument, counted from 0.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    /// The lower half is this number.
    Is(u8, u32),
    /// The lower half is `value` in the bits of `mask`.
    Bits { argument: u8, mask: u32, value: u32 },
    /// Both halves are zero: a null pointer.
    Null(u8),
}

/// What happens if all checks hold.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) checks: Vec<Check>,
    pub(super) action: Action,
}

/// What happens to one system call: the first case that holds, else `otherwise`.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) call: Call,
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader, and for the test that demands one"))]
    pub(super) reason: &'static str,
    pub(super) cases: Vec<Case>,
    pub(super) otherwise: Action,
}

impl Rule {
    /// A rule that does not look at the arguments.
    pub(super) fn always(call: Call, action: Action, reason: &'static str) -> Rule {
        Rule { call, reason, cases: Vec::new(), otherwise: action }
    }

    /// Has who listens be told of what is allowed.
    pub(super) fn tell(&mut self) {
        let actions = self.cases.iter_mut().map(|case| &mut case.action).chain([&mut self.otherwise]);
        actions.filter(|action| **action == Action::Allow).for_each(|action| *action = Action::Tell);
    }

    fn decide(&self, arguments: &[u64; 6]) -> Action {
        let holds = |case: &&Case| case.checks.iter().all(|check| check.holds(arguments));
        self.cases.iter().find(holds).map_or(self.otherwise, |case| case.action)
    }
}

impl Check {
    fn holds(&self, arguments: &[u64; 6]) -> bool {
        let whole = |argument: u8| arguments[usize::from(argument)];
        // The lower half is all that counts.
        let low = |argument| whole(argument) as u32;
        match *self {
            Check::Is(argument, value) => low(argument) == value,
            Check::Bits { argument, mask, value } => low(argument) & mask == value,
            Check::Null(argument) => whole(argument) == 0,
        }
    }
}

/// What the rules say about a call of their architecture.
pub(super) fn decide(
    rules: &[Rule],
    default: Action,
    architecture: Architecture,
    number: u32,
    arguments: &[u64; 6],
) -> Action {
    let rule = rules.iter().find(|rule| rule.call.number(architecture) == Some(number));
    rule.map_or(default, |rule| rule.decide(arguments))
}
