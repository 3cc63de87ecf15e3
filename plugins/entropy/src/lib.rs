//! `probity/core/entropy`: commits whose text is unlike the text of the others.
//!
//! The history comes in segments. Each segment is reduced to counts of graphemes, which are remembered; the scores
//! are computed from the counts of all segments. Start reading in `queries`, for the formula in `corpus`.

mod config;
mod corpus;
mod counts;
mod histogram;
mod queries;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "For each commit that changes at least one source file: p(g) = the share of grapheme g in the \
lines that the commit adds or removes in source files (NFC-normalised grapheme clusters, line ends left out); b(g) = \
the mean of p(g) over the commits in which g occurs. Entropy E = sum over g of p(g) * log2(p(g) / b(g)), in bits. The \
value is each commit's z-score, highest first: (E - mean) / standard deviation, over all such commits (population). \
Changes are those against the first parent. The measure is Hipcheck's entropy metric, without the headers and context \
lines of a diff. Encoded, encrypted or obfuscated text is unlike the rest of a program. React: open the commits named \
and look for long literals, minified code, keys, or text in another script; test data and tables of numbers are the \
usual harmless cause. With compat=hipcheck the text is that of whole patches, with \
headers, prefixes and up to three lines around each change, binary files included, and the extensions of source files are those of Hipcheck. It cannot judge a shallow clone, fewer than two commits with source files, or commits that are \
all alike.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/entropy", env!("CARGO_PKG_VERSION"))
        .query(queries::entropy)
        .query(queries::part)
        .query(queries::segment)
        .query(queries::hipcheck_part)
        .query(queries::hipcheck_segment)
        .default_policy(|config: &Config| Some(config.policy()))
        .explain(EXPLANATION)
        .validate(Config::validate)
}
