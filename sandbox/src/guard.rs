//! Looks after a child where the kernel sets no bound: how much lies in its scratch folder, and how many threads it has. It
//! is killed soon after it has more than it may; by how much it gets beyond that is a matter of its speed.
//!
//! A look while the child goes on can be evaded by moving things about, so it counts only while there is much room. Else, once in a while, and
//! where something was seen to move, the child is stopped for as long as the look takes.
//!
//! The thread sleeps until something is made in the folder, and for good where nothing is to be looked at.

mod pace;

use crate::linux::scratch::{Blind, Held, Scratch};
use crate::linux::stopping::Process;
use crate::linux::supervisor::END_ALL;
use crate::linux::usage::crowd;
use crate::profile::Limits;
use pace::Pace;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::process::{Signal, pidfd_send_signal};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often it is looked at a child that can exceed something.
const OFTEN: Duration = Duration::from_millis(25);
/// How often it is looked for files that never had a name, of which nobody is told.
const SELDOM: Duration = Duration::from_secs(1);
/// It is waited so many times longer than looking took, but no longer than the bound, or than looking took where that is more.
const SHARE: u32 = 10;
const PAUSE: Duration = Duration::from_millis(250);
/// How many looks in a row may come to nothing.
const VAIN: u32 = 20;
/// Of so many looks the child is stopped for one, however little it seems to have.
const THOROUGH: u32 = 8;
const STACK: usize = 256 << 10;

/// What a child used more of than it may, and was killed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overrun {
    /// Bytes in its scratch folder.
    ScratchSize,
    /// Files and directories in its scratch folder.
    ScratchFiles,
    /// Threads.
    Tasks,
    /// Memory.
    Memory,
    /// It kept from sight what it has in its scratch folder.
    Hidden,
    /// It was not its doing: the host could not look after it.
    Unwatched,
}

/// The thread that looks. Dropping it waits until the child has ended.
#[derive(Debug)]
pub(crate) struct Guard {
    thread: Option<JoinHandle<()>>,
    overrun: Arc<OnceLock<Overrun>>,
}

/// What is looked at.
struct Watched {
    process: Process,
    scratch: Option<Scratch>,
    /// What becomes readable when something is made there, where the system tells that.
    events: Option<OwnedFd>,
    most: Held,
    /// How many threads there may be, where these are to be counted.
    tasks: Option<u64>,
}

impl Guard {
    /// Begins to look at a process: at its scratch folder if that is named, at its threads if they may be no more than `tasks`.
    pub(crate) fn new(
        process: Process,
        scratch: Option<&Path>,
        tasks: Option<u64>,
        limits: &Limits,
    ) -> io::Result<Guard> {
        // Users may have few of these. Opening the folder would be an event already.
        let events = scratch.and_then(|path| events(path).ok());
        let scratch = scratch.map(|path| Scratch::open(path, limits.file_size)).transpose()?;
        let most = Held { bytes: limits.scratch_size, files: limits.scratch_files };
        let signal =
            process.supervisor.then(|| Signal::from_named_raw(END_ALL)).flatten().unwrap_or(Signal::KILL);
        let watched = Watched { process, scratch, events, most, tasks };
        let overrun = Arc::new(OnceLock::new());
        let told = Arc::clone(&overrun);
        let thread =
            thread::Builder::new().name("sandbox-guard".to_owned()).stack_size(STACK).spawn(move || {
                // An error is one of waiting, which does not fail; a child that cannot be looked after is ended.
                if let Some(overrun) = watched.look().unwrap_or(Some(Overrun::Unwatched)) {
                    let _ = told.set(overrun);
                    let _ = pidfd_send_signal(&watched.process.pidfd, signal);
                }
            })?;
        Ok(Guard { thread: Some(thread), overrun })
    }

    pub(crate) fn overrun(&self) -> Option<Overrun> {
        self.overrun.get().copied()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What becomes readable when something is made in a folder.
fn events(path: &Path) -> io::Result<OwnedFd> {
    let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let made = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::OPEN | WatchFlags::MODIFY;
    inotify::add_watch(&events, path, made | WatchFlags::ONLYDIR)?;
    Ok(events)
}

/// What came of a look.
struct Seen {
    overrun: Option<Overrun>,
    /// How soon it may have more than it may; `None` if it has no folder to look at.
    pace: Option<Pace>,
}

impl Watched {
    /// Returns when the child has ended, or has more than it may.
    fn look(&self) -> io::Result<Option<Overrun>> {
        // What was made before it was looked for is in no event.
        let (mut used, mut vain) = (false, 0);
        for number in 1_u32.. {
            let began = Instant::now();
            let (overrun, conclusive, pace) = match self.see(number.is_multiple_of(THOROUGH)) {
                Ok(Seen { overrun, pace }) => (overrun, true, pace),
                Err(Blind::Hidden) => (Some(Overrun::Hidden), true, None),
                Err(Blind::Moving) => (Some(Overrun::Hidden), false, None),
                Err(Blind::Unable) => (Some(Overrun::Unwatched), false, None),
            };
            vain = if conclusive { 0 } else { vain + 1 };
            if overrun.is_some() && (conclusive || vain >= VAIN) {
                return Ok(overrun);
            }
            let took = began.elapsed();
            let events = self.events.as_ref().filter(|_| !used && self.tasks.is_none());
            let woken = match events {
                Some(events) => self.wait(Some(events.as_fd()), SELDOM)?,
                None => self.rest(took, pace.as_ref())?,
            };
            match woken {
                Woken::Ended => return Ok(None),
                Woken::Used => used = true,
                Woken::Late => {}
            }
        }
        Ok(None)
    }

    /// Waits until it is time to look again, after a look that `took` so long.
    fn rest(&self, took: Duration, pace: Option<&Pace>) -> io::Result<Woken> {
        let began = Instant::now();
        let most = (took * SHARE).clamp(OFTEN, PAUSE.max(took));
        while let Some(left) = most.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
            // Whatever it takes, it gets as much time as it was looked at.
            let soon = match (pace, &self.scratch) {
                (Some(pace), Some(scratch)) => pace.pause(scratch),
                _ => Some(left),
            };
            let soon = match soon {
                Some(soon) => soon,
                None if began.elapsed() < took => took - began.elapsed(),
                None => break,
            };
            if let Woken::Ended = self.wait(None, soon.min(left))? {
                return Ok(Woken::Ended);
            }
        }
        Ok(Woken::Late)
    }

    /// Looks at it, and stops it for that if it shall be `exact` or has to be.
    fn see(&self, exact: bool) -> Result<Seen, Blind> {
        let Process { number, family, .. } = self.process;
        if let Some(most) = self.tasks
            && crowd(number, family, most).map_err(|_| Blind::Unable)? > most
        {
            return Ok(Seen { overrun: Some(Overrun::Tasks), pace: None });
        }
        let Some(scratch) = &self.scratch else { return Ok(Seen { overrun: None, pace: None }) };
        let glance = || {
            let pace = Pace::new(scratch);
            Ok((scratch.held(number, self.most)?, pace))
        };
        let half = Held { bytes: self.most.bytes / 2, files: self.most.files / 2 };
        let (held, pace) = match glance() {
            Ok(seen) if !exact && !seen.0.is_above(half) => seen,
            Err(blind @ (Blind::Hidden | Blind::Unable)) => return Err(blind),
            Ok(_) | Err(Blind::Moving) => {
                let _stopped = self.process.stop().map_err(|_| Blind::Unable)?;
                glance()?
            }
        };
        let overrun = match held.files > self.most.files {
            true => Some(Overrun::ScratchFiles),
            false => held.is_above(self.most).then_some(Overrun::ScratchSize),
        };
        Ok(Seen { overrun, pace: Some(pace.seen(held, self.most)) })
    }

    fn wait(&self, events: Option<std::os::fd::BorrowedFd<'_>>, most: Duration) -> io::Result<Woken> {
        let most = Timespec {
            tv_sec: i64::try_from(most.as_secs()).map_err(io::Error::other)?,
            tv_nsec: i64::from(most.subsec_nanos()),
        };
        let mut all = vec![PollFd::new(&self.process.pidfd, PollFlags::IN)];
        all.extend(events.map(|events| PollFd::from_borrowed_fd(events, PollFlags::IN)));
        match poll(&mut all, Some(&most)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = |at: usize| all.get(at).is_some_and(|one| !one.revents().is_empty());
        Ok(match (ready(0), ready(1)) {
            (true, _) => Woken::Ended,
            (false, true) => Woken::Used,
            (false, false) => Woken::Late,
        })
    }
}

enum Woken {
    Ended,
    /// Something happened in the folder.
    Used,
    /// So much time has passed.
    Late,
}
