//! The questions that `dependencies` answers: what all files of a tree say, or those of one ecosystem, and what one file says.

use probity_sdk::git::{FolderKey, Text, TextKey, TreeKey};
use probity_sdk::prelude::*;

use crate::ecosystem::Ecosystem;
use crate::folders;
use crate::shapes::{FileKey, HipcheckNpm, Listing, Manifests, Said};
use crate::{formats, reading};

/// What all manifests of a tree ask for; what lock files pin is left to the queries of each ecosystem.
#[query(uses("dependencies/folder", "dependencies/file"))]
pub(crate) fn manifests(engine: &Engine, key: TreeKey) -> Result<Answer<Manifests>> {
    let mut told = reading::read(engine, &key, |format| !format.is_configuration())?;
    for manifest in &mut told.files {
        manifest.said.locked.clear();
        manifest.said.nested.clear();
    }
    Ok(reading::with_concerns(told))
}

/// What package.json and the lock files of npm, Yarn and pnpm say.
#[query(uses("dependencies/folder", "dependencies/file"))]
pub(crate) fn npm(engine: &Engine, key: TreeKey) -> Result<Answer<Manifests>> {
    reading::of_ecosystem(engine, &key, Ecosystem::Npm)
}

/// What Cargo.toml and Cargo.lock say.
#[query(uses("dependencies/folder", "dependencies/file"))]
pub(crate) fn cargo(engine: &Engine, key: TreeKey) -> Result<Answer<Manifests>> {
    reading::of_ecosystem(engine, &key, Ecosystem::Cargo)
}

/// What requirements files, pyproject.toml, uv.lock and poetry.lock say.
#[query(uses("dependencies/folder", "dependencies/file"))]
pub(crate) fn pypi(engine: &Engine, key: TreeKey) -> Result<Answer<Manifests>> {
    reading::of_ecosystem(engine, &key, Ecosystem::Pypi)
}

/// What go.mod and go.sum say.
#[query(uses("dependencies/folder", "dependencies/file"))]
pub(crate) fn go(engine: &Engine, key: TreeKey) -> Result<Answer<Manifests>> {
    reading::of_ecosystem(engine, &key, Ecosystem::Go)
}

/// What pom.xml, Gradle's build files as far as they can be read without running them, and Gradle's version catalogues say.
#[query(uses("dependencies/folder", "dependencies/file"))]
pub(crate) fn maven(engine: &Engine, key: TreeKey) -> Result<Answer<Manifests>> {
    reading::of_ecosystem(engine, &key, Ecosystem::Maven)
}

/// What Gemfile, as far as it can be read without running it, and Gemfile.lock say.
#[query(uses("dependencies/folder", "dependencies/file"))]
pub(crate) fn rubygems(engine: &Engine, key: TreeKey) -> Result<Answer<Manifests>> {
    reading::of_ecosystem(engine, &key, Ecosystem::Rubygems)
}

/// What composer.json and composer.lock say.
#[query(uses("dependencies/folder", "dependencies/file"))]
pub(crate) fn composer(engine: &Engine, key: TreeKey) -> Result<Answer<Manifests>> {
    reading::of_ecosystem(engine, &key, Ecosystem::Composer)
}

/// The dependencies as Hipcheck sees them: those of the lock file beside the topmost package.json, in the form that npm wrote before its
/// version 7. Lock files of version 3 have nothing in that form.
#[query(uses("dependencies/folder", "dependencies/file"))]
pub(crate) fn hipcheck_npm(engine: &Engine, key: TreeKey) -> Result<Answer<HipcheckNpm>> {
    let listing: Listing = engine.query("dependencies/folder", &FolderKey { tree: key.tree, depth: 0 })?;
    let at = |name: &str| listing.files.iter().find(|found| found.path == name);
    if at("package.json").is_none() {
        return Err(abstain(
            "there is no package.json in the topmost folder, and Hipcheck knows of no other manifest",
        ));
    }
    let Some(lock) = at("npm-shrinkwrap.json").or_else(|| at("package-lock.json")) else {
        return Err(abstain("there is no lock file of npm, and Hipcheck would run npm to make one"));
    };
    let key = FileKey { blob: lock.blob.clone(), format: lock.format };
    let said: Said = engine.query("dependencies/file", &key)?;
    match said.problem {
        Some(problem) => Err(failed(format!("{}: {problem}", lock.path))),
        None => Ok(Answer::new(HipcheckNpm { language: "JavaScript".to_owned(), deps: said.nested })),
    }
}

/// The manifests and lock files below a folder, by name.
#[query(uses("git/folder", "git/tree", "dependencies/folder"))]
pub(crate) fn folder(engine: &Engine, key: FolderKey) -> Result<Answer<Listing>> {
    folders::listing(engine, &key).map(Answer::new)
}

/// What one manifest or lock file says.
#[query(uses("git/text"))]
pub(crate) fn file(engine: &Engine, key: FileKey) -> Result<Answer<Said>> {
    let FileKey { blob, format } = key;
    let content: Text = engine.query("git/text", &TextKey { blob })?;
    let said = match content.text {
        Some(text) => formats::said(format, &text),
        None => {
            let size = content.size;
            Said::problem(format!("it is not text in UTF-8 of at most 8 MiB (it has {size} bytes)"))
        }
    };
    Ok(Answer::new(said))
}
