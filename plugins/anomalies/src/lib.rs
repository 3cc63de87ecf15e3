//! `probity/core/anomalies`: what the dates and signatures of commits give away.
//!
//! It looks at the newest commits alone. Start reading in `queries`; `dates` and `offsets` hold what each rule finds.

mod config;
mod dates;
mod offsets;
mod queries;
mod rules;
mod signatures;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::findings;
use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "dates is a list of findings {severity, rule, commit, message}, the worst first, about the newest 1000 commits; another number is configured by newest. \
A commit has two dates, one of its author and one of who made it; both come from their makers' clocks, or from their hands. E-mailed patches, cherry-picks and rebased series are made after they are \
written, which is usual and not told. The default policy fails on what is more than low. \
signatures is {signed, commits, kinds: {openpgp, ssh, x509, other}} over the newest 200 commits, merges and those of bots included: whether a commit has a signature, and of which kind by its first line. Whether that \
is right, and whose, is not looked at; what is made by a forge's web interface bears the forge's signature. A policy is divz(value.signed, value.commits) >= 0.9. \
React: ask who made the commit and when; a date is not wrong because it is odd. It cannot judge a shallow clone, and dates not a history of one commit.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/anomalies", env!("CARGO_PKG_VERSION"))
        .query(queries::dates)
        .query(queries::signatures)
        .rules(rules::RULES)
        .default_policy(findings::policy)
        .explain(EXPLANATION)
        .validate(Config::validate)
}
