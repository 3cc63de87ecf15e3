//! `probity/core/binary`: opaque binary files of the tree, that is those that run or that nobody can tell anything
//! about. What exactly is counted stands in `formats`.
//!
//! All regular files of the tree are looked at, those in hidden folders too, as git objects: what the working tree
//! holds besides is not seen. Symbolic links and submodules are no files of the tree. Start reading in `queries`, and in
//! `folders` for how one more commit costs no more than what it changed.

mod config;
mod folders;
mod formats;
mod groups;
mod listing;
mod queries;
mod summary;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "The value is the number of opaque binary files in the tree. A file is opaque if it is binary \
by its content and its first bytes are those of a program, library, object file or package, or its extension is one of such \
formats (exe, dll, so, jar, apk, bin and others), or it has no extension and is no picture, sound, font or document. \
Hidden folders are looked into; symbolic links and submodules are not followed. Pictures, PDF files and archives under \
their own names are not counted. With compat=hipcheck files are counted by the list of extensions alone, case included, or if they have none, \
and hidden ones are not. The measure follows Hipcheck's binary metric. Nobody can review what a binary file \
does, and it need not come from the sources beside it. React: ask where each file comes from, whether the build uses \
it, and whether it can be built from source instead; test data may be kept, but look at what reads it.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/binary", env!("CARGO_PKG_VERSION"))
        .query(queries::binary)
        .query(queries::files)
        .query(queries::folder)
        .default_policy(|config: &Config| Some(config.policy()))
        .explain(EXPLANATION)
        .validate(Config::validate)
}
