//! The system call filter: what is not on the allowlist fails.
//!
//! `allowlist.rs` holds the calls that are allowed whatever their arguments, `conditions.rs` those that depend on their
//! arguments or that fail in a particular way, `bpf.rs` turns both into a program for the kernel.

mod allowlist;
mod bpf;
mod conditions;

use super::descriptors::check;
use bpf::{Action, Rule};
use std::io;

/// What the rules depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    /// The only process that may be signalled.
    pub(super) own_pid: u32,
    /// The Landlock ABI that is enforced: what it lacks is made up for here.
    pub(super) landlock_abi: u32,
}

/// Filters all system calls of this process for good. `no_new_privs` must be set.
pub(super) fn install(circumstances: Circumstances) -> io::Result<()> {
    let program = bpf::program(&rules(circumstances), DENIED);
    let length = libc::c_ushort::try_from(program.len()).map_err(io::Error::other)?;
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    let program = &raw const program;
    // With this flag the filter holds for all threads, should there be others.
    let flags = libc::SECCOMP_FILTER_FLAG_TSYNC;
    // SAFETY: the structure and the instructions live until the call returns, which copies and does not change them.
    let result = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, program) };
    // With the flag, a positive result names a thread that could not be filtered.
    if check(result)? == 0 { Ok(()) } else { Err(io::Error::other("a thread could not be filtered")) }
}

/// What happens to a call that no rule names.
const DENIED: Action = Action::Fail(libc::EPERM);

fn rules(circumstances: Circumstances) -> Vec<Rule> {
    let conditional = conditions::rules(circumstances);
    let replaced = |number| conditional.iter().any(|rule: &Rule| rule.number == number);
    let plain = allowlist::ALLOWED.iter().chain(allowlist::ALLOWED_HERE);
    let plain =
        plain.filter(|entry| !replaced(entry.number)).map(|entry| Rule::always(entry.number, Action::Allow));
    plain.collect::<Vec<_>>().into_iter().chain(conditional).collect()
}

#[cfg(test)]
mod tests;
