//! The first process of a process namespace. It is a child of the host, and whatever happens to it happens to all: when it
//! ends, the kernel has killed everything in the namespace before anybody is told.
//!
//! The launcher cannot enter the namespace that it makes, so it has a sibling made there and ends. The sibling forks the
//! plugin, gives up all else, waits for the plugin's end, and passes on how that ended.

use super::descriptors::{check, close_all_but};
use super::process;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::ptr;

/// The number that the first process has inside.
pub(super) const NUMBER: u32 = 1;

/// Who this process is to those outside, from a `/proc` of theirs.
#[derive(Debug)]
pub(super) struct Outside(File);

/// Goes on as a new child of this process's parent, the first in the new process namespace, and ends this process.
pub(super) fn go_on_inside() -> io::Result<()> {
    let flags = libc::CLONE_PARENT | libc::SIGCHLD;
    // SAFETY: without a stack of its own the child goes on with a copy of this one, as after a fork. There is no other
    // thread. The C library does not learn of the child's number; it only matters to signals to oneself, and the child
    // does nothing but make files, mounts and another fork, with which the C library's knowledge is right again.
    let pid = check(unsafe {
        libc::syscall(libc::SYS_clone, flags, ptr::null::<u8>(), ptr::null::<u8>(), ptr::null::<u8>(), 0)
    })?;
    if pid != 0 {
        // SAFETY: ends this process, without running what is left to be done at exit: the child goes on with it.
        unsafe { libc::_exit(0) }
    }
    Ok(())
}

impl Outside {
    /// To be called while the `/proc` of the host's processes is there.
    pub(super) fn new() -> io::Result<Outside> {
        File::open("/proc/self/stat").map(Outside)
    }

    /// This process's number, and its parent's.
    fn numbers(&mut self) -> io::Result<(u32, u32)> {
        let mut text = [0; 1024];
        let length = self.0.read_at(&mut text, 0)?;
        let text = String::from_utf8_lossy(&text[..length]);
        // The name stands in brackets, and may hold anything.
        let numbers = || {
            let own = text.split_once(' ')?.0.parse().ok()?;
            let parent = text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((own, parent))
        };
        numbers().ok_or_else(|| io::Error::other("/proc/self/stat cannot be understood"))
    }

    /// Has the kernel kill this process when the host's thread ends, and tells this process's number to the host.
    pub(super) fn die_with(&mut self, host: u32) -> io::Result<u32> {
        process::die_with_parent()?;
        match self.numbers()? {
            (own, parent) if parent == host => Ok(own),
            (_, parent) => Err(io::Error::other(format!("process {parent} stands where the host should"))),
        }
    }
}

/// Forks the plugin-to-be, in which it returns. The process itself becomes the namespace's first, and does not return.
///
/// How the plugin ends is written to `ending`, as `waitpid` tells it.
pub(super) fn fork_and_guard(ending: OwnedFd) -> io::Result<()> {
    // SAFETY: there is only this thread, so the child may do whatever this process may.
    let child = check(unsafe { libc::fork() })?;
    if child == 0 {
        return Ok(());
    }
    guard(child, &ending)
}

/// Reaps whatever is left to it, until the plugin has ended.
fn guard(child: libc::pid_t, ending: &OwnedFd) -> ! {
    let kept = close_all_but(ending.as_raw_fd());
    let mut status: libc::c_int = 0;
    // SAFETY: `status` is a valid place for the integer that is written, and for the bytes that are read.
    unsafe {
        while kept.is_ok() {
            let ended = libc::waitpid(-1, &raw mut status, 0);
            if ended == child {
                libc::write(ending.as_raw_fd(), (&raw const status).cast(), size_of::<libc::c_int>());
                libc::_exit(0);
            }
            if ended < 0 && io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
                break;
            }
        }
        libc::_exit(1)
    }
}
