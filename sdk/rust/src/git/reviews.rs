//! What the plugin `review` tells of changes, for other plugins.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Person;

/// An element of the value of `review/changes_by`: a change on the main line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeBy {
    /// The commit that brought it.
    pub commit: String,
    /// Whose work it is.
    pub by: Vec<Person>,
    /// Whether it shows that somebody else had a hand in it.
    pub reviewed: bool,
}
