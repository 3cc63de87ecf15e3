//! The one question that `activity` answers.

use probity_sdk::git::Commit;
use probity_sdk::prelude::*;

use crate::calendar::Day;
use crate::config::Config;

/// How long a repository has been idle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Activity {
    /// Days since the newest commit was written, in UTC; never negative.
    pub(crate) days: u64,
    /// The newest commit.
    pub(crate) commit: String,
    /// The day on which it was written, `YYYY-MM-DD` in UTC.
    pub(crate) authored: String,
    /// With `compat`: seconds from that moment to the beginning of today in UTC, which may be negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<i64>,
}

/// How long the repository has been idle: days since its newest commit was written.
#[query(default, uses("git/commit"))]
pub(crate) fn activity(engine: &Engine<Config>, target: Target) -> Result<Answer<Activity>> {
    let commit: Commit = engine.query("git/commit", &target.commit())?;
    let Some(authored) = Day::of_seconds(commit.authored) else {
        let seconds = commit.authored;
        return Err(abstain(format!(
            "the author date of the newest commit, {seconds} s, is no date of this age"
        )));
    };
    let today: String = engine.input("time", "day")?;
    let today = Day::parse(&today).ok_or_else(|| failed(format!("{today:?} is no date")))?;
    let idle = today.since(authored);
    let answer = Answer::new(Activity {
        days: u64::try_from(idle).unwrap_or(0),
        commit: commit.id.clone(),
        authored: authored.to_string(),
        seconds: engine.config().compat.map(|_| today.begins().saturating_sub(commit.authored)),
    });
    Ok(match noteworthy(idle, authored, engine.config()) {
        Some(message) => answer.concern(Concern::new(message).commit(commit.id)),
        None => answer,
    })
}

fn noteworthy(idle: i64, authored: Day, config: &Config) -> Option<String> {
    if idle < 0 {
        return Some(format!("the newest commit claims to be written on {authored}, which is in the future"));
    }
    (idle > i64::from(config.days())).then(|| format!("no commit since {authored}, for {idle} days"))
}
