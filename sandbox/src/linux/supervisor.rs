//! The supervisor of a plugin that may start processes, where no process namespace ends them all at once.
//!
//! It is the process that the host has started, and the leader of a group that nothing below it can leave: the filter lets
//! nobody make a group or a session. So one signal reaches all of them at the same instant, those too that are being
//! forked just then. Whatever loses its parent becomes its child. Nothing that it supervises can signal it: it is outside of
//! their Landlock domain. When the plugin ends, or the host, or when the host says so, it ends all, itself included;
//! and should somebody end it alone, the plugin's own process dies with it, and the host ends the rest.

use super::descriptors::{check, close_all_but};
use super::{privileges, process};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;

/// What the kernel sends when the host's thread ends, and the host to have it end all. Nobody below can send it.
pub(crate) const END_ALL: libc::c_int = libc::SIGUSR1;

/// Forks the plugin-to-be, in which it returns the number of this process, its parent from now on. This process becomes the
/// supervisor, and does not return.
///
/// How the plugin ends is written to `ending`, as `waitpid` tells it.
pub(super) fn fork_and_supervise(host: u32, ending: OwnedFd) -> io::Result<u32> {
    // SAFETY: takes integers only.
    check(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) })?;
    let mask = block_all()?;
    // Before there is anything to end: from now on it ends the others first when the host ends.
    process::hear_of_the_end_of(host, END_ALL)?;
    let own = std::process::id();
    // SAFETY: there is only this thread, so the child may do whatever this process may.
    let child = check(unsafe { libc::fork() })?;
    if child == 0 {
        restore(&mask)?;
        return Ok(own);
    }
    supervise(child, host, &ending)
}

fn supervise(plugin: libc::pid_t, host: u32, ending: &OwnedFd) -> ! {
    // Whatever fails here must not leave the plugin unsupervised.
    let prepared = close_all_but(ending.as_raw_fd())
        .and_then(|()| privileges::drop_all())
        .and_then(|_| process::hear_of_the_end_of(host, END_ALL));
    if prepared.is_err() {
        end_all();
    }
    let mut more = false;
    loop {
        if wait_for_news(!more) == END_ALL || std::os::unix::process::parent_id() != host {
            end_all();
        }
        more = reap(plugin, ending);
    }
}

/// Takes the status of those that have ended, and tells whether there may be more. If the plugin is among them, everything
/// ends.
fn reap(plugin: libc::pid_t, ending: &OwnedFd) -> bool {
    let mut how_it_ended = None;
    // However many end, it is looked in between whether the host is there.
    for _ in 0..AT_ONCE {
        let mut status: libc::c_int = 0;
        // SAFETY: `status` is a valid place for the integer that is written.
        match unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) } {
            // All the others still run.
            0 if how_it_ended.is_none() => return false,
            0 => break,
            ended if ended == plugin => how_it_ended = Some(status),
            ended if ended > 0 => {}
            // Nobody is left.
            _ => {
                if let Some(status) = how_it_ended {
                    tell(ending, status);
                    // SAFETY: ends this process, without running what is left to be done at exit.
                    unsafe { libc::_exit(0) }
                }
                end_all();
            }
        }
    }
    if let Some(status) = how_it_ended {
        tell(ending, status);
        end_all();
    }
    true
}

const AT_ONCE: u32 = 64;

/// Ends the whole group, which is this process and everything below it.
fn end_all() -> ! {
    // SAFETY: these take integers only. The group is that which this process leads.
    unsafe {
        libc::kill(0, libc::SIGKILL);
        libc::_exit(1)
    }
}

fn tell(ending: &OwnedFd, status: libc::c_int) {
    // SAFETY: the descriptor is open, and the bytes are those of the integer. A pipe takes four bytes at once.
    unsafe { libc::write(ending.as_raw_fd(), (&raw const status).cast(), size_of::<libc::c_int>()) };
}

/// Waits until the host or somebody below has ended, if it shall `wait`; which signal told it.
fn wait_for_news(wait: bool) -> libc::c_int {
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let time = if wait { ptr::null() } else { &raw const now };
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is initialised by the first call; no details are wanted.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGCHLD);
        libc::sigaddset(set.as_mut_ptr(), END_ALL);
        libc::sigtimedwait(set.as_ptr(), ptr::null_mut(), time)
    }
}

/// Has all signals wait that can wait, and returns the mask as it was.
fn block_all() -> io::Result<libc::sigset_t> {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the first call initialises the set, the second one the mask.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        check(libc::sigprocmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()))?;
        Ok(before.assume_init())
    }
}

fn restore(mask: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: the mask is initialised, and the one before is not wanted.
    check(unsafe { libc::sigprocmask(libc::SIG_SETMASK, mask, ptr::null_mut()) }).map(drop)
}
