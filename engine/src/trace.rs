//! Traces: what a remembered outcome rested on.
//!
//! A memo is found by its [`LogicalKey`], which names the question alone. Artifact, configuration and inputs
//! are leaves of the trace instead, so that an upgraded plugin whose answers are the same disturbs none of
//! its callers.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Digest, Leaf, Request};

/// The version of everything that gives a trace its meaning. Raise it when answers remembered so far must not
/// be reused: another notion of leaf, of key, of outcome.
pub(crate) const ENGINE_ABI: u8 = 2;

/// The name of a question: SHA-256 over the engine's abi, the plugin instance, the query and the canonical
/// key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct LogicalKey(pub(crate) Digest);

impl LogicalKey {
    pub(crate) fn of(request: &Request) -> LogicalKey {
        let parts: [&[u8]; 4] = [
            &[ENGINE_ABI],
            request.plugin.as_bytes(),
            request.query.as_bytes(),
            request.key.as_str().as_bytes(),
        ];
        LogicalKey(Digest::of_parts(&parts))
    }
}

/// One remembered outcome of a question. Everything of size lies in blobs, which equal traces share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    /// The outcome's digest, which is also the name of its blob.
    pub(crate) outcome: Digest,
    /// The blob of the [`Body`].
    pub(crate) body: Digest,
    /// The blob of the deep set: all leaves in the closure. Absent when they were too many to be of use.
    pub(crate) deep: Option<Digest>,
    /// It came from a file of another machine, or was computed from an answer that did: nobody vouches for it.
    pub(crate) imported: bool,
}

/// What the executor rested on, in the order in which it asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Body {
    /// The leaves of the request itself, with their digests then.
    pub(crate) own: Vec<(Leaf, Digest)>,
    /// What was asked, group by group.
    pub(crate) steps: Vec<Step>,
}

/// One group of dependencies: what was asked at once, knowing the groups before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    /// A batch of queries and the digests of their outcomes.
    Queries(#[serde(deserialize_with = "some")] Vec<(LogicalKey, Digest)>),
    /// An input, which is a leaf, and its digest.
    Input(Leaf, Digest),
}

/// A group without members is recorded by nobody. Two bytes of one would take fifty in memory, which a forged record could make use
/// of.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(LogicalKey, Digest)>, D::Error> {
    let members = Vec::deserialize(deserializer)?;
    match members.is_empty() {
        true => Err(D::Error::custom("a group without members")),
        false => Ok(members),
    }
}

impl Body {
    /// Everything that was asked, in order.
    pub(crate) fn dependencies(&self) -> impl Iterator<Item = LogicalKey> {
        let members = |step: &Step| match step {
            Step::Queries(members) => members.iter().map(|(key, _)| *key).collect(),
            Step::Input(..) => Vec::new(),
        };
        self.steps.iter().flat_map(members)
    }

    /// The bytes under whose digest the body is kept.
    pub(crate) fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("digests and texts always serialize")
    }

    /// `None` for bytes that are no body.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Body> {
        postcard::from_bytes(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_with_an_empty_group_is_none() {
        let (key, digest) = (LogicalKey(Digest::of(b"k")), Digest::of(b"d"));
        let body = |members| Body { own: vec![], steps: vec![Step::Queries(members)] };
        assert_eq!(Body::decode(&body(vec![(key, digest)]).encode()), Some(body(vec![(key, digest)])));
        assert_eq!(Body::decode(&body(vec![]).encode()), None);
    }
}
