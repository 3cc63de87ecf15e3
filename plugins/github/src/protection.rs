//! What is demanded of whoever changes the default branch: by rulesets, which whoever sees the repository may read, and by the older branch
//! protection, which only its administrators may.

use probity_sdk::prelude::*;

use crate::api::{Api, Got, encoded};
use crate::config::Config;
use crate::repository::Repository;

/// So many pages of rules are looked at.
const MOST_PAGES: usize = 10;

/// Something that is not demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Gap {
    /// Changes come in without an approval by somebody else.
    NoApproval,
    /// Whoever may write may replace what is there.
    ForcePush,
    /// Whoever may write may delete the branch.
    Deletion,
}

#[derive(Debug, Deserialize)]
struct Branch {
    protected: bool,
}

/// A rule of a ruleset that is in force for the branch.
#[derive(Debug, Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    parameters: Option<Parameters>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters {
    required_approving_review_count: u64,
}

/// The older branch protection.
#[derive(Debug, Deserialize)]
struct Protection {
    required_pull_request_reviews: Option<Parameters>,
    #[serde(default)]
    allow_force_pushes: Switch,
    #[serde(default)]
    allow_deletions: Switch,
}

#[derive(Debug, Default, Deserialize)]
struct Switch {
    enabled: bool,
}

/// What is not demanded of whoever changes the default branch: a list of "no-approval", "force-push" and "deletion".
#[query(uses("github/repository"))]
pub(crate) fn protection(engine: &Engine<Config>, _target: Target) -> Result<Answer<Vec<Gap>>> {
    let Repository { default_branch } = engine.query("github/repository", &Empty {})?;
    let (api, branch) = (Api::new(engine)?, encoded(&default_branch));
    let Branch { protected } =
        api.of_repository(&format!("/branches/{branch}"))?.or_abstain("the default branch")?;
    let path = format!("/repos/{}/rules/branches/{branch}", api.repository);
    // Older enterprise servers know no rulesets.
    let rules: Vec<Rule> = match api.list(&path, MOST_PAGES, |_| false)? {
        Got::NotFound(_) => Vec::new(),
        got => got.or_abstain("the rules of the default branch")?,
    };
    let mut gaps = vec![Gap::NoApproval, Gap::ForcePush, Gap::Deletion];
    gaps.retain(|gap| !rules.iter().any(|rule| rule.closes(*gap)));
    // Of a branch that rules protect, the rest may be in the older protection.
    if !gaps.is_empty() && protected {
        match api.of_repository::<Protection>(&format!("/branches/{branch}/protection"))? {
            Got::Value(protection) => gaps.retain(|gap| !protection.closes(*gap)),
            Got::NotFound(words) if words == "Branch not protected" => {}
            Got::NotFound(_) | Got::Forbidden(_) => {
                return Err(abstain(
                    "the default branch is protected, and how far, only a token may read that has the permission Administration (read) for \
                     the repository",
                ));
            }
        }
    }
    let concerns: Vec<Concern> = gaps.iter().map(|gap| Concern::new(gap.described())).collect();
    Ok(Answer::new(gaps).concerns(concerns))
}

impl Rule {
    fn closes(&self, gap: Gap) -> bool {
        let approvals = || self.parameters.as_ref().map_or(0, |rule| rule.required_approving_review_count);
        match gap {
            Gap::NoApproval => self.kind == "pull_request" && approvals() > 0,
            Gap::ForcePush => self.kind == "non_fast_forward",
            Gap::Deletion => self.kind == "deletion",
        }
    }
}

impl Protection {
    fn closes(&self, gap: Gap) -> bool {
        let approvals =
            || self.required_pull_request_reviews.as_ref().map(|one| one.required_approving_review_count);
        match gap {
            Gap::NoApproval => approvals().is_some_and(|count| count > 0),
            Gap::ForcePush => !self.allow_force_pushes.enabled,
            Gap::Deletion => !self.allow_deletions.enabled,
        }
    }
}

impl Gap {
    fn described(self) -> &'static str {
        match self {
            Gap::NoApproval => "changes come onto the default branch without an approval by anybody else",
            Gap::ForcePush => "whoever may write may replace the history of the default branch",
            Gap::Deletion => "whoever may write may delete the default branch",
        }
    }
}
