//! The programs that are run, found in the tree and looked at: each once, whoever runs it.

use std::collections::{BTreeSet, HashMap};

use probity_sdk::findings::Finding;
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::folders::Finder;
use crate::jobs::{Job, Run, WINDOW};
use crate::lexed::Language;
use crate::places;
use crate::program::{self, Traits};

/// Rules of the plugin `content` that say of a file that it is made not to be read.
const OPAQUE: [&str; 5] = ["renamed-code", "decoded-code", "invisible-character", "far-right", "long-line"];
/// Key of `program`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgramKey {
    /// The blob.
    pub(crate) blob: String,
    pub(crate) language: Language,
}

#[derive(Serialize)]
struct ContentKey<'a> {
    blob: &'a str,
    source: bool,
}

/// A program and what is known of it.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) traits: Traits,
    /// What the plugin `content` finds in it.
    pub(crate) opaque: Option<String>,
}

/// A file that a command names, and its program, if it is in the tree.
pub(crate) type Named = (String, Option<ProgramKey>);

/// For each job the files that it runs.
pub(crate) fn resolved(engine: &Engine<Config>, target: &Target, jobs: &[Job]) -> Result<Vec<Vec<Named>>> {
    let mut finder = Finder::new(engine, target);
    let mut all = Vec::with_capacity(jobs.len());
    for job in jobs {
        let mut files = Vec::new();
        match &job.run {
            Run::Program(blob) => {
                let language = program::language(&job.path);
                files.push((job.path.clone(), Some(ProgramKey { blob: blob.clone(), language })));
            }
            Run::Command(_, deeds) => {
                for named in &deeds.files {
                    files.push((named.clone(), found(&mut finder, &job.path, named)?));
                }
            }
            Run::Line(..) => {}
        }
        all.push(files);
    }
    Ok(all)
}

/// The file as it is named, or as Node completes its name.
fn found(finder: &mut Finder<'_>, from: &str, named: &str) -> Result<Option<ProgramKey>> {
    let Some(path) = places::beside(from, named) else { return Ok(None) };
    for end in ["", ".js", ".cjs", ".mjs", "/index.js"] {
        let path = format!("{path}{end}");
        if let Some(blob) = finder.blob(&path)? {
            return Ok(Some(ProgramKey { blob, language: program::language(&path) }));
        }
    }
    Ok(None)
}

pub(crate) fn programs(
    engine: &Engine<Config>,
    resolved: &[Vec<Named>],
) -> Result<HashMap<ProgramKey, Known>> {
    let keys: BTreeSet<&ProgramKey> =
        resolved.iter().flatten().filter_map(|(_, program)| program.as_ref()).collect();
    let keys: Vec<&ProgramKey> = keys.into_iter().collect();
    let contents: Vec<ContentKey<'_>> =
        keys.iter().map(|key| ContentKey { blob: &key.blob, source: true }).collect();
    let mut programs: HashMap<ProgramKey, Known> = HashMap::new();
    for (key, traits) in keys.iter().zip(engine.query_windowed("installs/program", &keys, WINDOW)) {
        programs.insert((*key).clone(), Known { traits: traits?, opaque: None });
    }
    let contents: Vec<Result<Vec<Finding>>> =
        engine.query_windowed("content/blob", &contents, WINDOW).collect();
    for (key, content) in keys.into_iter().zip(contents) {
        let opaque = content?.into_iter().find(|finding| OPAQUE.contains(&finding.rule.as_str()));
        if let (Some(known), Some(finding)) = (programs.get_mut(key), opaque) {
            known.opaque = Some(format!("{} ({})", finding.message, finding.rule));
        }
    }
    Ok(programs)
}
