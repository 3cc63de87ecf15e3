//! Runs a program as the kernel does, after the checks that the kernel makes before it takes one.

use super::Data;
use libc::sock_filter;

/// The kernel's limit.
const LONGEST: usize = 4096;

/// The opcodes that a seccomp filter may consist of, as far as ours and the independent compiler's do.
const LOAD_WORD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER: u16 = 0x25;
const JUMP_GREATER_OR_EQUAL: u16 = 0x35;
const RETURN: u16 = 0x06;

/// What the kernel refuses is refused here: jumps beyond the end, odd loads, no return at the end.
pub(super) fn validate(program: &[sock_filter]) {
    assert!((1..=LONGEST).contains(&program.len()), "{} instructions", program.len());
    assert_eq!(program[program.len() - 1].code, RETURN);
    for (at, instruction) in program.iter().enumerate() {
        let rest = program.len() - at - 1;
        match instruction.code {
            LOAD_WORD => assert!(instruction.k.is_multiple_of(4) && instruction.k < 64, "{instruction:?}"),
            JUMP => assert!((instruction.k as usize) < rest, "{instruction:?}"),
            JUMP_EQUAL | JUMP_GREATER | JUMP_GREATER_OR_EQUAL => {
                assert!(usize::from(instruction.jt.max(instruction.jf)) < rest, "{instruction:?}");
            }
            AND | RETURN => {}
            other => panic!("unknown instruction {other:#x}"),
        }
    }
}

/// What the program returns for the call.
pub(super) fn run(program: &[sock_filter], data: &Data) -> u32 {
    let (mut accumulator, mut at) = (0_u32, 0);
    loop {
        let instruction = program[at];
        let k = instruction.k;
        at += 1;
        let branch = |condition| usize::from(if condition { instruction.jt } else { instruction.jf });
        match instruction.code {
            LOAD_WORD => accumulator = word(data, k),
            AND => accumulator &= k,
            JUMP => at += k as usize,
            JUMP_EQUAL => at += branch(accumulator == k),
            JUMP_GREATER => at += branch(accumulator > k),
            JUMP_GREATER_OR_EQUAL => at += branch(accumulator >= k),
            RETURN => return k,
            other => panic!("unknown instruction {other:#x}"),
        }
    }
}

fn word(data: &Data, offset: u32) -> u32 {
    match offset {
        0 => data.number,
        4 => data.architecture,
        16..64 => {
            let argument = data.arguments[(offset as usize - 16) / 8];
            if offset.is_multiple_of(8) { argument as u32 } else { (argument >> 32) as u32 }
        }
        other => panic!("the program looks at {other}"),
    }
}
