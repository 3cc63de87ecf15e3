//! The filter's program is checked as the kernel checks it, run by an interpreter, and compared with what the rules say and
//! with the program of an independent compiler, for every architecture.

mod arguments;
mod exhaustive;
mod independent;
mod interpreter;
mod lists;

use super::architecture::Architecture;
use super::bpf::{Denial, program};
use super::rule::Rule;
use super::{Circumstances, DENIED, rules};

const PID: u32 = 4321;
const CIRCUMSTANCES: Circumstances = Circumstances {
    own_pid: PID,
    landlock_abi: 7,
    traced: false,
    processes: false,
    alone: false,
    counted: false,
    reports: 256,
};
/// The same, of what may start processes.
const STARTING: Circumstances = Circumstances { processes: true, ..CIRCUMSTANCES };
/// Every rule that there is, is in one of them.
const ALL_CIRCUMSTANCES: [Circumstances; 13] = [
    CIRCUMSTANCES,
    Circumstances { alone: true, ..CIRCUMSTANCES },
    Circumstances { alone: true, traced: true, ..CIRCUMSTANCES },
    Circumstances { landlock_abi: 1, ..CIRCUMSTANCES },
    Circumstances { traced: true, ..CIRCUMSTANCES },
    Circumstances { landlock_abi: 1, traced: true, ..CIRCUMSTANCES },
    Circumstances { traced: true, ..STARTING },
    STARTING,
    Circumstances { landlock_abi: 5, ..STARTING },
    Circumstances { landlock_abi: 0, alone: true, ..STARTING },
    Circumstances { alone: true, ..STARTING },
    Circumstances { counted: true, ..CIRCUMSTANCES },
    Circumstances { counted: true, traced: true, ..STARTING },
];
const ARCHITECTURES: [Architecture; 2] = [Architecture::X86_64, Architecture::Aarch64];
const DENIALS: [Denial; 2] = [Denial::AtOnce, Denial::Told];

/// What the kernel hands to the program.
#[derive(Clone, Copy, Debug)]
struct Data {
    number: u32,
    architecture: u32,
    arguments: [u64; 6],
}

fn compiled(architecture: Architecture, rules: &[Rule], denial: Denial) -> Vec<libc::sock_filter> {
    let program = program(architecture, rules, DENIED, denial);
    interpreter::validate(&program);
    program
}
