//! The questions that `linguist` answers.

use probity_sdk::linguist::SourceFiles;
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::extensions::{hipcheck_files, source_files};

/// The path of a file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilePath {
    /// From the root of the tree; one that is not UTF-8 is quoted as git quotes it.
    pub(crate) path: String,
}

/// The extensions of source files, to be compared in lower case with what follows the last dot of a file's name.
#[query]
pub(crate) fn source_extensions(engine: &Engine<Config>, _key: Empty) -> Result<Answer<SourceFiles>> {
    Ok(Answer::new(source_files(engine.config())))
}

/// The extensions of the files that Hipcheck takes for source, for comparison with its numbers; case matters.
#[query]
pub(crate) fn hipcheck_extensions(_engine: &Engine<Config>, _key: Empty) -> Result<Answer<SourceFiles>> {
    Ok(Answer::new(hipcheck_files()))
}

/// Whether the file of this path is source.
#[query]
pub(crate) fn is_source(engine: &Engine<Config>, key: FilePath) -> Result<Answer<bool>> {
    Ok(Answer::new(source_files(engine.config()).contains(&key.path)))
}
