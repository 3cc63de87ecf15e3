//! `probity/core/review`: changes that came onto the main line without a trace of somebody else's look.
//!
//! The history comes in parts and segments. Each is reduced to a few words for each commit (`facts`), which is remembered; the main line is
//! walked over all of them (`mainline`), and the project's way of taking in changes is found before any is judged (`flow`). Start reading in
//! `queries`.

mod config;
mod evidence;
mod facts;
mod flow;
mod mainline;
mod queries;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "The value has one element for each of the newest changes on the main line, newest first: whether it shows that \
somebody other than its author had a hand in it. A change is a commit on the chain of first parents; what a merge brings in belongs to the merge. \
It is reviewed if (1) it is a merge, and who merged is not the author of what was merged; (2) a trailer Reviewed-by, Acked-by or Approved-by names \
somebody else, or one such as Reviewed-on, PR-URL, Differential Revision or See merge request names the place of a review; (3) the web interface of a forge \
committed it, and its subject says that it is a pull request, squashed, as in (#123), or merged; (4) it was committed by another person than its author. \
Changes of bots are left out. Which of these ways a project uses is found first: where fewer than a quarter of the changes show any, no conclusion is \
drawn, for the project may review elsewhere. The measure follows Hipcheck's review metric, which asks GitHub for the reviews of each pull request. This judges offline, \
from the commits alone: names in commits are what their makers wrote, and a pull request that was merged is not proof that anybody read it. React: \
look at the changes named and at the settings of the forge; protect the main branch. It cannot judge a shallow clone, or fewer than ten changes.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/review", env!("CARGO_PKG_VERSION"))
        .query(queries::review)
        .query(queries::changes_by)
        .query(queries::part)
        .query(queries::segment)
        .default_policy(|config: &Config| Some(config.policy()))
        .explain(EXPLANATION)
        .validate(Config::validate)
}
