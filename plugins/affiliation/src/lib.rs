//! `probity/core/affiliation`: who contributes, with regard to the organisations that their addresses belong to.
//!
//! The history comes in segments. Each segment is reduced to a list of its contributors, which is remembered. Start
//! reading in `queries`.

mod config;
mod contributors;
mod hipcheck;
mod organisations;
mod queries;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::prelude::*;

pub use config::{Config, Strategy};

const EXPLANATION: &str = "The value has one element for each contributor, sorted by e-mail address: whether the \
contributor is to be counted. Contributors are the authors and committers of all commits, one for each address (case \
and surrounding blanks do not matter). An address belongs to an organisation if its domain is one of the \
organisation's mail domains or lies below one. The strategy says whom to count: independent (no selected \
organisation), affiliated (a selected one), all, none. The measure is Hipcheck's affiliation metric. React: this is a \
fact for a decision of yours, not a sign of harm. Look at the contributors named, and at what they changed, if your \
rules ask for it. Addresses are what the committer wrote, and prove nothing. There is no policy by default: set \
count-threshold or a policy expression. With compat=hipcheck addresses that differ in case are two contributors, a committer counts \
by the address of the author of the newest commit, and an address need only end in the letters of a domain. It cannot judge a shallow clone.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/affiliation", env!("CARGO_PKG_VERSION"))
        .query(queries::affiliation)
        .query(queries::part)
        .query(queries::segment)
        .query(queries::hipcheck_part)
        .query(queries::hipcheck_segment)
        .default_policy(Config::policy)
        .explain(EXPLANATION)
        .validate(Config::validate)
}
