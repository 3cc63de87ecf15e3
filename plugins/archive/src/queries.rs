//! The questions that `archive` answers: the list of findings, and what it is put together from.

use probity_sdk::findings::{self, Finding};
use probity_sdk::prelude::*;

use crate::config::{Config, Kind};
use crate::release::{self, ObjectKey, Peeled};
use crate::{compare, input};

/// Key of `compared`: all that the answer depends on beside the archive's bytes, since what an analysis configures for itself is not
/// known to the process that is asked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComparedKey {
    /// The tree.
    pub(crate) tree: String,
    /// The archive, as it is configured and granted.
    pub(crate) file: String,
    /// The folder of the tree that it was made from; `""` is the whole tree.
    pub(crate) folder: String,
    /// What made it; absent where that is to be found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Kind")]
    pub(crate) kind: Option<Kind>,
}

/// Where the archive of a release differs from the tree of its tag: the worst first.
#[query(default, uses("archive/compared", "archive/peeled"))]
pub(crate) fn differences(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    let Config { file: Some(file), folder, kind, .. } = engine.config() else {
        return Err(abstain(
            "no archive is named: write file \"dist/NAME.tar.gz\" in the configuration of archive, and grant { file \"dist/NAME.tar.gz\" } beside it",
        ));
    };
    let tree = release::tree(engine, &target)?;
    let key = ComparedKey { tree, file: file.clone(), folder: folder.clone(), kind: *kind };
    let found: Vec<Finding> = engine.query("archive/compared", &key)?;
    Ok(findings::answer(found))
}

/// The same for one archive and one tree.
#[query(uses("git/tree"), cost = "reads the archive")]
pub(crate) fn compared(engine: &Engine<Config>, key: ComparedKey) -> Result<Vec<Finding>> {
    let bytes = input::content(engine, &key.file)?;
    let found = compare::findings(engine, &bytes, &key)?;
    Ok(findings::answer(found).into_parts().0)
}

/// The tree that a tag or a commit stands for.
#[query(cost = "reads the objects")]
pub(crate) fn peeled(engine: &Engine<Config>, key: ObjectKey) -> Result<Peeled> {
    release::peeled(engine, &key)
}
