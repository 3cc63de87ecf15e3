//! How many of the newest commits bear a signature.

use probity_sdk::git::{Header, SignatureKind};
use probity_sdk::prelude::*;

/// So many of the newest commits are looked at.
pub(crate) const NEWEST: usize = 200;
/// Where some commits are signed, so many of the newest others are pointed out at most.
const MOST_CONCERNS: usize = 5;

/// How many commits bear a signature. Nobody looked whether it is right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Signatures {
    /// Those with one.
    signed: u64,
    /// All that were looked at.
    commits: u64,
    /// The signatures by kind.
    kinds: Kinds,
}

/// Signatures by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
struct Kinds {
    openpgp: u64,
    ssh: u64,
    x509: u64,
    other: u64,
}

/// The signatures of these commits, the oldest first.
pub(crate) fn signatures(headers: &[Header]) -> Answer<Signatures> {
    let mut told = Signatures::default();
    for header in headers {
        told.commits += 1;
        let Some(kind) = header.signature else { continue };
        told.signed += 1;
        *match kind {
            SignatureKind::Openpgp => &mut told.kinds.openpgp,
            SignatureKind::Ssh => &mut told.kinds.ssh,
            SignatureKind::X509 => &mut told.kinds.x509,
            SignatureKind::Other => &mut told.kinds.other,
        } += 1;
    }
    // Where nobody signs there is nothing to point out.
    let most = if told.signed == 0 { 0 } else { MOST_CONCERNS };
    let unsigned = headers.iter().rev().filter(|header| header.signature.is_none()).take(most);
    let concerns: Vec<Concern> =
        unsigned.map(|header| Concern::new("bears no signature").commit(&header.id)).collect();
    Answer::new(told).concerns(concerns)
}
