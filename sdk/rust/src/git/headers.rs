//! What the headers of commits tell beside parents, people and times.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Value of `git/headers`, in the key's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Headers {
    /// One entry for each commit of the segment.
    pub commits: Vec<Header>,
}

/// Time zones and signature of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// The commit.
    pub id: String,
    /// The author's time zone, in minutes east of Greenwich. Absent if there is none that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32")]
    pub authored: Option<i32>,
    /// The committer's time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32")]
    pub committed: Option<i32>,
    /// Of what kind the signature is, by its first line; absent if there is none. Nobody looked whether it is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SignatureKind")]
    pub signature: Option<SignatureKind>,
}

/// The kinds of signatures that git knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignatureKind {
    /// OpenPGP, as by GnuPG.
    Openpgp,
    /// Made with an SSH key.
    Ssh,
    /// CMS, made with the key of an X.509 certificate.
    X509,
    /// None of these.
    Other,
}
