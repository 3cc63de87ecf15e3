//! `probity/core/maintainers`: who does the work, and whether that changed hands.
//!
//! The history comes in parts and segments. Each is reduced to runs of commits by one person on one day (`facts`), which is remembered; `standing` puts
//! together who did how much, `takeover` judges. Start reading in `queries`.

mod addresses;
mod facts;
mod queries;
mod rules;
mod standing;
mod takeover;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::findings;
use probity_sdk::prelude::*;

const EXPLANATION: &str = "Counted are commits by people: no merges, which add no work of their own, and none of bots. Names and addresses that \
belong together are one person; those of nobody in particular (root, noreply@github.com) join nobody. The last twelve months are the 365 days before the newest commit, whenever \
that was. A commit counts on the day on which it was committed, or on the latest day of any commit before it, so that an old date makes nobody an old hand. \
takeover is a list of findings {severity, rule, commit, message}: a person whose first commit came less than three years (1095 days) before the tip made 50 % or more of the commits \
of the last twelve months, and the person who made most before made 40 % or fewer of them. It is low if at least half of the newcomer's changes on the main line show that somebody else \
had a hand in them, as the plugin review sees it, high if fewer than a fifth do, and medium otherwise, or if fewer than ten changes are known. The default policy fails on what is more than low. \
Measured: takeover finds xz from 2023 to 2024 and event-stream in September 2018, both high, and at present nothing in twelve other large projects; of their handovers in good faith, in former years, that of express (2014) is high, for nobody else is seen in the changes, those of libgit2 (2017) and flask (2018) are low. It is a fact to know of, no proof. React: find out who handed over to whom, and where that was said. \
absence_factor is the contributor absence factor of CHAOSS: the smallest number of people who made 50 % of the commits of the last twelve months. 1 is usual. \
recent is the number of commits in the 90 days before the newest one; Scorecard expects 13. addresses is a list of findings about the names and addresses under which commits of the last twelve months were made. What names and dates commits bear is for their makers to say. It cannot judge a shallow clone, and \
takeover neither a history of less than three years nor fewer than ten commits in the last twelve months.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Empty> {
    Plugin::<Empty>::new("probity/core/maintainers", env!("CARGO_PKG_VERSION"))
        .query(queries::takeover)
        .query(queries::absence_factor)
        .query(queries::recent)
        .query(queries::addresses)
        .query(queries::part)
        .query(queries::segment)
        .rules(rules::RULES)
        // What is only to be noted does not fail.
        .default_policy(findings::policy)
        .explain(EXPLANATION)
}
