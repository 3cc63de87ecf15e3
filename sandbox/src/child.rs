//! A confined child that runs. It never outlives its handle.

use crate::cgroup::{Group, Groups};
use crate::crowd::Crowd;
use crate::error::SpawnError;
use crate::guarantee::{BOUNDED_DISK, BOUNDED_THREADS, Level, Report};
use crate::guard::{Guard, Overrun};
use crate::launcher::Starter;
use crate::linux::listener::Listener;
use crate::linux::named::Tracer;
use crate::linux::stopping::Process;
use crate::linux::supervisor::END_ALL;
use crate::linux::{Refusals, process, usage};
use crate::profile::Profile;
use crate::violation::Observer;
use crate::watch::{Watch, Watched};
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A child that was started by a [`crate::Launcher`]. Dropping it kills the process and reaps it.
#[derive(Debug)]
pub struct Child {
    /// The writing end of its standard input, a pipe. Dropping it is the end of the input.
    pub stdin: Option<OwnedFd>,
    /// The reading end of its standard output, a pipe.
    pub stdout: Option<OwnedFd>,
    /// The reading end of its standard error, a pipe.
    pub stderr: Option<OwnedFd>,
    pid: i32,
    /// Its process group, which it leads unless it has succeeded the launcher. It exists as long as the process is not
    /// reaped.
    group: i32,
    pidfd: OwnedFd,
    /// Where the first process of a process namespace, or the supervisor of one that may start processes, tells how the child
    /// has ended.
    ending: PipeReader,
    report: Report,
    ended: Option<ExitStatus>,
    watch: Option<Watch>,
    guard: Option<Guard>,
    /// Its control group, which it is killed with.
    group_of: Option<(Arc<Groups>, Group)>,
    /// Whether the process that is waited for is the supervisor of the child's.
    supervised: bool,
    /// Whether its threads are counted as they are made.
    counted: bool,
    /// Whether it may start processes, which have a supervisor if they have no namespace.
    family: bool,
    /// The root of its scratch directory, if it is to be read afterwards.
    left: Option<OwnedFd>,
    /// The kernel kills the child when this thread ends.
    _starter: Starter,
}

/// The host's ends of the three pipes.
#[derive(Debug)]
pub(crate) struct Pipes {
    stdin: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Pipes {
    /// The host's ends, and the child's in the order of their numbers.
    pub(crate) fn new() -> io::Result<(Pipes, [OwnedFd; 3])> {
        let (their_stdin, stdin) = io::pipe()?;
        let (stdout, their_stdout) = io::pipe()?;
        let (stderr, their_stderr) = io::pipe()?;
        let pipes = Pipes { stdin: stdin.into(), stdout: stdout.into(), stderr: stderr.into() };
        Ok((pipes, [their_stdin.into(), their_stdout.into(), their_stderr.into()]))
    }
}

impl Child {
    /// Takes charge of a process that has just been started, and ends it if that fails.
    pub(crate) fn new(
        pid: i32,
        pipes: Pipes,
        ending: PipeReader,
        family: bool,
        starter: Starter,
    ) -> Result<Child, SpawnError> {
        let pidfd = charge(pid)?;
        let Pipes { stdin, stdout, stderr } = pipes;
        let report = Report { level: Level::None, guarantees: Vec::new(), denied: None, told: false };
        let (stdin, stdout, stderr) = (Some(stdin), Some(stdout), Some(stderr));
        let group = pid;
        Ok(Child {
            stdin,
            stdout,
            stderr,
            pid,
            group,
            pidfd,
            ending,
            report,
            ended: None,
            watch: None,
            guard: None,
            group_of: None,
            supervised: false,
            counted: false,
            family,
            left: None,
            _starter: starter,
        })
    }

    /// Takes charge of the process that goes on in its stead, another child of this process, once itself has ended.
    pub(crate) fn succeeded_by(&mut self, pid: u32) -> Result<(), SpawnError> {
        let pid = i32::try_from(pid).map_err(|error| SpawnError::Silent(error.to_string()))?;
        let pidfd = charge(pid)?;
        let launcher = std::mem::replace(&mut self.pid, pid);
        self.pidfd = pidfd;
        // It ends as soon as there is a successor.
        process::reap(launcher, true)
            .map_err(|source| SpawnError::Resource { what: "its process", source })?;
        Ok(())
    }

    pub(crate) fn report_denial(&mut self, denied: String) {
        self.report.denied = Some(denied);
    }

    pub(crate) fn set_report(&mut self, report: Report) {
        self.report = report;
    }

    /// Notes that the process which is waited for ends all others when it is told to, and should be told.
    pub(crate) fn note_supervisor(&mut self) {
        self.supervised = true;
    }

    /// Gets ready to have the calls answered that its filter tells of.
    pub(crate) fn expect_listener(&mut self, observer: Observer, tracer: Option<Tracer>) -> io::Result<()> {
        self.watch = Some(Watch::new(observer, tracer)?);
        Ok(())
    }

    /// Takes what its scratch directory is, out of sight of everybody else.
    pub(crate) fn keep(&mut self, folder: OwnedFd) {
        self.left = Some(folder);
    }

    /// It is started into this control group.
    pub(crate) fn grouped(&mut self, group: Option<(Arc<Groups>, Group)>) {
        self.group_of = group;
    }

    /// Looks after what the kernel does not bound.
    pub(crate) fn guard(&mut self, profile: &Profile) -> io::Result<()> {
        let scratch = profile.scratch.as_deref().filter(|_| !self.report.holds(BOUNDED_DISK));
        // Of a user the kernel counts all processes together, and leaves room for those that are not the child's.
        let tasks = !self.counted && (!self.report.holds(BOUNDED_THREADS) || self.supervised);
        if let (Some(path), true) = (scratch, profile.keep) {
            self.left = Some(crate::kept::open_folder(path)?);
        }
        if scratch.is_some() || tasks {
            let pidfd = self.pidfd.try_clone()?;
            let family = self.has_family();
            let process = Process { number: self.pid(), pidfd, family, supervisor: self.supervised };
            let tasks = tasks.then(|| self.most_tasks(profile));
            self.guard = Some(Guard::new(process, scratch, tasks, &profile.limits)?);
        }
        Ok(())
    }

    /// Its threads, which are to be counted as they are made.
    pub(crate) fn crowd(&mut self, profile: &Profile) -> Crowd {
        self.counted = true;
        Crowd::new(self.pid(), self.has_family(), self.most_tasks(profile))
    }

    /// How many threads there may be, that of its supervisor or keeper included.
    fn most_tasks(&self, profile: &Profile) -> u64 {
        profile.limits.tasks.saturating_add(u64::from(self.has_family()))
    }

    /// Whether there may be processes below the one that is waited for.
    fn has_family(&self) -> bool {
        self.family || self.group != self.pid
    }

    /// What it was killed for, if it used more than it may and the kernel did not keep it from that.
    #[must_use]
    pub fn overrun(&self) -> Option<Overrun> {
        let lacked_memory = || self.group_of.as_ref().is_some_and(|(_, group)| group.lacked_memory());
        self.guard.as_ref().and_then(Guard::overrun).or_else(|| lacked_memory().then_some(Overrun::Memory))
    }

    /// The root of its scratch directory, if the profile wanted to keep that. What lies there is hostile; it stays there as
    /// long as this child, whether or not the process has ended.
    #[must_use]
    pub fn left(&self) -> Option<BorrowedFd<'_>> {
        self.left.as_ref().map(AsFd::as_fd)
    }

    /// A number that grows as long as it does something, and not otherwise.
    pub(crate) fn signs_of_life(&self) -> u64 {
        usage::done(self.pid()).unwrap_or(0)
    }

    /// What tells the processor time that it uses, to be asked without holding on to this.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn clock(&self) -> io::Result<Clock> {
        Ok(Clock { process: self.pid(), pidfd: self.pidfd.try_clone()? })
    }

    /// Whether it ends within this time, which is waited for.
    #[must_use]
    pub fn ends_within(&self, time: Duration) -> bool {
        process::ends_within(&self.pidfd, time)
    }

    /// Has them answered; `false` if no listener is expected.
    pub(crate) fn watch(
        &mut self,
        listener: Listener,
        refusals: Refusals,
        crowd: Option<Crowd>,
    ) -> io::Result<bool> {
        let Some(watch) = self.watch.as_mut().filter(|watch| !watch.has_begun()) else { return Ok(false) };
        watch.begin(Watched { listener, pidfd: self.pidfd.try_clone()?, refusals, crowd });
        Ok(true)
    }

    /// The id of the process that is waited for: the child itself, or in namespaces, and where it may start processes, the one
    /// that keeps it.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.unsigned_abs()
    }

    /// What holds for it.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// A descriptor that becomes readable when the process has ended, to wait for it without blocking.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// Asks it to end (SIGTERM). It may ignore that.
    ///
    /// # Errors
    ///
    /// What the system says; nothing if it has ended already.
    pub fn terminate(&mut self) -> io::Result<()> {
        self.signal(libc::SIGTERM)
    }

    /// Kills it (SIGKILL), with its whole group. [`Child::wait`] tells when it is gone.
    ///
    /// # Errors
    ///
    /// What the system says; nothing if it has ended already.
    pub fn kill(&mut self) -> io::Result<()> {
        self.signal(libc::SIGKILL)
    }

    /// How it has ended, or `None` if it still runs. Does not block.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.reap(false)
    }

    /// Waits for its end, however long that takes. Does not close its input.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        let ended = self.reap(true)?;
        ended.ok_or_else(|| io::Error::other("the system reported no end of the process"))
    }

    /// How the child has ended that the process which has ended was keeping. The pipe has no other writer by now.
    fn told(&mut self) -> Option<ExitStatus> {
        let mut status = [0; 4];
        self.ending.read_exact(&mut status).ok()?;
        Some(ExitStatus::from_raw(i32::from_ne_bytes(status)))
    }

    fn signal(&self, signal: i32) -> io::Result<()> {
        match (self.ended, self.supervised) {
            // Once reaped, the number may belong to another process.
            (Some(_), _) => Ok(()),
            (None, false) => process::signal_group(self.group, self.pid, signal),
            // The supervisor passes it on to all, and outlives them.
            (None, true) => process::signal(self.pid, if signal == libc::SIGKILL { END_ALL } else { signal }),
        }
    }

    fn reap(&mut self, block: bool) -> io::Result<Option<ExitStatus>> {
        if self.ended.is_none() && process::has_ended(self.pid, block)? {
            // What it has left behind, should somebody else have ended what ends all that. As long as it is not reaped, its
            // number is nobody else's. An error means that there is nothing left.
            let _ = process::signal_group(self.group, self.pid, libc::SIGKILL);
            if self.family && self.group == self.pid && process::was_killed(self.pid)? {
                end_session(self.pid());
            }
            self.ended = process::reap(self.pid, true)?.map(|own| self.told().unwrap_or(own));
        }
        Ok(self.ended)
    }
}

/// Tells the processor time that a child uses, with all that it has started.
#[derive(Debug)]
pub struct Clock {
    process: u32,
    pidfd: OwnedFd,
}

impl Clock {
    /// What it has used so far.
    ///
    /// # Errors
    ///
    /// It has ended and was waited for, or the system does not say.
    pub fn processor_time(&self) -> io::Result<Duration> {
        let time = usage::processor_time(self.process)?;
        // Only if it is still there now, the number was its own a moment ago.
        process::is_unreaped(&self.pidfd)?;
        Ok(time)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.ended.is_none() {
            // Whoever ends all others first is given time for that.
            let ends_all =
                self.supervised && self.kill().is_ok() && process::ends_within(&self.pidfd, PATIENCE);
            if !ends_all {
                let _ = process::signal_group(self.group, self.pid, libc::SIGKILL);
            }
            // An error means that there is nothing left.
            let _ = self.wait();
        }
        // It has ended by now, so this does not wait long; and what it was denied is told.
        self.watch = None;
        self.guard = None;
        if let Some((groups, group)) = self.group_of.take() {
            groups.end(group);
        }
    }
}

/// A descriptor of a child of ours, which is ended if that fails.
fn charge(pid: i32) -> Result<OwnedFd, SpawnError> {
    process::pidfd(pid).map_err(|source| {
        end(pid, pid);
        SpawnError::Resource { what: "a process descriptor", source }
    })
}

/// How long a supervisor may need to end its processes, which takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Kills what is left of the session that a dead child of ours led, which has not been reaped: nothing can leave it. Gives up on what does
/// not end, as inside of a file system that does not answer.
fn end_session(leader: u32) {
    let began = Instant::now();
    // Without a readable `/proc` nothing would have been started.
    while let Ok(left) = usage::session(leader)
        && !left.is_empty()
        && began.elapsed() < PATIENCE
    {
        left.into_iter().for_each(|process| usage::kill_in_session(process, leader));
    }
}

/// Kills and reaps a child of ours. Errors mean that there is nothing left to kill or to reap.
fn end(group: i32, pid: i32) {
    let _ = process::signal_group(group, pid, libc::SIGKILL);
    let _ = process::reap(pid, true);
}
