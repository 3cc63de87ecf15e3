//! The narrow waist: how a missing answer is computed, and what the digest of a leaf is now.
//!
//! The engine knows nothing of processes, targets or policies. A host implements [`Executor`]; tests fake it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::{Digest, Failure, Reply, Request};

/// Something that an answer rests on and that is no query.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Leaf {
    /// The bytes of a plugin instance.
    Artifact(Arc<str>),
    /// The configuration of a plugin instance.
    Config(Arc<str>),
    /// A fact of the world that was asked for, such as the day.
    Input {
        /// For example `time`.
        kind: Arc<str>,
        /// For example `day`.
        id: Arc<str>,
    },
    /// That it is the time for which an answer holds that only ages. Before that it does not hold either: the clock was set
    /// back, and how old the answer is cannot be told.
    Expiry {
        /// When it was given. Seconds since the beginning of 1970, in UTC.
        since: u64,
        /// The first second that is too late.
        at: u64,
    },
}

impl Leaf {
    /// Whether it is something that not everybody may know: any input but the time. Of a secret that can be guessed, the
    /// digest lets guesses be tried, so it is neither told nor carried to other machines.
    pub(crate) fn is_private(&self) -> bool {
        matches!(self, Leaf::Input { kind, .. } if &**kind != "time")
    }
}

/// Computes what the engine does not remember.
pub trait Executor: Send + Sync + 'static {
    /// The leaves that every answer to `request` rests on: the artifact and the configuration of its plugin
    /// (the artifact alone for `$describe`). Cheap, and the same within a revision.
    fn leaves(&self, request: &Request) -> Vec<Leaf>;

    /// The digest of an artifact or a configuration now. Called lazily, at most once per leaf and revision,
    /// from any thread. A failure means "unknown now": nothing that rests on the leaf is reused, and a
    /// request that needs it gets the failure.
    fn digest(&self, leaf: &Leaf) -> Result<Digest, Failure>;

    /// Runs the plugin. Blocks the calling thread; nested questions go through `ask`, on this same thread,
    /// while it waits. Must not be left to wait for ever: see [`Ask::cancelled`].
    ///
    /// Queries nest on one stack: an implementation may use up to 24 KiB of it between its entry and a call
    /// of [`Ask::answers`]. A panic becomes a [`Failure`].
    fn execute(&self, request: &Request, ask: &mut dyn Ask) -> Reply;

    /// The value of an input as JSON: kind `time`, id `day` is `"2026-11-21"`. Called at most once per input
    /// and revision. Its digest is [`Digest::of`] the text.
    fn input(&self, kind: &str, id: &str) -> Result<Arc<str>, Failure>;

    /// Whether inputs of this kind may be long in coming, such as those from a network: nobody waits for one of them longer than
    /// for the end of the revision.
    fn is_slow(&self, kind: &str) -> bool {
        let _ = kind;
        false
    }

    /// The seconds since the beginning of 1970, in UTC, by which answers age. Called at most once per moment and
    /// revision.
    fn now(&self) -> u64 {
        // A clock that stands before 1970 makes nothing older.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

/// What a running plugin may ask of the engine. Everything asked becomes part of the answer's trace.
pub trait Ask {
    /// Answers one batch, its members in parallel, in the order of `requests`. One batch is one group of the
    /// trace.
    fn answers(&mut self, requests: Vec<Request>) -> Vec<Reply>;

    /// The value of an input, which the answer rests on from now on.
    fn input(&mut self, kind: &str, id: &str) -> Result<Arc<str>, Failure>;

    /// Says that the answer holds for `seconds` from now, and no longer, although nothing that it rests on may have
    /// changed by then.
    fn ages(&mut self, seconds: u64);

    /// Says that the answer rests on what nobody can look at again: neither it nor what rests on it is written down.
    fn unrecorded(&mut self);

    /// Whether the answer is no longer wanted. Poll at least every 20 ms while waiting: a new revision waits
    /// for all running queries.
    fn cancelled(&self) -> bool;
}
