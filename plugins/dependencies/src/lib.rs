//! `probity/core/dependencies`: what a repository says that it depends on, in its manifests and lock files.
//!
//! Files are found folder by folder (`folders`), each is read once for its content (`formats`, a file for each ecosystem), and the
//! queries put together what they say. Nothing is run, resolved or downloaded. Start reading in `queries`, for the values in `shapes`.

mod ecosystem;
mod folders;
mod formats;
mod queries;
mod read;
mod reading;
mod shapes;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use probity_sdk::prelude::*;

const EXPLANATION: &str = "Reads the manifests and lock files of a tree, wherever they lie, as text: package.json, package-lock.json \
(versions 1 to 3), npm-shrinkwrap.json, yarn.lock and pnpm-lock.yaml; Cargo.toml and Cargo.lock; requirements*.txt, pyproject.toml, \
uv.lock and poetry.lock; go.mod and go.sum; pom.xml; build.gradle, build.gradle.kts and libs.versions.toml; Gemfile and Gemfile.lock; \
composer.json and composer.lock. Of .npmrc, .yarnrc, .yarnrc.yml, and the settings among those, it tells where packages are taken from; of \
package.json and composer.json the commands that they name. Nothing is executed, resolved or downloaded: what a manifest computes is not known, and told as such \
under notes. A file that cannot be read (no UTF-8, longer than 8 MiB, malformed, nested too deeply, a key given twice) is listed with \
the reason and stops no other. Symbolic links are not followed. At most the first 2000 files are read. The queries are asked by the \
analyses that judge dependencies; there is none of its own.";

/// Serves the plugin's queries over the standard streams until the host ends the session.
pub fn run() -> ExitCode {
    plugin().run()
}

/// The plugin, as `run` serves it.
pub fn plugin() -> Plugin<Empty> {
    Plugin::new("probity/core/dependencies", env!("CARGO_PKG_VERSION"))
        .query(queries::manifests)
        .query(queries::npm)
        .query(queries::cargo)
        .query(queries::pypi)
        .query(queries::go)
        .query(queries::maven)
        .query(queries::rubygems)
        .query(queries::composer)
        .query(queries::hipcheck_npm)
        .query(queries::folder)
        .query(queries::file)
        .explain(EXPLANATION)
}
