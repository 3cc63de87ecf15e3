//! The system call filter: what is not on the allowlist fails.
//!
//! `allowlist.rs` holds the calls that are allowed whatever their arguments, `conditions.rs` those that depend on their
//! arguments or that fail in a particular way, `rule.rs` what such a rule means, `bpf.rs` turns all into a program for the
//! kernel. `calls.rs` has the numbers of each architecture.

mod allowlist;
mod architecture;
mod bpf;
mod calls;
mod conditions;
pub(crate) mod naming;
mod refusal;
mod rule;

use super::descriptors::check;
use architecture::Architecture;
use bpf::Denial;
use calls::Call;
pub(crate) use refusal::{Refusals, Verdict};
use rule::{Action, Rule};
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// What the rules depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    /// The first process, and the only one that may be signalled where it may start no others.
    pub(super) own_pid: u32,
    /// The Landlock ABI that is enforced: what it lacks is made up for here.
    pub(super) landlock_abi: u32,
    /// Whether who listens is also told of what is allowed and names files.
    pub(super) traced: bool,
    /// Whether it may start processes.
    pub(super) processes: bool,
    /// Whether it is in a process namespace of its own.
    pub(super) alone: bool,
    /// Whether who listens counts its threads and processes, and is asked for each new one.
    pub(super) counted: bool,
    /// The descriptor on which the listener is handed over: a number that is out of the plugin's reach.
    pub(super) reports: u32,
}

impl Circumstances {
    /// Whether signals may be sent to any process: something else sees to it that those are its own.
    fn signals(self) -> bool {
        self.processes && (self.alone || self.landlock_abi >= SCOPE)
    }
}

/// The first Landlock ABI that keeps signals to what is confined together.
const SCOPE: u32 = 6;

/// Filters all system calls of this process for good. `no_new_privs` must be set.
///
/// If it shall be `heard` what the filter denies (and, where it is traced, which files it names, and where its threads are counted, that
/// it makes one), returns its listener, which must be closed here before anything that is
/// not trusted runs: each denied call waits until it is answered there. `None` if the kernel has no listeners, or
/// somebody listens already (only one may); then a denied call fails at once.
pub(super) fn install(circumstances: Circumstances, heard: bool) -> io::Result<Option<OwnedFd>> {
    let rules = rules(circumstances);
    if heard {
        // Threads, should there be others, are filtered too; one that cannot be is an error.
        let flags = libc::SECCOMP_FILTER_FLAG_TSYNC
            | libc::SECCOMP_FILTER_FLAG_TSYNC_ESRCH
            | libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
        let program = bpf::program(Architecture::HERE, &rules, DENIED, Denial::Told);
        let lasting = || match circumstances.traced {
            // A signal does not break off a call that is being looked at: before Linux 5.19 it would be told twice.
            true => filter(&program, flags | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV),
            false => Err(io::Error::from_raw_os_error(libc::EINVAL)),
        };
        match lasting().or_else(|error| match error.raw_os_error() {
            Some(libc::EINVAL) => filter(&program, flags),
            _ => Err(error),
        }) {
            Ok(listener) => {
                let listener = RawFd::try_from(listener).map_err(io::Error::other)?;
                // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
                return Ok(Some(unsafe { OwnedFd::from_raw_fd(listener) }));
            }
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::EBUSY)) => {}
            Err(error) => return Err(error),
        }
    }
    let program = bpf::program(Architecture::HERE, &rules, DENIED, Denial::AtOnce);
    // A positive result names a thread that could not be filtered.
    match filter(&program, libc::SECCOMP_FILTER_FLAG_TSYNC)? {
        0 => Ok(None),
        _ => Err(io::Error::other("a thread could not be filtered")),
    }
}

fn filter(program: &[libc::sock_filter], flags: libc::c_ulong) -> io::Result<libc::c_long> {
    let length = libc::c_ushort::try_from(program.len()).map_err(io::Error::other)?;
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    let program = &raw const program;
    // SAFETY: the structure and the instructions live until the call returns, which copies and does not change them.
    check(unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, program) })
}

/// The calls that make threads and processes, as far as they are allowed.
const STARTS: [Call; 3] = [Call::clone, Call::fork, Call::vfork];

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
    if circumstances.counted {
        rules.iter_mut().filter(|rule| STARTS.contains(&rule.call)).for_each(Rule::tell);
    }
    if circumstances.traced {
        rules.iter_mut().filter(|rule| !naming::named(rule.call).is_empty()).for_each(Rule::tell);
    }
    rules
}

#[cfg(test)]
mod tests;
