//! `probity/core/lineage`: whether branches and tags are what they were, and whether releases come from whom they came from before.
//!
//! What was before is known from the host alone (`past`); who made and signed a tag stands in its object, which is read once (`tags`,
//! `signature`) and judged in the order of the releases (`releases`). Start reading in `queries`.

mod config;
mod names;
mod past;
mod queries;
mod releases;
mod rules;
mod signature;
mod tags;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::findings;
use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "Each value is a list of findings {severity, rule, commit, package, message}, the worst first; package is the branch or the tag. \
rewritten and moved_tags go by what this machine remembers of the repository from the checks before (the input state): where the branches of others that the \
checked one follows were, and what each tag named. The first check remembers, and abstains. What happened is told for 90 days, or until `probity state --accept`; \
with --no-state nothing is read or remembered, and both abstain. One's own local branches are never compared: to amend and to rebase is no attack. \
release_signers needs no memory: it compares the newest release with the five before it of the same line (the same name but for the version), by the tagger and by the key that \
the signature names. No signature is verified: whoever makes a tag can name any key, so a key that stays the same proves nothing; one that changes is worth a question. \
The default policy fails on all that is more than low. React: ask the maintainers over another channel than the repository, compare the old commit with the \
new one (git diff OLD NEW), and do not build what is new until you know.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/lineage", env!("CARGO_PKG_VERSION"))
        .query(queries::rewritten)
        .query(queries::moved_tags)
        .query(queries::release_signers)
        .query(queries::signatures)
        .query(queries::tags)
        .input("state/refs")
        .input("refs/tags")
        .input("time/day")
        .default_policy(findings::policy)
        .validate(Config::validate)
        .explain(EXPLANATION)
        .rules(rules::RULES)
}
