//! `plugin.kdl`: what a package says about itself.
//!
//! ```kdl
//! publisher "acme"
//! namespace "tools"
//! name "idle"
//! version "1.2.0"
//! interface 1
//! entry kind="python" path="idle.py"
//! ```
//!
//! All faults of a file are reported at once, each with its place. The manifest is believed only after the
//! package's digest was compared. What it asks for (`permissions`) widens nothing until a person has granted it.

mod error;
mod fields;
mod limits;
mod permissions;

use semver::Version;

use crate::PluginId;
use crate::resource::Amounts;

pub use error::{ManifestError, ManifestErrors};
pub use limits::KEEP;
pub use permissions::{ANY, Permission, PermissionKind, REPO, token_of};

/// The manifest's name, at the top of the package.
pub const FILE: &str = "plugin.kdl";

/// The longest manifest, in bytes.
pub const MAX_BYTES: u64 = 64 << 10;

/// The versions of the protocol that packages may be written for.
pub const INTERFACES: std::ops::RangeInclusive<u32> = 1..=1;

/// What starts a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A program of this machine's architecture.
    Native,
    /// A script for CPython 3.
    Python,
    /// A script for Node.js.
    Node,
}

/// The file that is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// How it is started.
    pub kind: EntryKind,
    /// The path below the package's directory, `/` between its parts, nothing that leads out.
    pub path: String,
}

/// A manifest without faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Publisher, namespace and name.
    pub id: PluginId,
    /// The plugin's own version.
    pub version: Version,
    /// The version of the protocol that it speaks.
    pub interface: u32,
    /// What is started.
    pub entry: Entry,
    /// What it asks a person for, sorted; mostly nothing.
    pub permissions: Vec<Permission>,
    /// How much it wants to use of what, where it says so; what is more than everybody gets is among the permissions too.
    pub limits: Amounts,
    /// The least level of the sandbox at which it is to run, if it demands one.
    pub min_level: Option<MinLevel>,
}

/// A level of the sandbox that a plugin demands. It runs at none less than *standard* anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinLevel {
    /// Not even where the person allows weaker ones.
    Standard,
    /// Only where every guarantee holds.
    Full,
}

impl Manifest {
    /// Reads a manifest; `name` is what errors call the file.
    ///
    /// # Errors
    /// All faults of the file together.
    pub fn parse(name: &str, text: &str) -> Result<Manifest, ManifestErrors> {
        fields::read(text).map_err(|errors| ManifestErrors::new(name, text, errors))
    }
}

pub(crate) fn too_big(name: &str, size: u64) -> ManifestErrors {
    ManifestErrors::new(name, "", vec![ManifestError::TooBig { size, limit: MAX_BYTES }])
}
