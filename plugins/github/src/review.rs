//! Whether somebody approved what was merged.

use probity_sdk::prelude::*;

use crate::api::{Api, encoded, plain};
use crate::config::Config;
use crate::repository::{Account, Repository};

/// So many pages of pull requests are looked through for merged ones, and so many of one pull request's reviews.
const MOST_PAGES: usize = 10;
/// The most pull requests that are pointed out.
const MOST_CONCERNS: usize = 20;

/// A branch that pull requests are merged into.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct BranchKey {
    branch: String,
}

/// A pull request that was merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Merged {
    number: u64,
    /// Who made it; none if the account is gone.
    author: Option<String>,
    /// The commit that it became, if the server names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
}

/// A pull request, and whose word does not count for it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ApprovedKey {
    number: u64,
    author: Option<String>,
}

/// A pull request as the API lists it.
#[derive(Debug, Deserialize)]
struct PullRequest {
    number: u64,
    user: Option<Account>,
    merged_at: Option<String>,
    merge_commit_sha: Option<String>,
}

/// A review as the API lists it.
#[derive(Debug, Deserialize)]
struct Review {
    user: Option<Account>,
    state: String,
}

/// Whether each of the newest pull requests that people merged into the default branch was approved by another person, newest first.
#[query(default, uses("github/repository", "github/merged", "github/approved"))]
pub(crate) fn review(engine: &Engine<Config>, _target: Target) -> Result<Answer<Vec<bool>>> {
    let Repository { default_branch: branch } = engine.query("github/repository", &Empty {})?;
    let changes: Vec<Merged> = engine.query("github/merged", &BranchKey { branch })?;
    if changes.is_empty() {
        return Err(abstain("no pull request of a person was merged into the default branch lately"));
    }
    let key = |one: &Merged| ApprovedKey { number: one.number, author: one.author.clone() };
    let keys: Vec<ApprovedKey> = changes.iter().map(key).collect();
    let value: Vec<bool> = engine.query_many("github/approved", &keys)?.into_iter().collect::<Result<_>>()?;
    let unapproved = changes.iter().zip(&value).filter(|(_, is)| !**is).map(|(one, _)| one);
    let concerns: Vec<Concern> = unapproved.take(MOST_CONCERNS).map(concern).collect();
    Ok(Answer::new(value).concerns(concerns))
}

fn concern(one: &Merged) -> Concern {
    let author = one.author.as_deref().unwrap_or("an account that is gone");
    let concern =
        Concern::new(format!("#{} by {} was merged, and nobody else approved it", one.number, plain(author)));
    match &one.commit {
        Some(commit) => concern.commit(commit.as_str()),
        None => concern,
    }
}

/// The newest pull requests that were merged into a branch, those of bots left out, newest first.
#[query]
pub(crate) fn merged(engine: &Engine<Config>, key: BranchKey) -> Result<Vec<Merged>> {
    let api = Api::new(engine)?;
    let newest = usize::try_from(engine.config().newest).unwrap_or(usize::MAX);
    let (repository, branch) = (api.repository, encoded(&key.branch));
    let path = format!("/repos/{repository}/pulls?state=closed&base={branch}&sort=created&direction=desc");
    let enough = |seen: &[PullRequest]| seen.iter().filter(|one| one.counts()).count() >= newest;
    let listed = api.list(&path, MOST_PAGES, enough)?.or_abstain("its pull requests")?;
    let mut changes: Vec<Merged> = listed.into_iter().filter(PullRequest::counts).map(Merged::from).collect();
    // One that comes while the list is read moves the others to the next page.
    changes.sort_by_key(|one| std::cmp::Reverse(one.number));
    changes.dedup_by_key(|one| one.number);
    changes.truncate(newest);
    Ok(changes)
}

impl PullRequest {
    fn counts(&self) -> bool {
        self.merged_at.is_some() && !self.user.as_ref().is_some_and(Account::is_bot)
    }
}

impl From<PullRequest> for Merged {
    fn from(one: PullRequest) -> Merged {
        let is_id =
            |id: &String| matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        Merged {
            number: one.number,
            author: one.user.map(|user| user.login),
            commit: one.merge_commit_sha.filter(is_id),
        }
    }
}

/// Whether a person other than its author approved a pull request.
#[query]
pub(crate) fn approved(engine: &Engine<Config>, key: ApprovedKey) -> Result<bool> {
    let api = Api::new(engine)?;
    let approves = |one: &Review| one.approves(key.author.as_deref());
    let path = format!("/repos/{}/pulls/{}/reviews", api.repository, key.number);
    let reviews = api.list(&path, MOST_PAGES, |seen: &[Review]| seen.iter().any(approves))?;
    Ok(reviews.or_abstain(&format!("the reviews of #{}", key.number))?.iter().any(approves))
}

impl Review {
    /// Whether it is the approval of a person who is not `author`. Of two accounts that are gone, nobody knows.
    fn approves(&self, author: Option<&str>) -> bool {
        let is_another = match (&self.user, author) {
            (Some(user), author) => !user.is_bot() && author != Some(user.login.as_str()),
            (None, author) => author.is_some(),
        };
        self.state == "APPROVED" && is_another
    }
}
