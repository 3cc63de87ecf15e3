//! The supervisor of a plugin that may start processes, where no process namespace ends them all at once.
//!
//! It is the process that the host has started, and the leader of a session. The plugin leads a group of its own there, which nothing
//! below it can leave: the filter lets nobody make a group or a session. So one signal reaches all of them at the same instant, those too
//! that are being forked just then. Whatever loses its parent becomes this process's child. Nothing that it supervises can signal it: it
//! is outside of their Landlock domain. When the plugin ends, or the host, or when the host says so, it ends all, waits until nothing is
//! left, and ends itself: then the host knows that nothing is. Should somebody end it alone, the plugin's own process dies with it, and
//! the host ends the rest of the session.

use super::descriptors::{check, close_all_but};
use super::{privileges, process};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;

/// What the kernel sends when the host's thread ends, and the host to have it end all. Nobody below can send it.
pub(crate) const END_ALL: libc::c_int = libc::SIGUSR1;

/// What the host sends to have it stop all; SIGCONT lets them go on, and SIGTERM is passed on to all.
pub(crate) const STOP_ALL: libc::c_int = libc::SIGUSR2;

/// What it waits for.
const NEWS: [libc::c_int; 5] = [END_ALL, STOP_ALL, libc::SIGTERM, libc::SIGCHLD, libc::SIGCONT];

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
        // In this order: nobody would end it together with the supervisor once it is in another group.
        process::die_with(own)?;
        process::lead_group()?;
        restore(&mask)?;
        return Ok(own);
    }
    Supervisor { plugin: child, reaped: false, ending }.supervise(host)
}

struct Supervisor {
    /// The plugin's own process, and the number of its group as long as anything is left of that.
    plugin: libc::pid_t,
    /// Whether how the plugin ended has been told.
    reaped: bool,
    ending: OwnedFd,
}

impl Supervisor {
    fn supervise(mut self, host: u32) -> ! {
        // Whatever fails here must not leave the plugin unsupervised.
        let prepared = close_all_but(self.ending.as_raw_fd())
            .and_then(|()| privileges::drop_all())
            .and_then(|_| process::hear_of_the_end_of(host, END_ALL));
        if prepared.is_err() {
            self.end_all();
        }
        let mut more = false;
        loop {
            match wait_for_news(!more) {
                END_ALL => self.end_all(),
                STOP_ALL => self.signal(libc::SIGSTOP),
                signal @ (libc::SIGCONT | libc::SIGTERM) => self.signal(signal),
                _ => {}
            }
            if std::os::unix::process::parent_id() != host {
                self.end_all();
            }
            more = self.reap();
            if self.reaped {
                self.end_all();
            }
        }
    }

    /// Takes the status of those that have ended, and tells whether there may be more.
    fn reap(&mut self) -> bool {
        // However many end, it is looked in between whether the host is there.
        for _ in 0..AT_ONCE {
            match self.wait(libc::WNOHANG) {
                // All the others still run.
                0 => return false,
                ended if ended > 0 => {}
                // Nobody is left.
                _ => self.end_all(),
            }
        }
        true
    }

    /// The number of a child that has ended, of which it takes the status; 0 if none has, negative if there is none.
    fn wait(&mut self, flags: libc::c_int) -> libc::pid_t {
        let mut status: libc::c_int = 0;
        // SAFETY: `status` is a valid place for the integer that is written.
        let ended = unsafe { libc::waitpid(-1, &raw mut status, flags) };
        if ended == self.plugin && !self.reaped {
            self.reaped = true;
            tell(&self.ending, status);
        }
        ended
    }

    /// Ends everything below this process, waits until it is gone, and ends this process.
    fn end_all(&mut self) -> ! {
        // All signals but those that cannot wait are blocked, so nothing breaks off the waiting.
        while self.wait(libc::WNOHANG) >= 0 {
            self.signal(libc::SIGKILL);
            if self.wait(0) < 0 {
                break;
            }
        }
        // SAFETY: ends this process, without running what is left to be done at exit.
        unsafe { libc::_exit(0) }
    }

    /// Signals everything below this process. To be called while something is left of it.
    fn signal(&self, signal: libc::c_int) {
        // SAFETY: takes integers. The group has that number as long as this process has a child, since all are in it. Its leader, which may
        // not be in it yet, has the number until it is reaped.
        unsafe {
            libc::kill(-self.plugin, signal);
            if !self.reaped && signal == libc::SIGKILL {
                libc::kill(self.plugin, signal);
            }
        }
    }
}

/// How many are reaped before it is looked whether the host is there.
const AT_ONCE: u32 = 64;

fn tell(ending: &OwnedFd, status: libc::c_int) {
    // SAFETY: the descriptor is open, and the bytes are those of the integer. A pipe takes four bytes at once.
    unsafe { libc::write(ending.as_raw_fd(), (&raw const status).cast(), size_of::<libc::c_int>()) };
}

/// Waits until the host or somebody below has ended, or the host wants something, if it shall `wait`; which signal told it.
fn wait_for_news(wait: bool) -> libc::c_int {
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let time = if wait { ptr::null() } else { &raw const now };
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is initialised by the first call; no details are wanted.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in NEWS {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
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
