//! Namespaces: an own view of users, files, processes, the network, messages between processes, and names.

use super::descriptors::check;
use super::limits::TASKS_BESIDE;
use super::mounts::Mount;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, FromRawFd};

/// All that the level *full* takes part in, made at once.
const ALL: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// The user and group that a child seems to be, whoever started it.
pub(super) const NOBODY_SPECIAL: u32 = 1000;

/// The machine's name as a child sees it.
pub(super) const HOST_NAME: &str = "localhost";

/// The least number of processes and threads that the kernel lets a namespace be limited to.
const LEAST_PID_MAX: u64 = 301;

/// Leaves the namespaces of the host; that of processes takes effect in the next child. Needs to be the only thread.
pub(super) fn leave() -> io::Result<()> {
    // SAFETY: these take integers only and cannot fail.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    // A user who may do that is rid of further groups for good. SAFETY: an empty list is not read.
    unsafe { libc::setgroups(0, std::ptr::null()) };
    // SAFETY: takes an integer.
    check(unsafe { libc::unshare(ALL) })?;
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", &format!("{NOBODY_SPECIAL} {user} 1"))?;
    write("/proc/self/gid_map", &format!("{NOBODY_SPECIAL} {group} 1"))
}

fn write(path: &str, text: &str) -> io::Result<()> {
    let told = |error: io::Error| io::Error::new(error.kind(), format!("{path}: {error}"));
    let mut file = File::options().write(true).open(path).map_err(told)?;
    file.write_all(text.as_bytes()).map_err(told)
}

/// Gives the machine a name that says nothing.
pub(super) fn rename_host() -> io::Result<()> {
    // SAFETY: the pointers and lengths are those of the constants.
    unsafe {
        check(libc::sethostname(HOST_NAME.as_ptr().cast(), HOST_NAME.len()))?;
        check(libc::setdomainname(HOST_NAME.as_ptr().cast(), 0)).map(drop)
    }
}

/// Limits the processes and threads of this namespace together; whether the kernel took it.
///
/// Kernels before 6.14 have one limit for the whole machine, and none lets an ordinary user set that.
pub(super) fn limit_tasks(tasks: u64) -> bool {
    let limit = tasks.saturating_add(TASKS_BESIDE).clamp(LEAST_PID_MAX, 1 << 15);
    let set = || -> io::Result<u64> {
        // It is never attached: only this descriptor leads there.
        let proc = Mount::new("proc", &[], 0)?;
        let path = c"sys/kernel/pid_max".as_ptr();
        let flags = libc::O_RDWR | libc::O_CLOEXEC;
        // SAFETY: the string ends with NUL; the descriptor has just been made.
        let mut file = unsafe { File::from_raw_fd(check(libc::openat(proc.as_raw_fd(), path, flags))?) };
        file.write_all(limit.to_string().as_bytes())?;
        file.rewind()?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        text.trim().parse().map_err(io::Error::other)
    };
    set().is_ok_and(|found| found == limit)
}
