//! The configuration of `archive`.

use probity_sdk::Invalid;
use probity_sdk::prelude::*;

/// Which archive is compared with what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The archive, as the policy's `grant` writes it. Without it, nothing is compared. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The tag whose tree the archive should hold, or the full id of a commit. Default: what is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// What made it: `"source"` (the whole tree), `"npm"`, `"crate"` or `"sdist"`. Default: told by its name and content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The folder of the tree that it was made from, as of one package of many. Default: `""`, the whole tree.
    pub folder: String,
}

/// What made an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `git archive`, a forge, `make dist`: the whole tree.
    Source,
    /// `npm pack`: what the manifest lists.
    Npm,
    /// `cargo package`, which writes the manifest anew.
    Crate,
    /// A source distribution of Python, with metadata beside the tree.
    Sdist,
}

impl Config {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        if self.file.as_deref().is_some_and(str::is_empty) {
            return Err(invalid("/file", "a path, as the policy grants it"));
        }
        if self.tag.as_deref().is_some_and(str::is_empty) {
            return Err(invalid("/tag", "the name of a tag, or the full id of a commit"));
        }
        let is_name = |name: &str| !matches!(name, "" | "." | "..");
        if !self.folder.is_empty() && !self.folder.split('/').all(is_name) {
            return Err(invalid("/folder", "a folder of the tree, as in \"packages/core\""));
        }
        Ok(())
    }
}
