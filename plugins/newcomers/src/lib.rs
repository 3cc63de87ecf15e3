//! `probity/core/newcomers`: what people did who had not been around for long: the shape of attacks in which somebody becomes trusted first.
//!
//! The history is folded twice. Of all of it, parts and segments, nothing is kept but who was first seen when (`people`); of the last
//! twelve months, which files of interest each commit changed (`recent`). `newcomers` puts both together once for all analyses, each of
//! which is a file of its own. Start reading in `queries`.

mod automation;
mod binaries;
mod blob;
mod build_files;
mod dates;
mod dependencies;
mod hands;
mod lines;
mod manifests;
mod newcomers;
mod paths;
mod people;
mod queries;
mod recent;
mod rules;
#[cfg(test)]
mod tests;
mod uses;

use std::process::ExitCode;

use probity_sdk::findings;
use probity_sdk::prelude::*;

const EXPLANATION: &str = "Each value is a list of findings {severity, rule, path, commit, package}, the worst first. A newcomer is an author \
whose first commit here is not long ago: three years for opaque files among tests and for build inputs that git is told to ignore, two for other \
changes of the build, thirty days for new dependencies, seven for new automation; the counts are taken from attacks that happened. Who came in \
the first twelve months of the repository is no newcomer. Commits of the last twelve months before the newest ones are looked at. Two people are \
one if their e-mail address or their name is the same. A date is the committer's; one that lies before what was on the main line already when the \
commit came in counts as that, so an old date makes nobody older. What tells attacks from the many newcomers who are welcome is whether \
anybody else is seen: somebody else committed or merged it, or a forge made it of a pull request. Where nobody is, findings are graver, \
and the default policy fails on all that is more than low. Names, addresses and committers are what the makers wrote, and prove \
nothing. React: read the commits that are named, and ask who knows their author. It cannot judge a shallow clone, a repository in its first twelve months, \
or one with fewer than ten commits or two authors.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Empty> {
    Plugin::<Empty>::new("probity/core/newcomers", env!("CARGO_PKG_VERSION"))
        .query(queries::binaries)
        .query(queries::build_files)
        .query(queries::dependencies)
        .query(queries::automation)
        .query(queries::changes)
        .query(queries::part)
        .query(queries::segment)
        .query(queries::recent_part)
        .query(queries::recent)
        .query(queries::unreadable)
        .query(queries::blob)
        .query(queries::folder)
        .query(queries::uses)
        .rules(rules::RULES)
        .default_policy(findings::policy)
        .explain(EXPLANATION)
}
