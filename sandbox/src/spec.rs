//! What passes between the host and the launcher, both of which are the same program.
//!
//! The host writes one [`Orders`] as JSON into a sealed memory file on descriptor 3; the launcher answers with at most
//! two [`Word`]s on the socket on descriptor 4. The closing of that socket without a [`Word::Failed`] means that the
//! plugin runs. What is to be executed is descriptor 5.

use crate::guarantee::{Ceiling, Facts};
use crate::profile::Limits;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;

/// The hidden argument that makes the program a launcher.
pub(crate) const ARGUMENT: &str = "--sandbox-exec";
/// The descriptor that holds the orders.
pub(crate) const ORDERS: i32 = 3;
/// The socket on which the launcher reports.
pub(crate) const STATUS: i32 = 4;
/// The descriptor that is executed.
pub(crate) const ENTRY: i32 = 5;

/// What the launcher shall do. Paths are [`OsString`], since JSON strings cannot hold every path.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// The host's process id: the launcher ends if its parent is another by then.
    pub(crate) host: u32,
    pub(crate) entry: Kind,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) read: Vec<OsString>,
    pub(crate) list: Vec<OsString>,
    pub(crate) execute: Vec<OsString>,
    pub(crate) scratch: Option<OsString>,
    pub(crate) limits: Limits,
    pub(crate) ceiling: Ceiling,
}

/// How the launcher becomes the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
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
    /// It is confined.
    Confined(Facts),
    /// It is confined too weakly, and ends.
    Weak(Vec<String>),
    /// A step failed, and it ends.
    Failed { stage: String, reason: String },
}

/// The most bytes that a [`Word`] has.
pub(crate) const WORD_LIMIT: usize = 16 << 10;
