//! Turns rules into a classic BPF program, the only kind of program that a seccomp filter can be.
//!
//! The program sees the call's number, the architecture, and six arguments of 64 bits each.

use super::architecture::Architecture;
use super::rule::{Action, Case, Check, Rule};
use libc::sock_filter;

/// Where the kernel puts what the program sees.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

/// What becomes of a call that is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// It fails at once.
    AtOnce,
    /// Whoever holds the filter's listener is told, and answers.
    Told,
}

/// The program for the rules. A call that no rule names gets `default`; one of another architecture kills the process.
///
/// A call that is always allowed costs nothing: the kernel knows it without running the program. Rules with cases should
/// come first, since their place in the list is what they cost.
pub(super) fn program(
    architecture: Architecture,
    rules: &[Rule],
    default: Action,
    denial: Denial,
) -> Vec<sock_filter> {
    let finish = |action| finish(action, denial);
    let mut program = vec![
        load(ARCHITECTURE),
        jump(libc::BPF_JEQ, architecture.audit(), 1, 0),
        finish(Action::Kill),
        load(NUMBER),
    ];
    if let Some(first) = architecture.foreign_numbers() {
        program.extend([jump(libc::BPF_JGE, first, 0, 1), finish(Action::Kill)]);
    }
    for rule in rules {
        let Some(number) = rule.call.number(architecture) else { continue };
        let body = body(rule, denial);
        program.push(jump(libc::BPF_JEQ, number, 0, distance(body.len())));
        program.extend(body);
    }
    program.push(finish(default));
    program
}

/// All paths through it end in a return, so that the number need not be loaded again for the next rule.
fn body(rule: &Rule, denial: Denial) -> Vec<sock_filter> {
    let mut body: Vec<_> = rule.cases.iter().flat_map(|case| self::case(case, denial)).collect();
    body.push(finish(rule.otherwise, denial));
    body
}

fn case(case: &Case, denial: Denial) -> Vec<sock_filter> {
    let mut instructions: Vec<_> = case.checks.iter().flat_map(check).collect();
    instructions.push(finish(case.action, denial));
    // A check that does not hold continues behind this case.
    let length = instructions.len();
    let comparison = opcode(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K);
    for (at, instruction) in instructions.iter_mut().enumerate() {
        if instruction.code == comparison {
            instruction.jf = distance(length - at - 1);
        }
    }
    instructions
}

fn check(check: &Check) -> Vec<sock_filter> {
    let low = |argument: u8| ARGUMENTS + 8 * u32::from(argument);
    let equal = |value| jump(libc::BPF_JEQ, value, 0, 0);
    match *check {
        Check::Is(argument, value) => vec![load(low(argument)), equal(value)],
        Check::Bits { argument, mask, value } => {
            let and = statement(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, mask);
            vec![load(low(argument)), and, equal(value)]
        }
        Check::Null(argument) => {
            vec![load(low(argument)), equal(0), load(low(argument) + 4), equal(0)]
        }
    }
}

fn load(offset: u32) -> sock_filter {
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset)
}

fn finish(action: Action, denial: Denial) -> sock_filter {
    let failing = |error| libc::SECCOMP_RET_ERRNO | u32::try_from(error).expect("error numbers are positive");
    let value = match (action, denial) {
        (Action::Allow, _) | (Action::Tell, Denial::AtOnce) => libc::SECCOMP_RET_ALLOW,
        (Action::Fail(error), _) | (Action::Deny(error), Denial::AtOnce) => failing(error),
        (Action::Tell | Action::Deny(_), Denial::Told) => libc::SECCOMP_RET_USER_NOTIF,
        (Action::Kill, _) => libc::SECCOMP_RET_KILL_PROCESS,
    };
    statement(libc::BPF_RET | libc::BPF_K, value)
}

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter { code: opcode(code), jt: 0, jf: 0, k }
}

fn jump(condition: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: opcode(libc::BPF_JMP | condition | libc::BPF_K), jt, jf, k }
}

fn opcode(code: u32) -> u16 {
    u16::try_from(code).expect("operation codes have 16 bits")
}

fn distance(instructions: usize) -> u8 {
    u8::try_from(instructions).expect("the rules are constant, and each is shorter than 256 instructions")
}
