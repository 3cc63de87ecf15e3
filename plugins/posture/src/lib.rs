//! `probity/core/posture`: how a project says that it is run: security policy, licence, owners, updates, lock files, submodules.
//!
//! Start reading in `queries`; `places` says where forges look for such files.

mod locks;
mod owners;
mod papers;
mod places;
mod queries;
mod rules;
mod submodules;
#[cfg(test)]
mod tests;
mod updates;

use std::process::ExitCode;

use probity_sdk::prelude::*;

const EXPLANATION: &str = "The value is a list of findings {severity, rule, path, message}: files and settings that well-kept projects have, looked for in the \
topmost folder, .github, .gitlab and docs. The practices are those of OpenSSF Scorecard's checks Security-Policy, License, \
Dependency-Update-Tool and of code owners; each is judged by its file alone, so what is set up on a forge's server is not seen. They say how a \
project is run, and nothing about an attack: the default policy passes up to four, of seven that there can be. submodules is a list of those that \
can be changed on the way, or that make old versions of git execute a command. It cannot judge an empty tree. React: add what is missing where the project is \
yours; where it is not, weigh it beside the other analyses.";

/// How many of the files and settings may be missing.
const MOST_MISSING: u8 = 4;

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Empty> {
    Plugin::new("probity/core/posture", env!("CARGO_PKG_VERSION"))
        .query(queries::posture)
        .query(queries::submodules)
        .default_policy(|_: &Empty| Some(format!("count(value) <= {MOST_MISSING}")))
        .explain(EXPLANATION)
        .rules(rules::RULES)
}
