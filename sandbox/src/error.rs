//! Why a child was not started, and why a launcher could not confine itself.

use std::io;
use std::path::PathBuf;

/// Why a child was not started. In every case none of the plugin's code has run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// This operating system offers no sandbox that we know.
    #[error("the sandbox needs Linux, and this system is {system}")]
    Unsupported {
        /// The system's name.
        system: &'static str,
    },
    /// The running program could not be opened to start it anew.
    #[error("cannot open the running program through /proc/self/exe")]
    Program(#[source] io::Error),
    /// The entry cannot be read.
    #[error("cannot read the program {}", path.display())]
    Entry {
        /// The entry's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The entry is no regular file in the executable format of this system.
    #[error("{} is not a program: {reason}", path.display())]
    NotAProgram {
        /// The entry's path.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The libraries that the entry needs cannot be told.
    #[error("cannot tell which libraries {} needs", path.display())]
    Libraries {
        /// The entry's path.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// The entry is larger than what may be copied into memory.
    #[error("{} is larger than the {limit} bytes that a program may have", path.display())]
    TooLarge {
        /// The entry's path.
        path: PathBuf,
        /// The most bytes that are allowed.
        limit: u64,
    },
    /// The entry's bytes are not those that were asked for.
    #[error("{} has other bytes than expected: expected sha256 {expected}, found {found}", path.display())]
    Digest {
        /// The entry's path.
        path: PathBuf,
        /// The digest that was asked for, in hexadecimal.
        expected: String,
        /// The digest of what lies there, in hexadecimal.
        found: String,
    },
    /// The profile contradicts itself.
    #[error("the profile is unusable: {0}")]
    Profile(String),
    /// A pipe, socket or memory file could not be made.
    #[error("cannot make {what}")]
    Resource {
        /// What was to be made.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The launcher could not be started.
    #[error("cannot start the launcher")]
    Start(#[source] io::Error),
    /// The launcher could not carry out a step, and gave up.
    #[error("the launcher failed at {stage}: {reason}")]
    Launcher {
        /// The step.
        stage: String,
        /// What went wrong.
        reason: String,
    },
    /// The launcher ended without a word, or said what cannot be understood.
    #[error("the launcher gave no report: {0}")]
    Silent(String),
    /// The sandbox would be weaker than the level that is demanded.
    #[error(
        "the sandbox would be too weak, it cannot guarantee: {}{}",
        missing.join(", "),
        denied.iter().map(|reason| format!(" (no namespaces: {reason})")).collect::<String>()
    )]
    Weak {
        /// The names of the guarantees that do not hold.
        missing: Vec<String>,
        /// Why there are no namespaces, if they are missing.
        denied: Option<String>,
    },
}

/// Why a process that was started as the launcher could not confine itself. It must end without doing anything else.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// The hidden argument was given, but not by a host.
    #[error("the sandbox's launcher was started by hand")]
    NotStartedByHost,
    /// The host's orders cannot be understood.
    #[error("cannot understand the host's orders: {0}")]
    Orders(String),
    /// A step failed.
    #[error("{stage}")]
    Step {
        /// The step.
        stage: String,
        /// What the system said.
        source: io::Error,
    },
    /// Namespaces cannot be had. The host may start anew without them.
    #[error("{stage}")]
    Denied {
        /// The step.
        stage: String,
        /// What the system said.
        source: io::Error,
        /// Whether it is this machine that denies it to everybody, not something about the one plugin.
        everybody: bool,
    },
    /// Not every guarantee that is demanded holds, so nothing may run.
    #[error("the sandbox would be too weak, it cannot guarantee: {}", missing.join(", "))]
    Weak {
        /// The names of the guarantees that do not hold.
        missing: Vec<String>,
    },
}
