//! What was granted to a plugin that can do without it, and is not given: the check goes on, and must not leave the person to believe
//! that nobody granted it.

use std::fmt;
use std::sync::Arc;

use super::{Decided, Granter, State, Thing};

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
