//! What this machine gives a child, found out by starting one that does nothing.

use crate::guarantee::{Ceiling, Facts, Report};
use crate::{Launcher, kernel};
use std::path::PathBuf;

/// What the kernel offers, and what a child was seen to get.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// The kernel's release as it names itself, e.g. `6.18.0`.
    pub kernel: String,
    /// The Landlock ABI; `None` if Landlock is absent or switched off.
    pub landlock_abi: Option<u32>,
    /// Whether system calls can be filtered.
    pub seccomp: bool,
    /// The level that was reached, and each guarantee with its provider.
    pub report: Report,
    /// Whether the system tells of what is made in a folder, which saves looking where the kernel does not bound that.
    pub notified: bool,
    /// Where each child gets a control group of its own, or why none does.
    pub groups: Result<PathBuf, String>,
    /// Why no child could be started, so that nothing is guaranteed.
    pub failed: Option<String>,
}

/// Starts a child that does nothing but confine itself, and tells what it got.
///
/// The running program's `main` has to call [`crate::launched`] first, as for every start.
#[must_use]
pub fn survey() -> Survey {
    match Launcher::new() {
        Ok(launcher) => launcher.survey(),
        Err(error) => Survey::without(Ceiling::default(), told(&error)),
    }
}

impl Survey {
    pub(crate) fn of(ceiling: Ceiling, report: Report) -> Survey {
        let abi = kernel::landlock_abi().min(ceiling.landlock_abi);
        Survey {
            kernel: kernel::kernel_release(),
            landlock_abi: (abi > 0).then_some(abi),
            seccomp: kernel::seccomp_offered() && ceiling.seccomp,
            report,
            notified: kernel::tells_of_files(),
            groups: Err("no child was started".to_owned()),
            failed: None,
        }
    }

    /// Nothing was proved, so nothing holds.
    pub(crate) fn without(ceiling: Ceiling, reason: String) -> Survey {
        Survey { failed: Some(reason), ..Survey::of(ceiling, Report::new(&Facts::default())) }
    }
}

/// An error with what caused it.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", told(source)),
        None => error.to_string(),
    }
}
