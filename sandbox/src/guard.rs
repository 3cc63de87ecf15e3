//! Looks after a child where the kernel sets no bound: how much lies in its scratch folder, and how many threads it has. It
//! is killed soon after it has more than it may; by how much it gets beyond that is a matter of its speed.
//!
//! The thread sleeps until something is made in the folder, and for good where nothing is to be looked at.

use crate::linux::scratch::{Blind, Held, Scratch};
use crate::linux::supervisor::END_ALL;
use crate::linux::usage::{family, threads};
use crate::profile::Limits;
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
/// How often a look is tried anew at once, since something was moved meanwhile.
const ANEW: u32 = 4;
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
    process: u32,
    pidfd: OwnedFd,
    scratch: Option<Scratch>,
    /// What becomes readable when something is made there, where the system tells that.
    events: Option<OwnedFd>,
    most: Held,
    tasks: Option<u64>,
    /// Whether there are processes below that one.
    family: bool,
}

/// Whom to look at.
#[derive(Debug)]
pub(crate) struct Process {
    /// Its number.
    pub(crate) number: u32,
    pub(crate) pidfd: OwnedFd,
    /// Whether there may be processes below it, which count too.
    pub(crate) family: bool,
    /// Whether it is the supervisor of these, and ends them when it is told to.
    pub(crate) supervisor: bool,
}

impl Guard {
    /// Begins to look at a process: at its scratch folder if that is named, at its threads if these are to be counted.
    pub(crate) fn new(
        process: Process,
        scratch: Option<&Path>,
        tasks: bool,
        limits: &Limits,
    ) -> io::Result<Guard> {
        let Process { number, pidfd, family, supervisor } = process;
        // Users may have few of these. Opening the folder would be an event already.
        let events = scratch.and_then(|path| events(path).ok());
        let scratch = scratch.map(|path| Scratch::open(path, limits.file_size)).transpose()?;
        let most = Held { bytes: limits.scratch_size, files: limits.scratch_files };
        let tasks = tasks.then_some(limits.tasks);
        let watched = Watched { process: number, pidfd, scratch, events, most, tasks, family };
        let signal = supervisor.then(|| Signal::from_named_raw(END_ALL)).flatten().unwrap_or(Signal::KILL);
        let overrun = Arc::new(OnceLock::new());
        let told = Arc::clone(&overrun);
        let thread =
            thread::Builder::new().name("sandbox-guard".to_owned()).stack_size(STACK).spawn(move || {
                // An error is one of waiting, which does not fail; a child that cannot be looked after is ended.
                if let Some(overrun) = watched.look().unwrap_or(Some(Overrun::Unwatched)) {
                    let _ = told.set(overrun);
                    let _ = pidfd_send_signal(&watched.pidfd, signal);
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

impl Watched {
    /// Returns when the child has ended, or has more than it may.
    fn look(&self) -> io::Result<Option<Overrun>> {
        // What was made before it was looked for is in no event.
        let (mut used, mut vain) = (false, 0);
        loop {
            let began = Instant::now();
            let (overrun, conclusive) = match self.overrun() {
                Ok(overrun) => (overrun, true),
                Err(Blind::Hidden) => (Some(Overrun::Hidden), true),
                Err(Blind::Moving) => (Some(Overrun::Hidden), false),
                Err(Blind::Unable) => (Some(Overrun::Unwatched), false),
            };
            vain = if conclusive { 0 } else { vain + 1 };
            if overrun.is_some() && (conclusive || vain >= VAIN) {
                return Ok(overrun);
            }
            let took = began.elapsed();
            let pause = (took * SHARE).clamp(OFTEN, PAUSE.max(took));
            let events = self.events.as_ref().filter(|_| !used && self.tasks.is_none());
            match self.wait(events.map(AsFd::as_fd), if events.is_some() { SELDOM } else { pause })? {
                Woken::Ended => return Ok(None),
                Woken::Used => used = true,
                Woken::Late => {}
            }
        }
    }

    fn overrun(&self) -> Result<Option<Overrun>, Blind> {
        if let Some(most) = self.tasks
            && self.threads(most).map_err(|_| Blind::Unable)? > most
        {
            return Ok(Some(Overrun::Tasks));
        }
        let Some(scratch) = &self.scratch else { return Ok(None) };
        let mut held = scratch.held(self.process, self.most);
        for _ in 0..ANEW {
            if matches!(held, Err(Blind::Moving)) {
                held = scratch.held(self.process, self.most);
            }
        }
        let held = held?;
        Ok(match held.files > self.most.files {
            true => Some(Overrun::ScratchFiles),
            false => held.is_above(self.most).then_some(Overrun::ScratchSize),
        })
    }

    /// With those of all processes below, its supervisor or keeper included; not all of them, if they are more than `most`.
    fn threads(&self, most: u64) -> io::Result<u64> {
        let all = if self.family { family(self.process, most)? } else { vec![self.process] };
        if all.len() as u64 > most {
            return Ok(all.len() as u64);
        }
        // One that has ended meanwhile has none.
        Ok(all.into_iter().map(|process| threads(process).unwrap_or(0)).sum())
    }

    fn wait(&self, events: Option<std::os::fd::BorrowedFd<'_>>, most: Duration) -> io::Result<Woken> {
        let most = Timespec {
            tv_sec: i64::try_from(most.as_secs()).map_err(io::Error::other)?,
            tv_nsec: i64::from(most.subsec_nanos()),
        };
        let mut all = vec![PollFd::new(&self.pidfd, PollFlags::IN)];
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
