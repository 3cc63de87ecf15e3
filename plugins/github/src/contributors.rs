//! Who contributed, and which organizations they belong to.

use probity_sdk::prelude::*;

use crate::api::{Api, encoded};
use crate::config::Config;
use crate::repository::Account;

/// The API names 500 contributors at most.
const MOST_PAGES: usize = 5;
/// So many pages of one person's organizations are looked at.
const MOST_PAGES_OF_ORGANIZATIONS: usize = 3;

/// A person who contributed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Contributor {
    login: String,
    /// Commits on the default branch.
    contributions: u64,
    /// The organizations that it is publicly a member of, sorted.
    organizations: Vec<String>,
}

/// A person.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct LoginKey {
    login: String,
}

/// A contributor as the API lists it.
#[derive(Debug, Deserialize)]
struct Listed {
    #[serde(flatten)]
    account: Account,
    contributions: u64,
}

/// The people who contributed most, with the organizations that they are publicly members of.
#[query(uses("github/organizations"))]
pub(crate) fn contributors(engine: &Engine<Config>, _target: Target) -> Result<Vec<Contributor>> {
    let api = Api::new(engine)?;
    let most = usize::try_from(engine.config().contributors).unwrap_or(usize::MAX);
    let people = |listed: &[Listed]| listed.iter().filter(|one| !one.account.is_bot()).count();
    let path = format!("/repos/{}/contributors", api.repository);
    let mut listed = api.list(&path, MOST_PAGES, |seen| people(seen) >= most)?.or_abstain(api.repository)?;
    listed.retain(|one| !one.account.is_bot());
    listed.truncate(most);
    if listed.is_empty() {
        return Err(abstain("the server names no contributor"));
    }
    let keys: Vec<LoginKey> =
        listed.iter().map(|one| LoginKey { login: one.account.login.clone() }).collect();
    let memberships = engine.query_many::<Vec<String>, _>("github/organizations", &keys)?;
    let contributor = |(one, memberships): (Listed, Result<Vec<String>>)| {
        let Listed { account, contributions } = one;
        Ok(Contributor { login: account.login, contributions, organizations: memberships? })
    };
    listed.into_iter().zip(memberships).map(contributor).collect()
}

/// The organizations that a person is publicly a member of, sorted.
#[query]
pub(crate) fn organizations(engine: &Engine<Config>, key: LoginKey) -> Result<Vec<String>> {
    let api = Api::new(engine)?;
    let path = format!("/users/{}/orgs", encoded(&key.login));
    let listed = api.list(&path, MOST_PAGES_OF_ORGANIZATIONS, |_: &[Account]| false)?;
    let listed = listed.or_abstain(&format!("the organizations of {}", crate::api::plain(&key.login)))?;
    let mut names: Vec<String> = listed.into_iter().map(|one| one.login).collect();
    names.sort();
    names.dedup();
    Ok(names)
}
