//! Why a check ran what it ran: noted after each check of a target, for who asks afterwards.
//!
//! [`Record`] is what is noted of a check, [`Record::keep`] puts it into the cache, [`Record::read`] takes it from
//! there. [`Why`] is the part of one analysis, with a published schema. Nothing is ever decided by any of it.

mod file;
mod of_account;
mod part;

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use file::{WhyError, file};

/// That of [`Why`]. Raised with every change that a reader could stumble over.
pub const SCHEMA_VERSION: u32 = 2;

/// What a check noted: the questions of all its analyses.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Which check it was.
    pub check: Check,
    /// The analyses of the policy, in its order, and the places of the questions that they ask.
    pub analyses: Vec<(String, usize)>,
    /// The questions.
    pub entries: Vec<Entry>,
}

/// What a check noted of one analysis: `why --format json`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Why {
    /// The version of this layout.
    pub schema_version: u32,
    /// The analysis.
    pub analysis: String,
    /// The check that it is told of.
    pub check: Check,
    /// The questions. The first is the one that the analysis asks; others are found by their places in this list.
    pub entries: Vec<Entry>,
}

/// A check that is told of afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// The version of the program.
    pub version: String,
    /// The id of the commit.
    pub commit: String,
    /// Whether changes that are not committed were assessed too.
    pub dirty: bool,
    /// The day that the check took for today.
    pub date: String,
    /// SHA-256 of the policy.
    pub policy: String,
    /// Whether it could use and leave remembered answers. It cannot where the working tree cannot be read whole, or
    /// the cache folder cannot be written.
    pub remembers: bool,
    /// Whether more was asked than is noted here.
    pub cut: bool,
}

/// A question, and how it was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// SHA-256 that names the question.
    pub name: String,
    /// The plugin instance.
    pub plugin: String,
    /// The query.
    pub query: String,
    /// The beginning of the key: canonical JSON.
    pub key: String,
    /// Whether the key is longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub key_cut: bool,
    /// How it was settled.
    #[serde(flatten)]
    pub how: How,
    /// What it asked; nothing if it was reused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<Asked>,
}

/// How a question was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum How {
    /// Remembered, and nothing below it had changed: nothing below was looked at.
    Reused,
    /// Remembered; something below had changed, but all that was asked answered as before.
    Verified {
        /// The first change below that was seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Change>,
    },
    /// The plugin was asked.
    Run {
        /// Why the remembered answer, if there was one, would not do.
        cause: Cause,
        /// Whether the answer is remembered. It is not if something below failed.
        remembered: bool,
    },
    /// There is no answer.
    Failed {
        /// Why the plugin was asked, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
        /// What went wrong.
        message: String,
    },
}

/// Why a plugin was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Cause {
    /// This was never asked before.
    First,
    /// `--refresh`.
    Forced,
    /// Something that the answer rests on by itself has changed.
    Changed(Change),
    /// Something that was asked for the remembered answer answers otherwise now.
    Dependency {
        /// The plugin instance that was asked.
        plugin: String,
        /// The query.
        query: String,
        /// The name of that question.
        name: String,
        /// SHA-256 of its answer for the remembered one; absent if that rested on a variable or a file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        then: Option<String>,
        /// Of its answer now; absent if it has none, or one that saw a failure, or if it is private.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        now: Option<String>,
        /// There is an answer, but answers rest on a variable or a file, and who knows digests could find it out by
        /// guessing.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        private: bool,
    },
    /// The store gave only a part of what was remembered.
    Lost,
    /// The check before asked it too, and it is not remembered any more.
    Forgotten,
    /// The check before failed to get an answer.
    FailedBefore {
        /// What went wrong then.
        message: String,
    },
    /// In the check before something failed below it.
    SawFailureBefore,
}

/// A change of something that answers rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// What has changed.
    pub leaf: Leaf,
    /// Its SHA-256 for the remembered answer; absent if that did not rest on it, and for variables and files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
    /// Its SHA-256 now; absent if it cannot be told, if the question no longer rests on it, and for variables and files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// What it was then, where that can be told: a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_then: Option<String>,
    /// What it is now, for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_now: Option<String>,
}

/// Something that an answer rests on and that is no question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Leaf {
    /// The program of a plugin.
    Artifact {
        /// The plugin instance.
        plugin: String,
    },
    /// The configuration of a plugin.
    Configuration {
        /// The plugin instance.
        plugin: String,
    },
    /// A fact of the world.
    Input {
        /// For example `time`.
        kind: String,
        /// For example `day`.
        id: String,
    },
    /// The time for which an answer holds.
    Age {
        /// When it was given. Seconds since the beginning of 1970, in UTC.
        since: u64,
        /// The first second that is too late. Seconds since the beginning of 1970, in UTC.
        until: u64,
    },
}

/// The questions of one query that a question asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// The plugin instance.
    pub plugin: String,
    /// The query.
    pub query: String,
    /// So many were reused.
    pub reused: usize,
    /// So many were verified.
    pub verified: usize,
    /// So many ran.
    pub run: usize,
    /// So many failed.
    pub failed: usize,
    /// The places of those that are told of one by one, the most telling first.
    pub members: Vec<usize>,
}

impl Asked {
    /// How many were asked.
    pub fn count(&self) -> usize {
        [self.reused, self.verified, self.run, self.failed].into_iter().fold(0, usize::saturating_add)
    }
}

/// JSON Schema of [`Why`].
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(Why).to_value())
}
