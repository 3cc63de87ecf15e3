//! `probity/core/github`: what the API of GitHub, or of an enterprise server, says of a repository.
//!
//! Every answer of the server is an input that the host fetches (`api`), with a token of the person that this program does not see. Each
//! kind of question has a file: `review`, `fuzz`, `contributors`, `protection`; what they have in common about the repository is in
//! `repository`. Start reading in `review`.

mod api;
mod config;
mod contributors;
mod fuzz;
mod link;
mod protection;
mod repository;
mod review;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "What GitHub's API says of the repository that the configuration names, since a clone does not tell where it came from: \
repository \"owner/name\", and base-url \"https://HOST/api/v3\" for an enterprise server. The value of review has one element for each of the newest \
pull requests that were merged into the default branch, newest first by number: whether a person other than its author approved it; those of \
bots are left out. An approval that was dismissed does not count, and what was pushed after an approval is not told from what was approved. fuzz: \
whether a project of OSS-Fuzz names the repository as its main_repo. protection: the gaps in what rulesets and branch protection demand of \
the default branch: no-approval, force-push, deletion. contributors: who contributed most, and the public organizations that they are members of. \
The measures follow those of Hipcheck, which takes a review of any sort and one page of contributors. It judges the repository as the server \
knows it and not the commit that is checked, and believes the server. It asks only servers that were granted (probity plugin grant github --net \
api.github.com --token api.github.com=VARIABLE), answers are looked at again after an hour, and it abstains without a repository or a grant, \
where the token is refused or may not read what is asked, and where nothing was merged. React: look at the changes that are named, and demand approvals in \
the settings of the branch.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/github", env!("CARGO_PKG_VERSION"))
        .query(review::review)
        .query(review::merged)
        .query(review::approved)
        .query(fuzz::fuzz)
        .query(contributors::contributors)
        .query(contributors::organizations)
        .query(protection::protection)
        .query(repository::repository)
        .input("http")
        .default_policy(|config: &Config| Some(config.policy()))
        .explain(EXPLANATION)
        .validate(Config::validate)
}
