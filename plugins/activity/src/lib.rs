//! `probity/core/activity`: for how many days a repository has been idle.
//!
//! It needs one commit and the date of today, no history. Start reading in `queries`.

mod calendar;
mod config;
mod queries;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "Idle days = today minus the day on which the newest commit was written (its author date), \
both in UTC. A date in the future counts as 0 days and is pointed out. The measure is Hipcheck's activity metric. Code \
that nobody has touched for long may lack fixes for known weaknesses, and an abandoned project is easily taken over. \
React: see whether the project is finished or abandoned, whether it moved, and who would answer a report. An author \
date is what the author says it is: it can be set to any day. With compat=hipcheck the value has seconds too, as Hipcheck counts them, from that \
moment to the beginning of today.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/activity", env!("CARGO_PKG_VERSION"))
        .query(queries::activity)
        .input("time/day")
        .default_policy(|config: &Config| Some(config.policy()))
        .explain(EXPLANATION)
}
