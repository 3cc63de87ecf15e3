//! `probity/core/content`: what files hold that people do not see: hidden characters, programs under other names, obfuscated code,
//! secrets.
//!
//! Each blob is read once, under all rules. Start reading in `queries`; `rules` says what is looked for, `text` and `formats` find it.

mod blobs;
mod config;
mod folders;
mod formats;
mod places;
mod queries;
mod rules;
#[cfg(test)]
mod tests;
mod text;

use std::process::ExitCode;

use probity_sdk::findings;
use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "Each value is a list of findings {severity, rule, path, line, message}, the worst first; without line it is about the whole file. All regular files \
of the tree are read, hidden ones too; symbolic links and submodules are not followed. Hidden text and obfuscation are looked for in files that \
linguist calls source, hidden characters only where at least nine tenths are UTF-8 without controls, secrets in every text, programs in every file by its first bytes. At most five places of a rule are told of a file, and 200 of a \
folder. Files above 8 MiB are not looked into, and source among them is told. The default policy fails on all that is more than low; count(value) == 0 is stricter. \
React: open the place that is named with an editor that shows all characters, and do what the rule says. Whether a secret still opens \
anything is not known, and no part of one is ever told.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/content", env!("CARGO_PKG_VERSION"))
        .query(queries::hidden_text)
        .query(queries::executables)
        .query(queries::obfuscation)
        .query(queries::secrets)
        .query(queries::folder)
        .query(queries::blob)
        .default_policy(findings::policy)
        .explain(EXPLANATION)
        .rules(rules::RULES)
}
