//! `probity/core/linguist`: which files are source code, for the analyses that look at source only.
//!
//! It judges by names alone and reads no file. Start reading in `extensions`.

mod config;
mod extensions;
mod queries;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "A file is source if its extension is one of a programming language, by the list that GitHub \
Linguist keeps, or if it has no extension (Makefile, configure, scripts). Documents, markup and data are not: .md, \
.html, .json, .yml. Case does not matter, and only what follows the last dot counts. The plugin judges nothing by \
itself: churn and entropy ask it which files to look at. React to a wrong classification with its configuration: \
extra-extensions, excluded-extensions, without-extension.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/linguist", env!("CARGO_PKG_VERSION"))
        .query(queries::source_extensions)
        .query(queries::is_source)
        .query(queries::hipcheck_extensions)
        .explain(EXPLANATION)
        .validate(Config::validate)
}
