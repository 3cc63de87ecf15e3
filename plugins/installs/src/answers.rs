//! What is read of the answers of other plugins.

use serde::Deserialize;

/// A reference of `workflows/references`.
#[derive(Debug, Deserialize)]
pub(crate) struct Reference {
    pub(crate) path: String,
    pub(crate) line: u32,
    pub(crate) rule: String,
    pub(crate) uses: String,
}

/// One answer of `typo/mistakable`.
#[derive(Debug, Deserialize)]
pub(crate) struct Mistakable {
    pub(crate) popular: String,
    pub(crate) how: String,
}
