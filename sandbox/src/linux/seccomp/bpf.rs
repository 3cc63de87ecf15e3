//! Turns rules into a classic BPF program, the only kind of program that a seccomp filter can be.
//!
//! The program sees the call's number, the architecture, and six arguments of 64 bits each. Where the kernel takes an
//! `int`, only the lower half may be compared: the kernel ignores the upper half, so that comparing it would open a way
//! around the rule.

use libc::sock_filter;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Allow,
    /// It fails with this error number; with 0 it does nothing and seems to succeed.
    Fail(libc::c_int),
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
    pub(super) number: libc::c_long,
    pub(super) cases: Vec<Case>,
    pub(super) otherwise: Action,
}

impl Rule {
    /// A rule that does not look at the arguments.
    pub(super) fn always(number: libc::c_long, action: Action) -> Rule {
        Rule { number, cases: Vec::new(), otherwise: action }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
pub(super) const ARCHITECTURE: u32 = 0xC000_00B7;

/// Numbers from here on are calls of the x32 kind, which name other calls than the same numbers below.
#[cfg(target_arch = "x86_64")]
pub(super) const FOREIGN_NUMBERS: Option<u32> = Some(0x4000_0000);
#[cfg(target_arch = "aarch64")]
pub(super) const FOREIGN_NUMBERS: Option<u32> = None;

/// Where the kernel puts what the program sees.
const NUMBER: u32 = 0;
const ARCHITECTURE_FIELD: u32 = 4;
const ARGUMENTS: u32 = 16;

/// The program for the rules. A call that no rule names gets `default`; one of another architecture kills the process.
pub(super) fn program(rules: &[Rule], default: Action) -> Vec<sock_filter> {
    let mut program = vec![
        load(ARCHITECTURE_FIELD),
        jump(libc::BPF_JEQ, ARCHITECTURE, 1, 0),
        finish(Action::Kill),
        load(NUMBER),
    ];
    if let Some(first) = FOREIGN_NUMBERS {
        program.extend([jump(libc::BPF_JGE, first, 0, 1), finish(Action::Kill)]);
    }
    for rule in rules {
        let body = body(rule);
        let number = u32::try_from(rule.number).expect("numbers of system calls are small and positive");
        program.push(jump(libc::BPF_JEQ, number, 0, distance(body.len())));
        program.extend(body);
    }
    program.push(finish(default));
    program
}

/// All paths through it end in a return, so that the number need not be loaded again for the next rule.
fn body(rule: &Rule) -> Vec<sock_filter> {
    let mut body: Vec<_> = rule.cases.iter().flat_map(case).collect();
    body.push(finish(rule.otherwise));
    body
}

fn case(case: &Case) -> Vec<sock_filter> {
    let mut instructions: Vec<_> = case.checks.iter().flat_map(check).collect();
    instructions.push(finish(case.action));
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

fn finish(action: Action) -> sock_filter {
    let value = match action {
        Action::Allow => libc::SECCOMP_RET_ALLOW,
        Action::Fail(error) => {
            libc::SECCOMP_RET_ERRNO | u32::try_from(error).expect("error numbers are positive")
        }
        Action::Kill => libc::SECCOMP_RET_KILL_PROCESS,
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
