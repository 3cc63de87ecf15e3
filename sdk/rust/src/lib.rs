//! Write a Probity plugin: a program that answers queries about a repository.
//!
//! A plugin is a set of functions. Each takes the [`Engine`], through which it asks everything that it wants to know,
//! and a key, and gives back a value. Probity remembers each value under its key for as long as what the value rests on
//! stays the same, so a function must be one in the strict sense: the same key and the same answers of the engine, the
//! same value. It runs on a thread of its own and may simply wait; other queries of the plugin run beside it.
//!
//! ```
//! use probity_sdk::git::{Commit, CommitKey, Target};
//! use probity_sdk::prelude::*;
//! use probity_sdk::testing::TestEngine;
//!
//! /// How long a change may wait.
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! #[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
//! struct Config {
//!     /// In weeks.
//!     weeks: u16,
//! }
//!
//! impl Default for Config {
//!     fn default() -> Self {
//!         Config { weeks: 4 }
//!     }
//! }
//!
//! /// Full days between the writing and the committing of the newest commit.
//! #[query(default, uses("git/commit"))]
//! fn waited(engine: &Engine<Config>, target: Target) -> Result<Answer<i64>> {
//!     let tip: Commit = engine.query("git/commit", &target.commit())?;
//!     if tip.committed < tip.authored {
//!         return Err(abstain("it was committed before it was written"));
//!     }
//!     let days = (tip.committed - tip.authored) / 86_400;
//!     Ok(Answer::new(days).concern(Concern::new("the newest commit").commit(tip.id)))
//! }
//!
//! fn plugin() -> Plugin<Config> {
//!     Plugin::new("acme/health/waited", env!("CARGO_PKG_VERSION"))
//!         .query(waited)
//!         .default_policy(|config: &Config| Some(format!("value <= {}", u32::from(config.weeks) * 7)))
//!         .validate(|config| if config.weeks > 0 { Ok(()) } else { Err(invalid("/weeks", "one week or more")) })
//!         .explain("Days from the author date to the commit date of the newest commit.")
//! }
//!
//! // The program is `fn main() -> ExitCode { plugin().run() }`. A test asks the functions, as here:
//! fn commit(id: String, authored: i64, committed: i64) -> Commit {
//!     let author = probity_sdk::git::Person { name: "Ada".into(), email: "ada@example.org".into() };
//!     Commit { id, parents: vec![], committer: author.clone(), author, authored, committed }
//! }
//! let day = 86_400;
//! let engine = TestEngine::new(Config::default())
//!     .on("git/commit", move |key: CommitKey| Ok(commit(key.commit, 0, 10 * day)));
//! let target = Target { commit: "c0ffee".into(), tree: "7ree".into(), shallow: vec![] };
//! let answer = waited(&engine, target.clone()).unwrap();
//! assert_eq!(*answer.value(), 10);
//! assert_eq!(engine.asked()[0].0, "git/commit");
//!
//! // … or the plugin, as the host does:
//! assert_eq!(engine.ask(&plugin(), "waited", &target).unwrap().value(), &10);
//! assert_eq!(plugin().describe().default_policy.as_deref(), Some("value <= 28"));
//!
//! let engine = TestEngine::new(Config::default())
//!     .on("git/commit", move |key: CommitKey| Ok(commit(key.commit, day, 0)));
//! assert!(waited(&engine, target).unwrap_err().is_abstention());
//! ```
//!
//! # When there is no value
//!
//! - [`abstain`]: the query cannot judge, and says why. That is a fact, remembered like a value.
//! - [`unavailable`]: something is missing now, such as an object of a partial clone. It is asked again the next time.
//! - [`failed`], or any error of another library through `?`: the query failed, and will for this key.
//! - The error of a query that was asked meanwhile keeps its kind when it is passed on with `?`.
//!
//! # Many keys
//!
//! [`Engine::query_many`] asks for many keys in one message; each is remembered on its own.
//! [`Engine::query_windowed`] does so a window at a time, so that only a window of answers is in memory.
//!
//! # What a plugin can see
//!
//! Its own bytes, its key, what the engine answers, and git objects below [`Engine::git_dir`]. The rest of the machine is
//! denied to it. What it prints goes to standard error; its standard input is empty.

// The attribute `#[query]` names this crate, here as in a plugin.
extern crate self as probity_sdk;

pub mod answer;
pub mod config;
pub mod dependencies;
pub mod engine;
pub mod error;
pub mod findings;
pub mod git;
pub mod history;
pub mod linguist;
pub mod people;
pub mod plugin;
pub mod query;
pub mod serve;
pub mod statistics;
pub mod testing;

pub use answer::{Answer, Concern, Location};
pub use engine::{Answers, Empty, Engine};
pub use error::{Error, ErrorKind, Invalid, Result, abstain, failed, invalid, unavailable};
pub use plugin::Plugin;
pub use probity_protocol::method::LogLevel;
pub use probity_sdk_macros::query;
pub use query::Query;
pub use serde_json::value::RawValue;

/// The guide's own example, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/plugin-authors.md")]
struct Guide;

/// What nearly every plugin needs.
pub mod prelude {
    pub use std::process::ExitCode;

    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};

    pub use crate::git::Target;
    pub use crate::{
        Answer, Concern, Empty, Engine, Error, ErrorKind, LogLevel, Plugin, Query, Result, abstain, failed,
        invalid, query, unavailable,
    };
}
