//! What is promised about a child, derived from what the launcher did to itself.
//!
//! Guarantees are required, not mechanisms: several mechanisms may provide the same guarantee. The launcher reports
//! [`Facts`]; both it and the host derive the guarantees from them, so that neither has to believe the other's opinion.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How much the sandbox guarantees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// A required guarantee is missing: nothing is started.
    Weak,
    /// All required guarantees hold. Names and sizes of files and the existence of processes can still be seen, and
    /// the disk that is used and the number of threads are not firmly bounded.
    Standard,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Weak => "weak",
            Level::Standard => "standard",
        })
    }
}

/// One promise, and whether it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarantee {
    /// What is promised, e.g. `no network`.
    pub name: &'static str,
    /// Whether it holds.
    pub held: bool,
    /// Whether the level *standard* needs it.
    pub required: bool,
    /// What provides it, or what would have to.
    pub provider: String,
}

/// What holds for one child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The level that was reached.
    pub level: Level,
    /// All guarantees, always the same ones in the same order.
    pub guarantees: Vec<Guarantee>,
}

/// The most that the kernel is taken to offer; to see what an older kernel would give, and to test refusals.
///
/// A ceiling can only make the sandbox refuse more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceiling {
    /// The Landlock ABI, 0 for none.
    pub landlock_abi: u32,
    /// Whether seccomp filters are offered.
    pub seccomp: bool,
}

impl Default for Ceiling {
    fn default() -> Self {
        Ceiling { landlock_abi: u32::MAX, seccomp: true }
    }
}

/// What was done to a process, each as the system confirmed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// The Landlock ABI whose rights are all fully enforced; 0 if none is.
    pub(crate) landlock_abi: u32,
    /// The system call filter is in place.
    pub(crate) seccomp: bool,
    /// Execution can grant no privileges, and no capability is left.
    pub(crate) unprivileged: bool,
    /// Resource limits are set.
    pub(crate) limits: bool,
    /// The kernel applies the limit of tasks to this user.
    pub(crate) tasks: bool,
    /// It leads a session of its own and holds no inherited descriptor or environment.
    pub(crate) detached: bool,
    /// It is killed when the host's thread ends.
    pub(crate) parent_death: bool,
}

impl Report {
    pub(crate) fn new(facts: &Facts) -> Report {
        let guarantees = guarantees(facts);
        let level = match guarantees.iter().all(|g| g.held || !g.required) {
            true => Level::Standard,
            false => Level::Weak,
        };
        Report { level, guarantees }
    }

    /// The names of the required guarantees that do not hold.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        self.guarantees.iter().filter(|g| g.required && !g.held).map(|g| g.name.to_owned()).collect()
    }
}

fn guarantees(facts: &Facts) -> Vec<Guarantee> {
    let landlock = facts.landlock_abi >= 1;
    let (truncation, by) = match facts.landlock_abi {
        3.. => (true, landlock_name(facts)),
        _ => (landlock && facts.seccomp, "seccomp, since Landlock knows truncation from ABI 3 on".to_owned()),
    };
    let signals = match facts.landlock_abi {
        6.. => "seccomp: only to itself; Landlock scope".to_owned(),
        _ => "seccomp: only to itself".to_owned(),
    };
    let filter = facts.seccomp && facts.unprivileged;
    let memory = facts.limits && facts.seccomp;
    vec![
        required("reads only what is granted", landlock, landlock_name(facts)),
        required("writes only its scratch directory", landlock, landlock_name(facts)),
        required("changes no modes, owners, times or locks of files", filter, "seccomp"),
        required("no truncation of files that are only readable", truncation, by),
        required("executes only what is granted", landlock, landlock_name(facts)),
        required("no network", filter, "seccomp: no sockets"),
        required("no sockets of other programs", filter, "seccomp: no sockets"),
        required("no device control", filter, "seccomp"),
        required("no new processes", filter, "seccomp: threads only"),
        required("no signals to other processes", filter, signals),
        required("no look into other processes", landlock && filter, "Landlock, seccomp"),
        required("no privileges", facts.unprivileged, "no capabilities, no_new_privs"),
        required("no inherited environment or descriptors", facts.detached, "launcher"),
        required("dies with its host", facts.parent_death, "parent-death signal"),
        required("bounded memory", memory, "RLIMIT_DATA, and no mappings that escape it"),
        required("bounded descriptors, file sizes and processor time", facts.limits, "resource limits"),
        optional("bounded threads", facts.tasks, "RLIMIT_NPROC, which does not bind uid 0"),
        optional("bounded disk", false, "a file system of its own"),
        optional("hidden names and sizes of files", false, "a mount namespace"),
        optional("hidden processes", false, "a process namespace"),
    ]
}

fn landlock_name(facts: &Facts) -> String {
    match facts.landlock_abi {
        0 => "Landlock".to_owned(),
        abi => format!("Landlock ABI {abi}"),
    }
}

fn required(name: &'static str, held: bool, provider: impl Into<String>) -> Guarantee {
    Guarantee { name, held, required: true, provider: provider.into() }
}

fn optional(name: &'static str, held: bool, provider: impl Into<String>) -> Guarantee {
    Guarantee { required: false, ..required(name, held, provider) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Facts {
        Facts {
            landlock_abi: 7,
            seccomp: true,
            unprivileged: true,
            limits: true,
            tasks: true,
            detached: true,
            parent_death: true,
        }
    }

    #[test]
    fn everything_done_is_standard() {
        let report = Report::new(&all());
        assert_eq!((report.level, report.missing()), (Level::Standard, vec![]));
    }

    #[test]
    fn nothing_done_misses_every_required_guarantee() {
        let report = Report::new(&Facts::default());
        let required = report.guarantees.iter().filter(|g| g.required).count();
        assert_eq!((report.level, report.missing().len()), (Level::Weak, required));
    }

    #[test]
    fn each_mechanism_is_needed() {
        type Removal = fn(&mut Facts);
        let without: [(&str, Removal, &str); 6] = [
            ("Landlock", |f| f.landlock_abi = 0, "reads only what is granted"),
            ("seccomp", |f| f.seccomp = false, "no network"),
            ("privileges", |f| f.unprivileged = false, "no privileges"),
            ("limits", |f| f.limits = false, "bounded memory"),
            ("detaching", |f| f.detached = false, "no inherited environment or descriptors"),
            ("parent death", |f| f.parent_death = false, "dies with its host"),
        ];
        for (mechanism, remove, guarantee) in without {
            let mut facts = all();
            remove(&mut facts);
            let report = Report::new(&facts);
            assert_eq!(report.level, Level::Weak, "without {mechanism}");
            assert!(report.missing().iter().any(|name| name == guarantee), "without {mechanism}");
        }
    }

    #[test]
    fn an_old_landlock_is_made_up_for_by_seccomp() {
        for landlock_abi in 1..=6 {
            let report = Report::new(&Facts { landlock_abi, ..all() });
            assert_eq!(report.level, Level::Standard, "ABI {landlock_abi}");
        }
        let report = Report::new(&Facts { landlock_abi: 2, seccomp: false, ..all() });
        assert!(report.missing().contains(&"no truncation of files that are only readable".to_owned()));
    }

    #[test]
    fn an_unbounded_number_of_threads_is_reported_but_not_fatal() {
        let report = Report::new(&Facts { tasks: false, ..all() });
        let threads = report.guarantees.iter().find(|g| g.name == "bounded threads").unwrap();
        assert_eq!((report.level, threads.held), (Level::Standard, false));
    }
}
