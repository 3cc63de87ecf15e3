//! What several questions need to know of the repository itself.

use probity_sdk::prelude::*;

use crate::api::Api;
use crate::config::Config;

/// The repository as the server describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Repository {
    /// The branch that it shows first.
    pub(crate) default_branch: String,
}

/// An account of the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Account {
    pub(crate) login: String,
    /// `User`, `Bot`, ….
    #[serde(default, rename = "type")]
    kind: String,
}

impl Account {
    pub(crate) fn is_bot(&self) -> bool {
        self.kind == "Bot"
    }
}

/// What the server says of the repository.
#[query]
pub(crate) fn repository(engine: &Engine<Config>, _key: Empty) -> Result<Repository> {
    let api = Api::new(engine)?;
    api.of_repository("")?.or_abstain(api.repository)
}
