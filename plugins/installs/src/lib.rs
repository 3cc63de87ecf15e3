//! `probity/core/installs`: what is run when a package is installed, built or opened, and where packages are taken from.
//!
//! Manifests and lock files come from the plugin `dependencies`, hidden text from `content`, references of workflows from `workflows`.
//! Start reading in `queries`; `rules` says what is looked for, `jobs` what is run, `scripts` and `sources` judge.

mod address;
mod answers;
mod commands;
mod config;
mod folders;
mod held;
mod jobs;
mod kind;
mod known;
mod lexed;
mod names;
mod places;
mod program;
mod queries;
mod rules;
mod scripts;
mod sources;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::findings;
use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "Each value is a list of findings {severity, rule, path, line, package, message}, the worst first. scripts looks at what runs without \
being asked for: preinstall, install, postinstall, prepare and prepublish of package.json and the files that they name, in-tree build backends, \
setup.py, build.rs, extconf.rb, gemspecs, binding.gyp, scripts of Composer, .pth files with code, sitecustomize, tasks that an editor starts on opening, dev \
containers, programs in .npmrc. What a program does is told by the calls in its code, comments and texts aside; nothing is run, and what is put together at \
run time is not seen. Such a program is opaque if it has more than 100 KiB or the plugin content finds it obfuscated. sources looks at where packages are taken \
from. Which host is the usual one is told by the lock files themselves: the one that serves most packages, and those that settings of the repository \
name. names compares actions with well-known ones. Vendored folders are left out, and in folders of tests, examples and templates all is low. When something was added is not \
told. The default policy fails on all that is more than low; count(value) == 0 is stricter. React: read what is named before anybody \
installs the package, and do what the rule says. Without manifests or, for names, workflows it cannot judge.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/installs", env!("CARGO_PKG_VERSION"))
        .query(queries::scripts)
        .query(queries::sources)
        .query(queries::names)
        .query(queries::folder)
        .query(queries::held)
        .query(queries::program)
        .default_policy(findings::policy)
        .rules(rules::RULES)
        .explain(EXPLANATION)
}
