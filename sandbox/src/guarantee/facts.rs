//! What was done to a process, each as the system confirmed it.

use serde::{Deserialize, Serialize};

/// What was done to a process, each as the system confirmed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// The Landlock ABI whose rights are all fully enforced; 0 if none is.
    pub(crate) landlock_abi: u32,
    /// The system call filter is in place.
    pub(crate) seccomp: bool,
    /// The host hears which system calls are denied.
    pub(crate) heard: bool,
    /// Execution can grant no privileges, and no capability is left.
    pub(crate) unprivileged: bool,
    /// Resource limits are set.
    pub(crate) limits: bool,
    /// Whether and how the kernel applies a limit of tasks.
    pub(crate) tasks: Tasks,
    /// The host counts its threads and processes, and is asked for each new one.
    pub(crate) counted: bool,
    /// It leads a session of its own and holds no inherited descriptor or environment.
    pub(crate) detached: bool,
    /// It is killed when the host's thread ends, or the process that stands between it and the host.
    pub(crate) parent_death: bool,
    /// It is in a control group of its own with a bound of memory and of tasks.
    pub(crate) grouped: bool,
    /// It may start processes.
    pub(crate) processes: bool,
    /// A process of ours ends all that it has started, when it or the host ends.
    pub(crate) supervised: bool,
    /// It is in namespaces of its own. What that gives is proved one by one.
    pub(crate) secluded: bool,
    /// The file tree holds exactly what is granted, and what may only be read cannot be executed.
    pub(crate) exact: bool,
    /// What namespaces were seen to give.
    pub(crate) seclusion: Seclusion,
}

/// What a process in namespaces has found out about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seclusion {
    /// It sees no files but those that are granted, and what it sees is read-only.
    pub(crate) files: bool,
    /// It sees no processes but its own.
    pub(crate) processes: bool,
    /// It sees neither the machine's name nor who the user is.
    pub(crate) names: bool,
    /// It can write nothing but to a file system of its own with a bounded size.
    pub(crate) disk: bool,
}

/// What bounds the number of processes and threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tasks {
    /// Nothing: the kernel does not count those of uid 0.
    #[default]
    Unbounded,
    /// The limit of the user's tasks.
    OfUser,
    /// The limit of its process namespace.
    OfNamespace,
}

impl Tasks {
    /// Whether the kernel bounds those of this process apart from all others.
    pub(crate) fn are_bounded_alone(self, secluded: bool) -> bool {
        match self {
            Tasks::Unbounded => false,
            Tasks::OfUser => secluded,
            Tasks::OfNamespace => true,
        }
    }

    /// Whether they are bounded, and by what.
    pub(super) fn bound(self, secluded: bool, grouped: bool, counted: bool) -> (bool, &'static str) {
        match self {
            _ if grouped => (true, "a control group of its own (v2)"),
            _ if counted => (true, "seccomp: each is counted before it is made"),
            Tasks::Unbounded if secluded => (
                false,
                "RLIMIT_NPROC, which does not bind uid 0; before Linux 6.14 no namespace has a limit; who has too many is killed soon",
            ),
            Tasks::Unbounded => {
                (false, "RLIMIT_NPROC, which does not bind uid 0; who has too many is killed soon")
            }
            Tasks::OfUser if secluded => (true, "RLIMIT_NPROC in a user namespace"),
            Tasks::OfUser => (true, "RLIMIT_NPROC"),
            Tasks::OfNamespace => (true, "kernel.pid_max of its process namespace"),
        }
    }
}
