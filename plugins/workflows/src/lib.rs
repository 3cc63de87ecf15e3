//! `probity/core/workflows`: what the repository's automation does for strangers: workflows, actions, pipelines, container recipes,
//! scripts and pages.
//!
//! Start reading in `queries`; `rules` says what is looked for, `workflow` how a GitHub workflow is understood.

mod answers;
mod config;
mod dockerfile;
mod expression;
mod files;
mod finding;
mod group;
mod kind;
mod page;
mod pipelines;
mod queries;
mod rules;
mod shell;
#[cfg(test)]
mod tests;
mod workflow;
mod yaml;

use std::process::ExitCode;

use probity_sdk::findings;
use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "Each value is a list of findings {severity, rule, path, line, message}, the worst first; references is a list of \
{path, line, uses, rule, pinned, privileged}. Files are parsed, never searched by patterns: YAML as a tree, expressions and shell by \
their grammar. GitHub workflows are looked at in .github/workflows (and .gitea, .forgejo), actions, Dockerfiles, GitLab pipelines, pre-commit \
hooks, shell scripts and HTML pages anywhere. A job is privileged if its token is said to be allowed to write, or if it names secrets. What \
cannot be read is a finding. The default policy fails on all that is more than low; count(value) == 0 is stricter. React: open the place \
that is named, and do what the rule says. Where nothing of the sort is in the tree, it cannot judge. Nothing is known of settings that are not \
in the repository: branch protection, default token permissions, approval of strangers' first runs.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/workflows", env!("CARGO_PKG_VERSION"))
        .query(queries::dangerous)
        .query(queries::mutable)
        .query(queries::fetch_and_run)
        .query(queries::permissions)
        .query(queries::references)
        .query(queries::folder)
        .query(queries::file)
        .default_policy(findings::policy)
        .explain(EXPLANATION)
        .rules(rules::RULES)
}
