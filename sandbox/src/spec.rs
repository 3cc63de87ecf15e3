//! What passes between the host and the launcher, both of which are the same program.
//!
//! The host sends a message with a launcher's descriptors to the template on its descriptor 3, which makes a copy of itself, the
//! launcher, and says so with one [`Answer`]. The host writes one [`Orders`] as JSON into a sealed memory file on descriptor 3; the launcher answers with at most
//! a few [`Word`]s on the socket on descriptor 4, and may have to wait there for [`GO`]. The closing of that socket without a
//! [`Word::Failed`] means that the plugin runs. In a process namespace the first process there, and else the supervisor of a
//! plugin that may start processes, writes to the pipe on descriptor 5 how the plugin has ended. What is to be executed is
//! descriptor 6.

use crate::guarantee::{Ceiling, Facts, Level};
use crate::profile::Limits;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;

/// The hidden argument that makes the program a template, of which launchers are copies.
pub(crate) const ARGUMENT: &str = "--sandbox-exec";
/// The socket on which a template is told to make copies, in itself.
pub(crate) const CONTROL: i32 = 3;
/// The descriptor that holds the orders.
pub(crate) const ORDERS: i32 = 3;
/// The socket on which the launcher reports.
pub(crate) const STATUS: i32 = 4;
/// The pipe for how the plugin has ended.
pub(crate) const ENDING: i32 = 5;
/// The descriptor that is executed.
pub(crate) const ENTRY: i32 = 6;

/// What the launcher shall do. Paths are [`OsString`], since JSON strings cannot hold every path.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// The host's process id: the launcher ends if its parent is another by then.
    pub(crate) host: u32,
    pub(crate) entry: Kind,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) read: Vec<OsString>,
    pub(crate) data: Vec<OsString>,
    pub(crate) list: Vec<OsString>,
    pub(crate) execute: Vec<OsString>,
    pub(crate) programs: Vec<OsString>,
    pub(crate) scratch: Option<OsString>,
    /// Whether the scratch directory is to begin with what lies there, and to be read afterwards.
    pub(crate) keep: bool,
    /// What is written to in order to be in the control group that was made for it.
    pub(crate) group: Option<OsString>,
    pub(crate) limits: Limits,
    /// Whether the host wants to hear which system calls are denied.
    pub(crate) heard: bool,
    /// Whether it wants to hear, too, which files are named.
    pub(crate) traced: bool,
    /// Whether it has to wait for [`GO`] before it executes anything.
    pub(crate) waits: bool,
    /// What must be reached for the plugin to run.
    pub(crate) least: Level,
    /// What may be used; namespaces only where nothing is known that denies them.
    pub(crate) ceiling: Ceiling,
}

impl Orders {
    /// Whether the plugin may have processes beside its own.
    pub(crate) fn starts_processes(&self) -> bool {
        !self.programs.is_empty()
    }
}

/// How the launcher becomes the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// It ends once it is confined.
    Nothing,
    /// It returns to its caller.
    Itself,
    /// It executes the sealed memory file.
    Native,
    /// It executes a file of the machine, which it must grant to itself first.
    Interpreter,
}

/// What the launcher says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Word {
    /// It has gone on inside of namespaces, as the process of this number.
    Inside(u32),
    /// Its scratch directory is a file system of its own, whose root comes along.
    Scratch,
    /// Its filter is in force; the filter's listener comes along. Where its threads are `counted`, it is asked for each new one.
    Filtered { landlock_abi: u32, counted: bool },
    /// It is confined.
    Confined(Facts),
    /// Namespaces cannot be had, and it ends.
    Denied(Denial),
    /// It is confined too weakly, and ends.
    Weak(Vec<String>),
    /// A step failed, and it ends.
    Failed { stage: String, reason: String },
}

/// Why namespaces cannot be had.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Denial {
    /// The step that failed.
    pub(crate) stage: String,
    /// What the system said.
    pub(crate) reason: String,
    /// Whether it is this machine that denies it to everybody, not something about the one plugin.
    pub(crate) everybody: bool,
}

/// What a template says when it was told to make a copy of itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The copy runs, as the process of this number.
    Copied(i32),
    /// There is none.
    Failed { stage: String, reason: String },
}

/// What the host says on the status socket once it has checked what is to be executed. It says nothing else, ever.
pub(crate) const GO: &[u8] = b"go";

/// The most bytes that a [`Word`] has.
pub(crate) const WORD_LIMIT: usize = 16 << 10;
