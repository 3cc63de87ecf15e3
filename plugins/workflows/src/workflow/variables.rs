//! Variables of a step whose values come from contexts.

use super::{Job, Step, Workflow};
use crate::expression::{Reference, expressions};
use crate::yaml::Node;

/// So many are looked at.
const MOST: usize = 200;

/// A variable and the contexts whose text ends up in it.
pub(super) struct Variable<'a> {
    pub(super) name: &'a str,
    pub(super) holds: Vec<Reference>,
}

/// The variables of a step, those of its job and workflow included, that hold the text of contexts.
pub(super) fn variables<'a>(workflow: &Workflow<'a>, job: &Job<'a>, step: &Step<'a>) -> Vec<Variable<'a>> {
    let nodes = [step.node, job.node, workflow.root];
    let entries = nodes.into_iter().filter_map(|node| node.get("env")).flat_map(Node::entries);
    let held =
        entries.map(|(name, value)| Variable { name, holds: flowing(value.text().unwrap_or_default()) });
    held.filter(|variable| !variable.holds.is_empty()).take(MOST).collect()
}

/// The contexts whose text ends up in this text.
pub(super) fn flowing(text: &str) -> Vec<Reference> {
    expressions(text).into_iter().flat_map(|placed| placed.flowing()).collect()
}

impl Variable<'_> {
    /// Whether a script uses it.
    pub(super) fn is_in(&self, script: &str) -> bool {
        let name = self.name;
        let used = [format!("${name}"), format!("${{{name}}}"), format!("$env:{name}")];
        used.iter().any(|used| script.contains(used))
    }

    /// Whether a context is this variable.
    pub(super) fn is(&self, reference: &Reference) -> bool {
        reference.path.strip_prefix("env.").is_some_and(|name| name.eq_ignore_ascii_case(self.name))
    }
}
