//! What a package asks a person for, beyond itself and the target's objects. Asking gives nothing: it says what can be
//! granted.
//!
//! ```kdl
//! permissions {
//!     env "DEPLOYMENT" why="which servers are meant"
//!     file "*" why="the lists that its configuration names"
//!     net "api.example.org" why="who reviewed a change"
//!     read "~/.cargo/registry" why="the sources of dependencies" optional=#true
//! }
//! ```

use std::fmt;

use kdl::{KdlEntry, KdlNode};

use super::ManifestError;
use super::fields::argument_beside_properties;

/// What a permission is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PermissionKind {
    /// The value of an environment variable, as an input.
    Env,
    /// The content of a file, as an input.
    File,
    /// A file, or a folder with all below it, that the plugin's process reads by itself: what it sees there is recorded
    /// nowhere, so its answers are not remembered.
    Read,
    /// What a server of the network answers, as an input: a host and, if it is not 443, a port.
    Net,
}

/// One thing that a package asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// What sort of thing.
    pub kind: PermissionKind,
    /// A variable's name, or a path; [`ANY`] where the configuration says which.
    pub what: String,
    /// The publisher's reason, for the person who is asked.
    pub why: String,
    /// Whether the plugin can do without.
    pub optional: bool,
}

/// Stands for all names: which of them, the plugin's configuration decides.
pub const ANY: &str = "*";

/// The most that a manifest may ask for.
const LIMIT: usize = 64;

/// The longest reason, characters: it is shown on one line.
const MAX_WHY: usize = 200;
/// The longest name or path, bytes.
const MAX_WHAT: usize = 1000;

const SHAPE: &str = "a name or path, and why=\"…\", as in env \"LANG\" why=\"the language of names\"";

impl PermissionKind {
    /// All kinds.
    pub const ALL: [PermissionKind; 4] =
        [PermissionKind::Env, PermissionKind::File, PermissionKind::Read, PermissionKind::Net];

    /// The node that asks for it.
    pub const fn name(self) -> &'static str {
        match self {
            PermissionKind::Env => "env",
            PermissionKind::File => "file",
            PermissionKind::Read => "read",
            PermissionKind::Net => "net",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<PermissionKind> {
        PermissionKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Permission {
    /// Whether this asks for `what`.
    pub fn covers(&self, kind: PermissionKind, what: &str) -> bool {
        self.kind == kind && (self.what == what || self.what == ANY)
    }
}

impl fmt::Display for Permission {
    /// As in the manifest: `env "LANG"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.kind.name(), self.what)
    }
}

pub(super) fn read(node: &KdlNode, errors: &mut Vec<ManifestError>) -> Vec<Permission> {
    if let Some(entry) = node.entries().first() {
        errors.push(ManifestError::Shape { expected: "permissions { … }", at: entry.span() });
    }
    let mut found: Vec<Permission> = Vec::new();
    for child in node.iter_children() {
        match one(child) {
            Ok(one) if found.iter().any(|other| other.kind == one.kind && other.what == one.what) => {
                let name = format!("{} {}", one.kind.name(), one.what);
                errors.push(ManifestError::Twice { name, at: child.span() });
            }
            Ok(_) if found.len() == LIMIT => {
                errors.push(ManifestError::Greedy { limit: LIMIT, at: child.span() });
                break;
            }
            Ok(one) => found.push(one),
            Err(error) => errors.push(error),
        }
    }
    found.sort();
    found
}

fn one(node: &KdlNode) -> Result<Permission, ManifestError> {
    let (name, at) = (node.name().value(), node.name().span());
    let kind = PermissionKind::named(name)
        .ok_or_else(|| ManifestError::UnknownPermission { name: name.to_owned(), at })?;
    let (what, properties) = argument_beside_properties(node, SHAPE)?;
    let text = |entry: &KdlEntry| {
        let wrong = ManifestError::Shape { expected: SHAPE, at: entry.span() };
        entry.value().as_string().map(str::to_owned).ok_or(wrong)
    };
    let (mut why, mut optional) = (None, false);
    for property in properties {
        let wrong = ManifestError::Shape { expected: SHAPE, at: property.span() };
        match (property.name().map(|name| name.value()), property.value().as_bool()) {
            (Some("why"), _) => why = Some(text(property)?),
            (Some("optional"), Some(can_do_without)) => optional = can_do_without,
            _ => return Err(wrong),
        }
    }
    let why = why.ok_or(ManifestError::Shape { expected: SHAPE, at: node.span() })?;
    if why.trim().is_empty() || why.chars().count() > MAX_WHY || why.contains(is_deceptive) {
        return Err(ManifestError::Reason { limit: MAX_WHY, at: node.span() });
    }
    let permission = Permission { kind, what: text(what)?, why, optional };
    match is_askable(&permission) {
        true => Ok(permission),
        false => Err(ManifestError::Unaskable { kind: kind.name(), what: permission.what, at: what.span() }),
    }
}

/// What would make a line look like several, or like another one.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
}

fn is_askable(permission: &Permission) -> bool {
    let Permission { kind, what, .. } = permission;
    let plain = (1..=MAX_WHAT).contains(&what.len()) && !what.contains(is_deceptive);
    let steps_back = what.split('/').any(|part| matches!(part, "." | ".."));
    plain
        && match kind {
            PermissionKind::Env => !what.contains('='),
            PermissionKind::Net => {
                what.bytes().all(|byte| byte.is_ascii_graphic()) && !what.contains(['/', '@'])
            }
            PermissionKind::File => !steps_back,
            PermissionKind::Read => !steps_back && (what.starts_with('/') || what.starts_with("~/")),
        }
}
