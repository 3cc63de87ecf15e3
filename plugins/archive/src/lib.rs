//! `probity/core/archive`: whether the archive of a release holds what the tree of its tag holds.
//!
//! The archive is an input: the host shows the one file that a policy names and grants. It is read in memory (`read`), never written
//! anywhere, its names are put in order (`listing`), and each file is compared by the id that git would give it (`compare`). Start
//! reading in `queries`.

mod attributes;
mod changed;
mod compare;
mod config;
mod extra;
mod input;
mod listing;
mod missing;
mod queries;
mod read;
mod release;
mod roles;
mod rules;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::findings;
use probity_sdk::prelude::*;

pub use config::{Config, Kind};

const EXPLANATION: &str = "Each value is a list of findings {severity, rule, path, message}, the worst first. The archive that the configuration names as file is \
compared with the tree of tag (the name of a tag or the id of a commit; without it the tree that is checked), file by file, by the ids that git gives to content. \
What lies in it below one folder is seen without that folder; folder says from which folder of the tree it was made, kind (source, npm, crate, sdist) what made it. tar, gzip and zip are read; what is packed otherwise (xz, \
zstd, bzip2) abstains. At most 32 MiB of archive, 1 GiB and 200000 entries of content are looked at, more is an error. Nothing is unpacked to a disk. What differs only by the \
ends of lines or by what export-subst puts in is low, and what export-ignore leaves out is not told. configure, Makefile.in, aclocal.m4 and the like that the tree does not have are generated, where it has a configure.ac or Makefile.am: \
these cannot be compared, so they are low, and whoever hides something there is not found. Other macro files (.m4) are never taken for generated, since the attack on xz of 2024 \
began in one of them. The manifest of a .crate that cargo writes anew is not compared with its original, and the content of submodules with nothing. The default policy fails on all that is \
more than low; a package with built files needs suppressions for these. React: do not build it; compare what is named with the tree, and ask whoever made the archive. Not in the built-in policy, since no archive lies in a \
repository: grant and name one as docs/policy.md shows.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/archive", env!("CARGO_PKG_VERSION"))
        .query(queries::differences)
        .query(queries::compared)
        .query(queries::peeled)
        .input("file")
        .input("refs/tags")
        .default_policy(findings::policy)
        .validate(Config::validate)
        .explain(EXPLANATION)
        .rules(rules::RULES)
}
