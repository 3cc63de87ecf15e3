//! The two questions that `linguist` answers.

use probity_sdk::prelude::*;

use crate::config::Config;
use crate::extensions::SourceFiles;

/// The path of a file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilePath {
    /// From the root of the tree; one that is not UTF-8 is quoted as git quotes it.
    pub(crate) path: String,
}

/// The extensions that make a file source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct SourceExtensions {
    /// Sorted, in lower case, without a dot. Extensions are to be compared in lower case.
    pub(crate) extensions: Vec<String>,
    /// Whether a file without an extension is source.
    pub(crate) without_extension: bool,
}

/// The extensions of source files, to be compared in lower case with what follows the last dot of a file's name.
#[query]
pub(crate) fn source_extensions(engine: &Engine<Config>, _key: Empty) -> Result<Answer<SourceExtensions>> {
    let (extensions, without_extension) = SourceFiles::new(engine.config()).into_parts();
    Ok(Answer::new(SourceExtensions { extensions, without_extension }))
}

/// Whether the file of this path is source.
#[query]
pub(crate) fn is_source(engine: &Engine<Config>, key: FilePath) -> Result<Answer<bool>> {
    Ok(Answer::new(SourceFiles::new(engine.config()).is_source(&key.path)))
}
