//! Processes: waiting for them, ending them, and what a process says about its own life.

use super::descriptors::check;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

/// A descriptor of a child that has not been reaped; readable once the child has ended.
pub(crate) fn pidfd(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: takes two integers.
    let descriptor = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    let descriptor = RawFd::try_from(descriptor).map_err(io::Error::other)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Sends a signal to a child that has not been reaped, and to its process group if it is in one of its own already.
pub(crate) fn signal_group(group: i32, pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: takes two integers. The numbers are those of our unreaped child and of the group that it was started in, so
    // that they name no others.
    let send = |target| check(unsafe { libc::kill(target, signal) }).map(drop);
    // Until the child has made the group, there is none of that number.
    send(-group).or_else(|_| send(pid))
}

/// Sends a signal to a child that has not been reaped.
pub(crate) fn signal(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: takes two integers. The number is that of our unreaped child.
    check(unsafe { libc::kill(pid, signal) }).map(drop)
}

/// Whether a child has ended by a signal; leaves it to be reaped.
pub(crate) fn was_killed(pid: i32) -> io::Result<bool> {
    Ok(ending(pid, true)?.si_code != libc::CLD_EXITED)
}

/// An error if a process has ended and was reaped.
pub(crate) fn is_unreaped(pidfd: &OwnedFd) -> io::Result<()> {
    // SAFETY: takes integers and no details; no signal is sent.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            0,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    };
    check(sent).map(drop)
}

/// Whether a process ends within this time.
pub(crate) fn ends_within(pidfd: &OwnedFd, time: Duration) -> bool {
    let mut end = libc::pollfd { fd: pidfd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let milliseconds = libc::c_int::try_from(time.as_millis()).unwrap_or(libc::c_int::MAX);
    // SAFETY: one valid entry. A signal that breaks it off is rare, and shortens the time.
    (unsafe { libc::poll(&raw mut end, 1, milliseconds) }) == 1
}

/// Takes the exit status of a child; `None` if it still runs and `block` is false.
pub(crate) fn reap(pid: i32, block: bool) -> io::Result<Option<ExitStatus>> {
    let flags = if block { 0 } else { libc::WNOHANG };
    let mut status = 0;
    loop {
        // SAFETY: `status` is a valid place for the integer that the call writes.
        match check(unsafe { libc::waitpid(pid, &raw mut status, flags) }) {
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(Some(ExitStatus::from_raw(status))),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Waits for the end of a child, or looks for it if `block` is false; leaves it to be reaped.
pub(crate) fn has_ended(pid: i32, block: bool) -> io::Result<bool> {
    // SAFETY: the call has written what it writes of a child, or nothing.
    Ok(unsafe { ending(pid, block)?.si_pid() } != 0)
}

/// How a child has ended; all zeros if it has not and `block` is false.
fn ending(pid: i32, block: bool) -> io::Result<libc::siginfo_t> {
    let flags = libc::WEXITED | libc::WNOWAIT | if block { 0 } else { libc::WNOHANG };
    let id = libc::id_t::try_from(pid).map_err(io::Error::other)?;
    loop {
        // SAFETY: all zeros are a valid value of this structure, and what tells that nothing was written.
        let mut found: libc::siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: `found` is a valid place for what the call writes.
        match check(unsafe { libc::waitid(libc::P_PID, id, &raw mut found, flags) }) {
            Ok(_) => return Ok(found),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Makes this process the leader of a session of its own, without a terminal.
pub(super) fn lead_session() -> io::Result<()> {
    // SAFETY: takes no argument.
    check(unsafe { libc::setsid() }).map(drop)
}

/// Makes this process the leader of a group of its own, in the session that it is in.
pub(super) fn lead_group() -> io::Result<()> {
    // SAFETY: takes integers.
    check(unsafe { libc::setpgid(0, 0) }).map(drop)
}

/// Has the kernel kill this process when the thread that started it ends. Changes of credentials undo it.
///
/// An error if `host` is no longer the parent, since then the signal will never come.
pub(super) fn die_with(host: u32) -> io::Result<()> {
    die_with_parent()?;
    parent_is(host)
}

/// The same, where the caller finds out itself whether the parent is still there.
pub(super) fn die_with_parent() -> io::Result<()> {
    hear_of_end(libc::SIGKILL)
}

/// As [`die_with`], with another signal, which this process waits for.
pub(super) fn hear_of_the_end_of(host: u32, signal: libc::c_int) -> io::Result<()> {
    hear_of_end(signal)?;
    parent_is(host)
}

fn hear_of_end(signal: libc::c_int) -> io::Result<()> {
    // SAFETY: takes integers only.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal, 0, 0, 0) }).map(drop)
}

fn parent_is(host: u32) -> io::Result<()> {
    match std::os::unix::process::parent_id() == host {
        true => Ok(()),
        false => Err(io::Error::other("the host has ended")),
    }
}

/// Files that are made henceforth are for this user alone.
pub(super) fn private_files() {
    // SAFETY: takes an integer and cannot fail.
    unsafe { libc::umask(0o077) };
}

/// Gives SIGPIPE its default meaning, which Rust's runtime has changed, and which `exec` would not restore.
pub(super) fn default_sigpipe() {
    // SAFETY: the default disposition involves no handler of ours.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// Sets a variable of the environment.
///
/// To be called only while the process has one thread.
pub(super) fn set_variable(name: &str, value: &str) {
    // SAFETY: nothing reads the environment meanwhile, since there is no other thread.
    unsafe { std::env::set_var(name, value) };
}
