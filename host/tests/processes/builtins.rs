//! The plugins of this program that are written with the SDK.

use std::process::ExitCode;

use probity_sdk::git::{Commit, Commits, History, HistoryKey, Person, Segment};
use probity_sdk::prelude::*;
use probity_sdk::{Empty, failed};

use crate::hostile;

/// Runs the plugin that the first argument names.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    match arguments.first().map(String::as_str) {
        Some("sdk") => sdk("probity/core/sdk").run(),
        Some("native") => sdk("acme/tools/native").run(),
        Some("git") => Plugin::<Empty>::new("probity/core/git", "1.0.0").query(history).query(commits).run(),
        Some(name) => hostile::run(name),
        None => ExitCode::FAILURE,
    }
}

fn sdk(id: &str) -> Plugin<Empty> {
    Plugin::new(id, "1.0.0").query(countdown).query(fan).query(printing).query(panicking).query(peeking)
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Count {
    n: u64,
}

/// How many steps it is to nothing, each a question to itself.
#[query(default)]
fn countdown(engine: &Engine, key: Count) -> Result<Answer<u64>> {
    match key.n {
        0 => Ok(Answer::new(0)),
        n => Ok(Answer::new(1 + engine.query::<u64>("countdown", &Count { n: n - 1 })?)),
    }
}

/// The sum of the countdowns below `n`.
#[query]
fn fan(engine: &Engine, key: Count) -> Result<Answer<u64>> {
    let keys: Vec<Count> = (0..key.n).map(|n| Count { n }).collect();
    let answers = engine.query_many::<u64, _>("countdown", &keys)?;
    Ok(Answer::new(answers.into_iter().sum::<Result<u64>>()?))
}

/// Prints where the protocol is spoken.
#[query]
#[allow(clippy::print_stdout)]
fn printing(_engine: &Engine, _key: Empty) -> Result<Answer<bool>> {
    println!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"forged\"}}");
    Ok(Answer::new(true))
}

/// Panics.
#[query]
fn panicking(_engine: &Engine, _key: Empty) -> Result<Answer<bool>> {
    panic!("an index is out of bounds")
}

/// Looks where it must not.
#[query]
fn peeking(_engine: &Engine, _key: Empty) -> Result<Answer<bool>> {
    match std::fs::read("/etc/passwd") {
        Ok(_) => Ok(Answer::new(true)),
        Err(error) => Err(failed(error.kind().to_string())),
    }
}

/// Two segments; the commit `cut` has a history that is cut off.
#[query(default)]
fn history(_engine: &Engine, key: HistoryKey) -> Result<Answer<History>> {
    let segment =
        |ids: &[&str]| Segment { commits: ids.iter().map(|c| (*c).to_owned()).collect(), cut: vec![] };
    let segments = vec![segment(&["ada 1", "bob 2"]), segment(&["ada 3", "eve 4"])];
    Ok(Answer::new(History { commits: 4, truncated: key.commit == "cut", parts: vec![], segments }))
}

/// Each commit is by who its id names.
#[query]
fn commits(_engine: &Engine, key: Segment) -> Result<Answer<Commits>> {
    let commit = |id: String| {
        let name = id.split(' ').next().unwrap_or_default().to_owned();
        let person = Person { email: format!("{name}@example.org"), name };
        Commit { id, parents: vec![], author: person.clone(), authored: 0, committer: person, committed: 0 }
    };
    Ok(Answer::new(Commits { commits: key.commits.into_iter().map(commit).collect() }))
}
