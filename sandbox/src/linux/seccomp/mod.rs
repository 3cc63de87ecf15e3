//! The system call filter: what is not on the allowlist fails.
//!
//! `allowlist.rs` holds the calls that are allowed whatever their arguments, `conditions.rs` those that depend on their
//! arguments or that fail in a particular way, `rule.rs` what such a rule means, `bpf.rs` turns all into a program for the
//! kernel. `calls.rs` has the numbers of each architecture.

mod allowlist;
mod architecture;
mod bpf;
#[cfg_attr(not(test), allow(dead_code, reason = "what a rule says of a call, only tests ask so far"))]
mod calls;
mod conditions;
#[cfg_attr(not(test), allow(dead_code, reason = "what a rule says of a call, only tests ask so far"))]
mod rule;

use super::descriptors::check;
use architecture::Architecture;
use bpf::Denial;
use rule::{Action, Rule};
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
    let program = bpf::program(Architecture::HERE, &rules(circumstances), DENIED, Denial::AtOnce);
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
const DENIED: Action = Action::Deny(libc::EPERM);

/// The rules for all architectures; a call that one lacks has no number there. Those with cases come first.
fn rules(circumstances: Circumstances) -> Vec<Rule> {
    let mut rules = conditions::rules(circumstances);
    let conditional = rules.len();
    for group in allowlist::ALLOWED {
        for call in group.calls {
            // A rule of its own replaces the entry of the list.
            if !rules[..conditional].iter().any(|rule| rule.call == *call) {
                rules.push(Rule::always(*call, Action::Allow, group.reason));
            }
        }
    }
    rules
}

#[cfg(test)]
mod tests;
