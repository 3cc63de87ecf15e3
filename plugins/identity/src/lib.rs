//! `probity/core/identity`: commits that nobody but their author had a hand in.
//!
//! The history comes in segments. Each segment is reduced to one yes or no per commit, which is remembered. Start
//! reading in `queries`.

mod config;
mod people;
mod queries;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "The value has one element for each commit, newest first: whether author and committer are the \
same person, by name and e-mail. The default policy looks at the share of those commits. The measure is Hipcheck's \
identity metric. Where maintainers apply the changes of others, author and committer differ; a commit with one and the \
same person may have reached the repository without a second pair of eyes. React: see how the project takes in \
changes. Many commit to the main branch themselves and review elsewhere; then this measure says little, and the \
threshold should be raised or the analysis left out. Names and addresses are what the committer wrote, and prove \
nothing. It cannot judge a shallow clone or a history of one commit; \
with compat=hipcheck it judges the latter, as Hipcheck does.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/identity", env!("CARGO_PKG_VERSION"))
        .query(queries::identity)
        .query(queries::part)
        .query(queries::segment)
        .default_policy(|config: &Config| Some(config.policy()))
        .explain(EXPLANATION)
        .validate(Config::validate)
}
