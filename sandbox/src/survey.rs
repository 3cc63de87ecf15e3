//! What this machine's kernel would give a child, found out without starting one.

use crate::guarantee::{Ceiling, Facts, Report};
use crate::kernel;

/// What the kernel offers, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// The kernel's release as it names itself, e.g. `6.18.0`.
    pub kernel: String,
    /// The Landlock ABI; `None` if Landlock is absent or switched off.
    pub landlock_abi: Option<u32>,
    /// Whether system calls can be filtered.
    pub seccomp: bool,
    /// The level that is reachable, and each guarantee with its provider.
    pub report: Report,
}

/// Asks the kernel. What needs no feature of the kernel is taken to succeed; a launcher proves it at each start.
#[must_use]
pub fn survey() -> Survey {
    survey_below(Ceiling::default())
}

fn survey_below(ceiling: Ceiling) -> Survey {
    let abi = kernel::landlock_abi().min(ceiling.landlock_abi);
    let seccomp = kernel::seccomp_offered() && ceiling.seccomp;
    let here = cfg!(target_os = "linux");
    let facts = Facts {
        landlock_abi: abi,
        seccomp,
        unprivileged: here,
        limits: here,
        tasks: kernel::tasks_are_bounded(),
        detached: here,
        parent_death: here,
    };
    Survey {
        kernel: kernel::kernel_release(),
        landlock_abi: (abi > 0).then_some(abi),
        seccomp,
        report: Report::new(&facts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    #[test]
    fn a_kernel_without_landlock_is_surveyed_as_weak() {
        let survey = survey_below(Ceiling { landlock_abi: 0, seccomp: true });
        assert_eq!((survey.landlock_abi, survey.report.level), (None, Level::Weak));
        assert!(survey.report.missing().contains(&"reads only what is granted".to_owned()));
    }

    #[test]
    fn a_kernel_without_seccomp_is_surveyed_as_weak() {
        let survey = survey_below(Ceiling { landlock_abi: 9, seccomp: false });
        assert_eq!((survey.seccomp, survey.report.level), (false, Level::Weak));
        assert!(survey.report.missing().contains(&"no network".to_owned()));
    }
}
