//! What a package asks a person for, beyond itself and the target's objects. Asking gives nothing: it says what can be
//! granted.
//!
//! ```kdl
//! permissions {
//!     env "DEPLOYMENT" why="which servers are meant"
//!     exec "git" why="who wrote which line"
//!     file "*" why="the lists that its configuration names"
//!     net "api.example.org" why="who reviewed a change"
//!     read "~/.cargo/registry" why="the sources of dependencies" optional=#true
//!     scratch size="256MiB" keep=#true why="an index that is dear to make"
//!     token "api.example.org" why="changes that only members see" optional=#true
//! }
//! ```

use std::fmt;

use kdl::{KdlEntry, KdlNode};

use super::ManifestError;
use super::fields::argument_beside_properties;
use super::limits::Wanted;

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
    /// A program that the plugin's process may start, by its name in a folder of the system or by an absolute path: what the
    /// program sees is recorded nowhere, so the plugin's answers are not remembered.
    Exec,
    /// More of a resource than everybody gets: `memory 2GiB`.
    Limit,
    /// A scratch folder that is kept from one check to the next: what it saw in there is recorded nowhere.
    Scratch,
    /// That a token of the person goes along with what the plugin asks a server. The manifest names the server; what is granted is
    /// `SERVER=VARIABLE`, the variable that holds the token. The plugin does not see it.
    Token,
}

/// Why a package asks for something, and whether it can do without.
#[derive(Debug, Default)]
pub(super) struct Reason {
    pub(super) why: Option<String>,
    pub(super) optional: bool,
}

/// One thing that a package asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// What sort of thing.
    pub kind: PermissionKind,
    /// A name, or a path; [`ANY`] where the configuration says which.
    pub what: String,
    /// The publisher's reason, for the person who is asked.
    pub why: String,
    /// Whether the plugin can do without.
    pub optional: bool,
}

/// Stands for the working tree of whichever target is checked, or its git directory if it has none; for `read` alone.
pub const REPO: &str = "$REPO";

/// Stands for all names: which of them, the plugin's configuration decides.
pub const ANY: &str = "*";

/// The most that a manifest may ask for.
pub(super) const LIMIT: usize = 64;

/// The longest reason, characters: it is shown on one line.
const MAX_WHY: usize = 200;
/// The longest name or path, bytes.
const MAX_WHAT: usize = 1000;

const SHAPE: &str = "a name or path, and why=\"…\", as in env \"LANG\" why=\"the language of names\"";

impl PermissionKind {
    /// All kinds.
    pub const ALL: [PermissionKind; 8] = [
        PermissionKind::Env,
        PermissionKind::File,
        PermissionKind::Read,
        PermissionKind::Net,
        PermissionKind::Exec,
        PermissionKind::Limit,
        PermissionKind::Scratch,
        PermissionKind::Token,
    ];

    /// The node that asks for it.
    pub const fn name(self) -> &'static str {
        match self {
            PermissionKind::Env => "env",
            PermissionKind::File => "file",
            PermissionKind::Read => "read",
            PermissionKind::Net => "net",
            PermissionKind::Exec => "exec",
            PermissionKind::Limit => "limit",
            PermissionKind::Scratch => "scratch",
            PermissionKind::Token => "token",
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
        let names = |what: &str| self.what == what || self.what == ANY;
        let of_server =
            kind == PermissionKind::Token && token_of(what).is_some_and(|(server, _)| names(server));
        self.kind == kind && (names(what) || of_server)
    }
}

impl fmt::Display for Permission {
    /// As in the manifest: `env "LANG"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.kind.name(), self.what)
    }
}

/// The server, and the variable that holds its token, of what is granted as a token: `SERVER=VARIABLE`.
pub fn token_of(what: &str) -> Option<(&str, &str)> {
    what.split_once('=')
}

/// Reads the node `permissions`; what it says of the scratch folder goes to `wanted`.
pub(super) fn read(node: &KdlNode, wanted: &mut Wanted, errors: &mut Vec<ManifestError>) -> Vec<Permission> {
    if let Some(entry) = node.entries().first() {
        errors.push(ManifestError::Shape { expected: "permissions { … }", at: entry.span() });
    }
    let mut found: Vec<Permission> = Vec::new();
    for child in node.iter_children() {
        if child.name().value() == PermissionKind::Scratch.name() {
            errors.extend(wanted.scratch(child).err());
            continue;
        }
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
        // Limits have a node of their own.
        .filter(|kind| *kind != PermissionKind::Limit)
        .ok_or_else(|| ManifestError::UnknownPermission { name: name.to_owned(), at })?;
    let (what, properties) = argument_beside_properties(node, SHAPE)?;
    let text = |entry: &KdlEntry| {
        let wrong = ManifestError::Shape { expected: SHAPE, at: entry.span() };
        entry.value().as_string().map(str::to_owned).ok_or(wrong)
    };
    let Reason { why, optional } = reason(node, &properties, SHAPE)?;
    let why = why.ok_or(ManifestError::Shape { expected: SHAPE, at: node.span() })?;
    let permission = Permission { kind, what: text(what)?, why, optional };
    match is_askable(&permission) {
        true => Ok(permission),
        false => Err(ManifestError::Unaskable { kind: kind.name(), what: permission.what, at: what.span() }),
    }
}

/// The `why` and `optional` among the properties of `node`, which has no others.
pub(super) fn reason(
    node: &KdlNode,
    properties: &[&KdlEntry],
    expected: &'static str,
) -> Result<Reason, ManifestError> {
    let mut reason = Reason::default();
    for property in properties {
        let value = property.value();
        match (property.name().map(|name| name.value()), value.as_string(), value.as_bool()) {
            (Some("why"), Some(text), _) => reason.why = Some(text.to_owned()),
            (Some("optional"), _, Some(can_do_without)) => reason.optional = can_do_without,
            _ => return Err(ManifestError::Shape { expected, at: property.span() }),
        }
    }
    let unreadable =
        |why: &String| why.trim().is_empty() || why.chars().count() > MAX_WHY || why.contains(is_deceptive);
    match &reason.why {
        Some(why) if unreadable(why) => Err(ManifestError::Reason { limit: MAX_WHY, at: node.span() }),
        _ => Ok(reason),
    }
}

/// What would make a line look like several, or like another one.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
}

/// A bare one: which program is started is never left to the configuration.
fn is_program_name(what: &str) -> bool {
    what.starts_with(|c: char| c.is_ascii_alphanumeric())
        && what.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
}

fn is_askable(permission: &Permission) -> bool {
    let Permission { kind, what, .. } = permission;
    let plain = (1..=MAX_WHAT).contains(&what.len()) && !what.contains(is_deceptive);
    let steps_back = what.split('/').any(|part| matches!(part, "." | ".."));
    plain
        && match kind {
            PermissionKind::Env => !what.contains('='),
            PermissionKind::Net | PermissionKind::Token => {
                what.bytes().all(|byte| byte.is_ascii_graphic()) && !what.contains(['/', '@', '='])
            }
            PermissionKind::File => !steps_back,
            PermissionKind::Read => {
                what == REPO || !steps_back && (what.starts_with('/') || what.starts_with("~/"))
            }
            PermissionKind::Exec => !steps_back && (what.starts_with('/') || is_program_name(what)),
            // Neither is written as a name or path.
            PermissionKind::Limit | PermissionKind::Scratch => false,
        }
}
