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

const RETURN: u32 = libc::BPF_RET | libc::BPF_K;

/// What becomes of a call that is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// It fails at once.
    AtOnce,
    /// Whoever holds the filter's listener is told, and answers.
    Told,
}

/// What happens to calls of some number.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    /// The program returns this.
    Return(u32),
    /// It depends on the arguments: the body of this rule finds out.
    Body(usize),
}

/// A question: is the number this one or above?
struct Node {
    number: u32,
    below: Next,
    above: Next,
}

/// What comes after a question.
#[derive(Clone, Copy)]
enum Next {
    Node(usize),
    End(Outcome),
}

/// The program for the rules. A call that no rule names gets `default`; one of another architecture kills the process. Of
/// rules with the same number the first counts.
///
/// A call that is always allowed costs nothing: the kernel knows it without running the program. It finds that out for each
/// number whenever a filter is installed, and translates the program, so a search by halves makes a start cheaper, too.
pub(super) fn program(
    architecture: Architecture,
    rules: &[Rule],
    default: Action,
    denial: Denial,
) -> Vec<sock_filter> {
    let mut nodes = Vec::new();
    let first = divide(&outcomes(architecture, rules, default, denial), &mut nodes);
    let mut program = vec![
        load(ARCHITECTURE),
        jump(libc::BPF_JEQ, architecture.audit(), 1, 0),
        finish(Action::Kill, denial),
        load(NUMBER),
    ];
    program.extend(search(first, &nodes, |rule| body(&rules[rule], denial)));
    program
}

/// From which number on what happens, up to the next one. The first is 0.
fn outcomes(
    architecture: Architecture,
    rules: &[Rule],
    default: Action,
    denial: Denial,
) -> Vec<(u32, Outcome)> {
    let returned = |action| Outcome::Return(value(action, denial));
    let outcome = |(at, rule): (usize, &Rule)| match rule.cases.is_empty() {
        true => returned(rule.otherwise),
        false => Outcome::Body(at),
    };
    let numbered = |rule: (usize, _)| Some((rules[rule.0].call.number(architecture)?, outcome(rule)));
    let mut numbers: Vec<(u32, Outcome)> = rules.iter().enumerate().filter_map(numbered).collect();
    numbers.sort_by_key(|(number, _)| *number);
    numbers.dedup_by_key(|(number, _)| *number);

    let mut all = Vec::with_capacity(2 * numbers.len() + 2);
    all.push((0, returned(default)));
    for (number, outcome) in numbers {
        // What was said of the number before went on.
        all.extend([(number, outcome), (number + 1, returned(default))]);
    }
    all.extend(architecture.foreign_numbers().map(|first| (first, returned(Action::Kill))));
    // Of two for one number the later counts.
    all.reverse();
    all.dedup_by_key(|(number, _)| *number);
    all.reverse();
    all.dedup_by_key(|(_, outcome)| *outcome);
    all
}

/// The questions that find what happens, of which each halves what is left.
fn divide(outcomes: &[(u32, Outcome)], nodes: &mut Vec<Node>) -> Next {
    if let [(_, outcome)] = outcomes {
        return Next::End(*outcome);
    }
    let (below, above) = outcomes.split_at(outcomes.len() / 2);
    let (own, end) = (nodes.len(), Next::End(above[0].1));
    nodes.push(Node { number: above[0].0, below: end, above: end });
    nodes[own].below = divide(below, nodes);
    nodes[own].above = divide(above, nodes);
    Next::Node(own)
}

/// The questions, then one instruction for each end, to which they jump, then what depends on arguments.
fn search(first: Next, nodes: &[Node], body: impl Fn(usize) -> Vec<sock_filter>) -> Vec<sock_filter> {
    let mut ends: Vec<Outcome> = Vec::new();
    for next in [first].into_iter().chain(nodes.iter().flat_map(|node| [node.below, node.above])) {
        if let Next::End(outcome) = next
            && !ends.contains(&outcome)
        {
            ends.push(outcome);
        }
    }
    let place = |next| match next {
        Next::Node(at) => at,
        Next::End(outcome) => nodes.len() + ends.iter().take_while(|end| **end != outcome).count(),
    };
    let mut program = Vec::with_capacity(512);
    let mut bodies = Vec::with_capacity(256);
    for (at, node) in nodes.iter().enumerate() {
        let distance = |next| distance(place(next) - at - 1);
        program.push(jump(libc::BPF_JGE, node.number, distance(node.above), distance(node.below)));
    }
    for (at, end) in ends.iter().enumerate() {
        program.push(match end {
            Outcome::Return(value) => statement(RETURN, *value),
            Outcome::Body(rule) => {
                let between = ends.len() - at - 1 + bodies.len();
                bodies.extend(body(*rule));
                statement(libc::BPF_JMP | libc::BPF_JA, u32::try_from(between).expect("a program is short"))
            }
        });
    }
    program.extend(bodies);
    program
}

/// What looks at arguments. All paths through it end in a return.
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
    statement(RETURN, value(action, denial))
}

/// What the program returns.
fn value(action: Action, denial: Denial) -> u32 {
    let failing = |error| libc::SECCOMP_RET_ERRNO | u32::try_from(error).expect("error numbers are positive");
    match (action, denial) {
        (Action::Allow, _) | (Action::Tell, Denial::AtOnce) => libc::SECCOMP_RET_ALLOW,
        (Action::Fail(error), _) | (Action::Deny(error), Denial::AtOnce) => failing(error),
        (Action::Tell | Action::Deny(_), Denial::Told) => libc::SECCOMP_RET_USER_NOTIF,
        (Action::Kill, _) => libc::SECCOMP_RET_KILL_PROCESS,
    }
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
    u8::try_from(instructions)
        .expect("the rules are constant, and the tests make all programs that there are")
}
