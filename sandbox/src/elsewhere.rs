//! Systems other than Linux: the same names, and a refusal, since nothing there would confine a plugin.

use crate::guarantee::{Ceiling, Report};
use crate::profile::{Confined, Profile};
use crate::{LaunchError, Observer, SpawnError};
use std::convert::Infallible;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::process::ExitStatus;
use std::sync::Arc;

/// Cannot be made here.
#[derive(Debug)]
pub struct Launcher(Infallible);

/// Cannot be made here.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Child {
    pub stdin: Option<OwnedFd>,
    pub stdout: Option<OwnedFd>,
    pub stderr: Option<OwnedFd>,
    never: Infallible,
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

    pub fn program(&self) -> Arc<OwnedFd> {
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
}

#[allow(missing_docs)]
impl Child {
    pub fn pid(&self) -> u32 {
        match self.never {}
    }

    pub fn report(&self) -> &Report {
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

    pub(crate) fn tasks_of_user() -> crate::guarantee::Tasks {
        crate::guarantee::Tasks::Unbounded
    }

    pub(crate) fn kernel_release() -> String {
        String::new()
    }
}
