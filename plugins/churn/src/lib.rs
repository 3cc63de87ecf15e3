//! `probity/core/churn`: commits that change far more source than the others.
//!
//! The history comes in parts and segments. Each is reduced to two numbers per commit and a few names, which is remembered; the
//! scores are computed from all numbers. Start reading in `queries`.

mod changes;
mod config;
mod queries;
mod scores;
mod sizes;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "For each commit that changes at least one source file: f = source files changed, l = lines \
added and removed in them; F and L are the sums over all such commits. Churn c = (f/F) * (l/L)^2 * 1000000. The value \
is each commit's z-score, newest first: (c - mean) / standard deviation, both over all such commits (population). \
Changes are those against the first parent. The measure is Hipcheck's churn metric. A commit far above the others may \
hide something in its bulk, since nobody reads so much at once. React: open the commits named and see whether they are \
imports, generated or vendored files, reformatting, or new code; review the last with care. Many such commits are \
ordinary in the first days of a project. outliers measures the same by robust z-scores: (x - median) / (1.4826 * median of |x - median|) of x = ln(1 + f * l^2), so that a few giants do \
not hide the next ones (Iglewicz and Hoaglin 1993, How to Detect and Handle Outliers). With compat=hipcheck \
binary files count by the lines of their bytes, and the extensions of source files are those of Hipcheck, Markdown among them. It cannot judge a shallow clone, fewer than two commits with source files, \
or commits that are all alike.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/churn", env!("CARGO_PKG_VERSION"))
        .query(queries::churn)
        .query(queries::outliers)
        .query(queries::part)
        .query(queries::segment)
        .query(queries::hipcheck_part)
        .query(queries::hipcheck_segment)
        .default_policy(|config: &Config| Some(config.policy()))
        .explain(EXPLANATION)
        .validate(Config::validate)
}
