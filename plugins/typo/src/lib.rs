//! `probity/core/typo`: dependencies whose names are easily mistaken for those of popular packages.
//!
//! What a repository depends on comes from the plugin `dependencies`. Names are looked up in an index of the popular ones
//! (`guarded`), or, with `compat="hipcheck"`, among the variants that Hipcheck makes of them (`hipcheck`). Start reading in `queries`.

mod config;
mod dependencies;
mod distance;
mod guarded;
mod hipcheck;
mod likeness;
mod lists;
mod queries;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::prelude::*;

pub use config::Config;

const EXPLANATION: &str = "The value has one element for each direct dependency of npm, Cargo, PyPI and RubyGems that comes from a \
registry, in the order of the manifests' paths: whether its name is easily mistaken for that of a popular package. It is, if it is \
none of the popular ones itself and differs from one in separators or scope alone (crossenv, types-node), in characters that look \
alike (0 and o, 1 and l, Cyrillic letters), in the order of its parts, or in one part by one insertion, omission, replacement or \
transposition (two where the part is longer than eight characters). Parts shorter than five characters and digits are not compared so: \
lodash.get and lodash.set are both honest. Manifests below node_modules, vendor and third_party are left out. The popular names of npm are \
those of Hipcheck; the other lists were written down by hand and have no ranking behind them. The measure follows Hipcheck's typo metric. Such a name \
may be a slip of whoever wrote the manifest, and somebody may own it in wait for that. React: look at the manifest's line, and at who publishes \
the package; write down an honest one under allowed. With compat=hipcheck the value is Hipcheck's: one element for each name in the lock file of \
the topmost package.json, compared with its own list of variants. It cannot judge a repository without such manifests, \
or with one outside of tests and examples that cannot be read: others may read it.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Config> {
    Plugin::<Config>::new("probity/core/typo", env!("CARGO_PKG_VERSION"))
        .query(queries::typo)
        .query(queries::mistakable)
        .default_policy(|config: &Config| Some(config.policy()))
        .explain(EXPLANATION)
}
