//! The filter's program is run by an interpreter here, and compared with what the rules say.

use super::bpf::{ARCHITECTURE, Action, Check, FOREIGN_NUMBERS, Rule, program};
use super::{Circumstances, DENIED, allowlist, rules};
use std::collections::BTreeSet;

const PID: u32 = 4321;
const CIRCUMSTANCES: Circumstances = Circumstances { own_pid: PID, landlock_abi: 7 };

/// What the kernel hands to the program.
#[derive(Clone, Copy, Debug)]
struct Call {
    number: u32,
    architecture: u32,
    arguments: [u64; 6],
}

impl Call {
    fn new(number: libc::c_long, arguments: [u64; 6]) -> Call {
        Call { number: u32::try_from(number).unwrap(), architecture: ARCHITECTURE, arguments }
    }

    fn word(&self, offset: u32) -> u32 {
        match offset {
            0 => self.number,
            4 => self.architecture,
            16..64 => {
                let argument = self.arguments[(offset as usize - 16) / 8];
                if offset.is_multiple_of(8) { argument as u32 } else { (argument >> 32) as u32 }
            }
            other => panic!("the program looks at {other}"),
        }
    }
}

/// Runs the program as the kernel does.
fn interpret(program: &[libc::sock_filter], call: &Call) -> Action {
    let (mut accumulator, mut at) = (0_u32, 0);
    loop {
        let instruction = program[at];
        let k = instruction.k;
        at += 1;
        let jump = |condition| usize::from(if condition { instruction.jt } else { instruction.jf });
        match instruction.code {
            0x20 => accumulator = call.word(k),
            0x54 => accumulator &= k,
            0x15 => at += jump(accumulator == k),
            0x35 => at += jump(accumulator >= k),
            0x06 => return action(k),
            other => panic!("unknown instruction {other:#x}"),
        }
    }
}

fn action(value: u32) -> Action {
    match value {
        0x7fff_0000 => Action::Allow,
        0x8000_0000 => Action::Kill,
        error => {
            assert_eq!(error >> 16, 0x0005);
            Action::Fail((error & 0xffff) as i32)
        }
    }
}

/// What the rules say, taken literally.
fn expected(rules: &[Rule], call: &Call) -> Action {
    let Some(rule) = rules.iter().find(|rule| rule.number == i64::from(call.number)) else { return DENIED };
    let holds = |check: &Check| {
        let low = |argument: u8| call.arguments[usize::from(argument)] as u32;
        match *check {
            Check::Is(argument, value) => low(argument) == value,
            Check::Bits { argument, mask, value } => low(argument) & mask == value,
            Check::Null(argument) => call.arguments[usize::from(argument)] == 0,
        }
    };
    rule.cases.iter().find(|case| case.checks.iter().all(holds)).map_or(rule.otherwise, |case| case.action)
}

#[test]
fn the_program_does_what_the_rules_say() {
    let mut values =
        vec![0, 1, 2, 3, 5, 9, 36, 0x20, 0x22, 0x100, 0x122, 0x200, 0x241, 0x5401, 0x5413, 0x5412];
    values.extend([0x541B, 0x2000_0000, 0x1000_0000, 0x003d_0f00, 0x0001_0100, u64::from(PID), 0x5356_4d41]);
    let halves: Vec<u64> = values.iter().flat_map(|value| [*value, value | 1 << 32, value << 32]).collect();
    let mut state = 1_u64;
    let mut any = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        halves[(state >> 33) as usize % halves.len()]
    };
    for landlock_abi in [1, 3, 7] {
        let rules = rules(Circumstances { landlock_abi, ..CIRCUMSTANCES });
        let program = program(&rules, DENIED);
        for number in 0..600 {
            for _ in 0..100 {
                let call = Call::new(number, std::array::from_fn(|_| any()));
                assert_eq!(interpret(&program, &call), expected(&rules, &call), "{call:?}");
            }
        }
    }
}

#[test]
fn arguments_decide() {
    const THREAD: i32 = libc::CLONE_VM
        | libc::CLONE_FS
        | libc::CLONE_FILES
        | libc::CLONE_SIGHAND
        | libc::CLONE_THREAD
        | libc::CLONE_SYSVSEM
        | libc::CLONE_SETTLS;
    let program = program(&rules(CIRCUMSTANCES), DENIED);
    let verdict = |number, arguments: &[i64]| {
        let mut all = [0; 6];
        for (to, from) in all.iter_mut().zip(arguments) {
            *to = *from as u64;
        }
        interpret(&program, &Call::new(number, all))
    };
    let (allowed, denied) = (Action::Allow, DENIED);
    let above = 1_i64 << 32;
    let anonymous = i64::from(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let shared = i64::from(libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    for (number, arguments, expected) in [
        (libc::SYS_clone, vec![THREAD.into()], allowed),
        (libc::SYS_clone, vec![libc::SIGCHLD.into()], denied),
        (libc::SYS_clone, vec![(libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD).into()], denied),
        (libc::SYS_clone, vec![(THREAD | libc::CLONE_NEWUSER).into()], denied),
        (libc::SYS_clone3, vec![], Action::Fail(libc::ENOSYS)),
        (libc::SYS_mmap, vec![0, 4096, 3, anonymous], allowed),
        (libc::SYS_mmap, vec![0, 4096, 1, libc::MAP_PRIVATE.into()], allowed),
        (libc::SYS_mmap, vec![0, 4096, 3, shared], denied),
        (libc::SYS_mmap, vec![0, 4096, 3, shared | above], denied),
        (libc::SYS_mmap, vec![0, 4096, 3, anonymous | i64::from(libc::MAP_GROWSDOWN)], denied),
        (libc::SYS_kill, vec![PID.into(), 9], allowed),
        (libc::SYS_kill, vec![(-i64::from(PID)), 9], denied),
        (libc::SYS_kill, vec![-1, 9], denied),
        (libc::SYS_kill, vec![i64::from(PID) | above, 9], allowed),
        (libc::SYS_socket, vec![libc::AF_UNIX.into(), 1], denied),
        (
            libc::SYS_socketpair,
            vec![libc::AF_UNIX.into(), (libc::SOCK_STREAM | libc::SOCK_CLOEXEC).into()],
            allowed,
        ),
        (libc::SYS_socketpair, vec![libc::AF_UNIX.into(), libc::SOCK_DGRAM.into()], denied),
        (libc::SYS_sendto, vec![4, 1, 1, 0, 0], allowed),
        (libc::SYS_sendto, vec![4, 1, 1, 0, above], denied),
        (libc::SYS_sendto, vec![4, 1, 1, libc::MSG_FASTOPEN.into(), 0], denied),
        (libc::SYS_prlimit64, vec![0, 7, 0, 1], allowed),
        (libc::SYS_prlimit64, vec![0, 7, above, 1], denied),
        (libc::SYS_prlimit64, vec![1, 7, 0, 1], denied),
        (libc::SYS_prctl, vec![libc::PR_SET_NAME.into()], allowed),
        (libc::SYS_prctl, vec![libc::PR_SET_PDEATHSIG.into()], denied),
        (libc::SYS_fcntl, vec![0, libc::F_SETOWN.into()], denied),
        (libc::SYS_ioctl, vec![0, 0x5412], Action::Fail(libc::ENOTTY)),
        (libc::SYS_fchmod, vec![], Action::Fail(0)),
        (libc::SYS_memfd_create, vec![], Action::Fail(libc::ENOSYS)),
        (libc::SYS_setsid, vec![], denied),
        (libc::SYS_unshare, vec![], denied),
        (libc::SYS_ptrace, vec![], denied),
        (libc::SYS_wait4, vec![], denied),
    ] {
        assert_eq!(verdict(number, &arguments), expected, "{number} {arguments:x?}");
    }
}

#[test]
fn calls_of_another_architecture_kill() {
    let program = program(&rules(CIRCUMSTANCES), DENIED);
    let read = Call::new(libc::SYS_read, [0; 6]);
    assert_eq!(interpret(&program, &read), Action::Allow);
    assert_eq!(interpret(&program, &Call { architecture: 0x4000_0003, ..read }), Action::Kill);
    if let Some(first) = FOREIGN_NUMBERS {
        assert_eq!(interpret(&program, &Call { number: first | read.number, ..read }), Action::Kill);
    }
}

#[test]
fn the_program_fits_into_the_kernel() {
    let length = program(&rules(Circumstances { landlock_abi: 1, ..CIRCUMSTANCES }), DENIED).len();
    assert!(length <= 4096, "{length} instructions");
}

#[test]
fn every_entry_has_a_reason_and_stands_there_once() {
    let mut seen = BTreeSet::new();
    for entry in allowlist::ALLOWED.iter().chain(allowlist::ALLOWED_HERE) {
        assert!(entry.reason.len() > 5, "{} needs a reason", entry.name);
        assert!(seen.insert(entry.number), "{} stands there twice", entry.name);
    }
}

#[test]
fn a_rule_of_its_own_replaces_the_entry_of_the_list() {
    let rules = rules(Circumstances { landlock_abi: 2, ..CIRCUMSTANCES });
    let mut seen = BTreeSet::new();
    assert!(rules.iter().all(|rule| seen.insert(rule.number)));
    let program = program(&rules, DENIED);
    assert_eq!(interpret(&program, &Call::new(libc::SYS_truncate, [0; 6])), Action::Fail(libc::EACCES));
}
