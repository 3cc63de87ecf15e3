//! Stopping a child for a moment, so that what it has can be seen at one instant.
//!
//! Nothing of the child's can let a stopped process go on: the filter denies the signal for that, wherever one could choose a signal. What
//! was inside a system call ends that one first, and makes no other.

use super::supervisor::STOP_ALL;
use super::usage::{MANY, family, has_stopped};
use rustix::process::{Signal, pidfd_send_signal};
use std::io;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

/// How long it is waited for those inside a system call; most take microseconds. What is inside a longer one makes no other meanwhile, so
/// that it can hide nothing that it could not hide before.
const PATIENCE: Duration = Duration::from_millis(10);
const MOMENT: Duration = Duration::from_micros(50);

/// Whom to look at.
#[derive(Debug)]
pub(crate) struct Process {
    /// Its number.
    pub(crate) number: u32,
    pub(crate) pidfd: OwnedFd,
    /// Whether there may be processes below it, which count too.
    pub(crate) family: bool,
    /// Whether it is the supervisor of these, and stops and ends them when it is told to.
    pub(crate) supervisor: bool,
}

/// A child that does nothing. Goes on when this is dropped.
#[derive(Debug)]
pub(crate) struct Stopped<'a>(&'a Process);

impl Process {
    /// Stops it and those below it.
    pub(crate) fn stop(&self) -> io::Result<Stopped<'_>> {
        let signal = if self.supervisor { Signal::from_named_raw(STOP_ALL) } else { Some(Signal::STOP) };
        // Fails only for a process that has ended, which does nothing either.
        let _ = pidfd_send_signal(&self.pidfd, signal.unwrap_or(Signal::STOP));
        let stopped = Stopped(self);
        let (began, mut before) = (Instant::now(), None);
        while began.elapsed() < PATIENCE {
            let all = self.all()?;
            let mut still = true;
            for process in &all {
                still &= has_stopped(*process)?;
            }
            // Those that somebody was making or leaving behind just then are found the second time.
            if still && (!self.family || before.as_ref() == Some(&all)) {
                break;
            }
            before = still.then_some(all);
            thread::sleep(MOMENT);
        }
        Ok(stopped)
    }

    /// What is to be stopped.
    fn all(&self) -> io::Result<Vec<u32>> {
        let mut all = if self.family { family(self.number, MANY)? } else { vec![self.number] };
        all.retain(|process| !self.supervisor || *process != self.number);
        Ok(all)
    }
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        // A supervisor passes it on.
        let _ = pidfd_send_signal(&self.0.pidfd, Signal::CONT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::process::pidfd;
    use std::process::{Command, Stdio};

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a process to be stopped")]
    fn it_does_nothing_until_it_is_let_go_on() {
        let mut child = Command::new("/bin/cat").stdin(Stdio::piped()).spawn().unwrap();
        let number = child.id();
        let pidfd = pidfd(i32::try_from(number).unwrap()).unwrap();
        let process = Process { number, pidfd, family: false, supervisor: false };
        let stopped = process.stop().unwrap();
        while !has_stopped(number).unwrap() {}
        drop(stopped);
        while has_stopped(number).unwrap() {}
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
        assert!(process.stop().is_ok(), "that has ended");
    }
}
