//! Systems other than Linux: the same names, and a refusal, since nothing there would confine a plugin.

use crate::guarantee::{Ceiling, Report};
use crate::profile::{Confined, Profile};
use crate::{Attempts, LaunchError, Observer, SpawnError};
use std::convert::Infallible;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

/// Cannot be made here.
#[derive(Debug)]
pub struct Launcher(Infallible);

/// Cannot be made here.
#[derive(Debug)]
pub struct Clock(Infallible);

#[allow(missing_docs, clippy::missing_errors_doc)]
impl Clock {
    pub fn processor_time(&self) -> io::Result<Duration> {
        match self.0 {}
    }
}

/// Cannot be made here.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Child {
    pub stdin: Option<OwnedFd>,
    pub stdout: Option<OwnedFd>,
    pub stderr: Option<OwnedFd>,
    never: Infallible,
}

/// Cannot come to be here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Overrun {
    ScratchSize,
    ScratchFiles,
    Tasks,
    Memory,
    Hidden,
    Unwatched,
}

/// Cannot come to be here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum KeepError {
    #[error("it holds more than {bytes} bytes or {files} files")]
    TooMuch { bytes: u64, files: u64 },
    #[error("cannot copy {}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// Copies nothing: nothing is kept here.
#[allow(missing_docs)]
pub fn copy_folder(_: BorrowedFd<'_>, _: BorrowedFd<'_>, bytes: u64, files: u64) -> Result<u64, KeepError> {
    Err(KeepError::TooMuch { bytes, files })
}

#[allow(missing_docs)]
pub fn open_folder(_: &Path) -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Nothing to do: only glibc has a heap for each thread.
pub fn share_one_heap() {}

/// Always an ordinary start: nothing starts a launcher here.
pub fn launched() -> Result<Option<Confined>, LaunchError> {
    Ok(None)
}

#[allow(missing_docs)]
impl Launcher {
    pub fn new() -> Result<Launcher, SpawnError> {
        Err(SpawnError::Unsupported { system: std::env::consts::OS })
    }

    pub fn with_program(_: OwnedFd) -> Result<Launcher, SpawnError> {
        Launcher::new()
    }

    pub fn below(self, _: Ceiling) -> Launcher {
        match self.0 {}
    }

    pub fn allowing_weak(self, _: bool) -> Launcher {
        match self.0 {}
    }

    pub fn grouping_in(self, _: &Path) -> Launcher {
        match self.0 {}
    }

    pub fn prepare(&self) {
        match self.0 {}
    }

    pub fn survey(&self) -> crate::Survey {
        match self.0 {}
    }

    pub fn spawn(&self, _: &Profile) -> Result<Child, SpawnError> {
        match self.0 {}
    }

    pub fn spawn_observed(&self, _: &Profile, _: Observer) -> Result<Child, SpawnError> {
        match self.0 {}
    }

    pub fn spawn_traced(&self, _: &Profile, _: Observer, _: Arc<Attempts>) -> Result<Child, SpawnError> {
        match self.0 {}
    }
}

#[allow(missing_docs)]
impl Child {
    pub fn pid(&self) -> u32 {
        match self.never {}
    }

    pub fn report(&self) -> &Report {
        match self.never {}
    }

    pub fn overrun(&self) -> Option<Overrun> {
        match self.never {}
    }

    pub fn left(&self) -> Option<BorrowedFd<'_>> {
        match self.never {}
    }

    pub fn clock(&self) -> io::Result<Clock> {
        match self.never {}
    }

    pub fn ends_within(&self, _: Duration) -> bool {
        match self.never {}
    }

    pub fn pidfd(&self) -> BorrowedFd<'_> {
        match self.never {}
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        match self.never {}
    }

    pub fn kill(&mut self) -> io::Result<()> {
        match self.never {}
    }

    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        match self.never {}
    }

    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        match self.never {}
    }
}

/// What the survey asks the kernel elsewhere.
pub(crate) mod kernel {
    pub(crate) fn landlock_abi() -> u32 {
        0
    }

    pub(crate) fn seccomp_offered() -> bool {
        false
    }

    pub(crate) fn listeners_offered() -> bool {
        false
    }

    pub(crate) fn tells_of_files() -> bool {
        false
    }

    pub(crate) fn tasks_of_user() -> crate::guarantee::Tasks {
        crate::guarantee::Tasks::Unbounded
    }

    pub(crate) fn kernel_release() -> String {
        String::new()
    }
}
