//! The questions that `installs` answers: three lists of findings, and what these are put together from.

use probity_sdk::findings::{self, Finding};
use probity_sdk::git::{Candidate, FolderKey};
use probity_sdk::prelude::*;
use probity_sdk_objects::{self as objects, Blob};

use crate::config::Config;
use crate::jobs::{HeldCommands, HeldKey};
use crate::known::ProgramKey;
use crate::program::{self, Traits};
use crate::{held, kind, names, scripts, sources};

/// Of larger files nothing but the size is looked at.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// What runs when a package is installed or built, or a folder is opened: the worst first.
#[query(
    default,
    uses(
        "dependencies/manifests",
        "dependencies/npm",
        "installs/folder",
        "installs/held",
        "installs/program",
        "content/blob",
        "git/folder",
        "git/tree"
    )
)]
pub(crate) fn scripts(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    scripts::findings(engine, &target).map(findings::answer)
}

/// Where manifests, lock files and settings take packages from that others can change, or stand in for: the worst first.
#[query(uses(
    "dependencies/npm",
    "dependencies/cargo",
    "dependencies/pypi",
    "dependencies/go",
    "dependencies/maven",
    "dependencies/rubygems",
    "dependencies/composer"
))]
pub(crate) fn sources(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    sources::findings(engine, &target).map(findings::answer)
}

/// Actions whose names or owners are easily mistaken for well-known ones: the worst first.
#[query(uses("workflows/references", "typo/mistakable"))]
pub(crate) fn names(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    names::findings(engine, &target).map(findings::answer)
}

/// The files below a folder that may have to be looked at.
#[query(uses("git/folder", "git/tree", "installs/folder"))]
pub(crate) fn folder(engine: &Engine<Config>, key: FolderKey) -> Result<Vec<Candidate>> {
    // Symbolic links are not followed.
    let may_matter = |file: &Candidate| !file.link && kind::kind(&file.path, false).is_some();
    key.candidates(engine, "installs/folder", "build programs", may_matter)
}

/// The commands that a file holds and something runs unasked.
#[query(cost = "reads the file")]
pub(crate) fn held(engine: &Engine<Config>, key: HeldKey) -> Result<HeldCommands> {
    let told = match text(engine, &key.blob)? {
        Ok(text) => held::commands(&text, key.kind),
        Err(size) => Err(format!("it has {size} bytes, and {MOST_BYTES} are read")),
    };
    Ok(match told {
        Ok(commands) => HeldCommands { commands, problem: None },
        Err(problem) => HeldCommands { commands: Vec::new(), problem: Some(problem) },
    })
}

/// What a program does, by the words of its code.
#[query(cost = "reads the file")]
pub(crate) fn program(engine: &Engine<Config>, key: ProgramKey) -> Result<Traits> {
    Ok(match text(engine, &key.blob)? {
        Ok(text) => program::traits(&text, key.language),
        Err(size) => Traits { size, ..Traits::default() },
    })
}

/// The text of a blob, or its size if it is too large. What is not UTF-8 in it is replaced.
fn text(engine: &Engine<Config>, blob: &str) -> Result<std::result::Result<String, u64>> {
    let repository = objects::repository(engine)?;
    Ok(match objects::told(repository.blob(blob))? {
        Blob::Whole(bytes) if bytes.len() <= MOST_BYTES => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Blob::Whole(bytes) => Err(bytes.len() as u64),
        Blob::Huge { size, .. } => Err(size),
    })
}
