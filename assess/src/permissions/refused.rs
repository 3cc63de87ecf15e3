//! What was granted to a plugin and does it no good: it is not given although the plugin can do without it, or there is nothing. The check goes
//! on, and must not leave the person to believe that nobody granted it, or to look for it in another folder.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use probity_registry::PermissionKind;

use super::{Decided, Granter, State, Thing};
use crate::files::is_absent;

/// A grant that comes to nothing, with the reason and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedGrant {
    /// The plugin that goes without.
    pub plugin: Arc<str>,
    /// What was granted.
    pub thing: Thing,
    /// Who granted it.
    pub by: Granter,
    /// Why it is not given, and what to do: a fragment.
    pub why: String,
}

impl RefusedGrant {
    /// Those among what came of a plugin's requests.
    pub(crate) fn among<'a>(
        plugin: &'a Arc<str>,
        decided: &'a [Decided],
    ) -> impl Iterator<Item = RefusedGrant> + 'a {
        decided.iter().filter_map(|Decided { permission, state }| {
            let by = match state {
                State::Refused { by, .. } | State::Forbidden { granted: Some(by) } => *by,
                State::Granted { .. } | State::Asked | State::Open | State::Forbidden { granted: None } => {
                    return None;
                }
            };
            let thing = Thing { kind: permission.kind, what: permission.what.clone() };
            Some(RefusedGrant { plugin: plugin.clone(), thing, by, why: why_refused(state)? })
        })
    }
}

impl fmt::Display for RefusedGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RefusedGrant { plugin, thing, by, why } = self;
        let who = match by {
            Granter::Policy => "the policy grants",
            Granter::Person => "you granted",
        };
        write!(f, "{plugin} does not get {thing}, which {who}: {why}")
    }
}

/// A file that a plugin may see, and that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsentFile {
    /// The plugin.
    pub plugin: Arc<str>,
    /// As granted.
    pub what: String,
    /// Where it was looked for.
    pub place: PathBuf,
}

impl AbsentFile {
    /// Those among what came of a plugin's requests.
    pub(crate) fn among<'a>(
        plugin: &'a Arc<str>,
        decided: &'a [Decided],
    ) -> impl Iterator<Item = AbsentFile> + 'a {
        let file = |one: &'a Decided| match &one.state {
            State::Granted { leads_to: Some(place), .. } if one.permission.kind == PermissionKind::File => {
                Some((&one.permission.what, place))
            }
            _ => None,
        };
        let absent = |place: &Path| place.symlink_metadata().is_err_and(|error| is_absent(&error));
        decided.iter().filter_map(file).filter(move |(_, place)| absent(place)).map(|(what, place)| {
            AbsentFile { plugin: plugin.clone(), what: what.clone(), place: place.clone() }
        })
    }
}

impl fmt::Display for AbsentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AbsentFile { plugin, what, place } = self;
        write!(f, "{plugin} may see file {what:?}, but nothing lies at {}", place.display())?;
        match what.starts_with(['/', '~']) {
            true => Ok(()),
            false => f.write_str(" (the policy's folder is where a relative path begins)"),
        }
    }
}

/// Why a plugin does not get something whoever grants it, and what to do about it where that is known; nothing in other states.
pub fn why_refused(state: &State) -> Option<String> {
    match state {
        State::Refused { error, .. } => Some(match error.advice() {
            Some(advice) => format!("{error}; {advice}"),
            None => error.to_string(),
        }),
        State::Forbidden { .. } => {
            Some("this machine's policy forbids it; whoever administers the machine can allow it".to_owned())
        }
        State::Granted { .. } | State::Asked | State::Open => None,
    }
}
