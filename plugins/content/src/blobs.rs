//! One blob: read once, and looked at under every rule.

use probity_sdk::findings::{Finding, Severity};
use probity_sdk::prelude::*;
use probity_sdk_objects::Blob;

use crate::rules::NOT_READ;
use crate::{formats, text};

/// Of larger files nothing but the beginning is looked at.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// Text has no NUL byte among so many first ones.
const SNIFFED_BYTES: usize = 8000;

/// Key of `blob`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlobKey {
    /// The blob.
    pub(crate) blob: String,
    /// Whether a file of this content has a name of source.
    pub(crate) source: bool,
}

/// What is found in a blob, the worst first.
pub(crate) fn findings(blob: &Blob, source: bool) -> Vec<Finding> {
    let mut found = match blob {
        Blob::Whole(bytes) if bytes.len() <= MOST_BYTES => whole(bytes, source),
        Blob::Whole(bytes) => large(&bytes[..SNIFFED_BYTES], bytes.len() as u64, source),
        Blob::Huge { size, head } => large(head, *size, source),
    };
    found.sort();
    found.dedup();
    found
}

fn whole(bytes: &[u8], source: bool) -> Vec<Finding> {
    let mut found: Vec<Finding> = formats::of(bytes).into_iter().collect();
    if is_text(bytes) {
        found.extend(text::any(bytes));
        if source {
            found.extend(text::source(bytes));
        }
    }
    found
}

fn large(head: &[u8], size: u64, source: bool) -> Vec<Finding> {
    let mut found: Vec<Finding> = formats::of(head).into_iter().collect();
    if source && is_text(head) {
        let message = format!("it has {size} bytes, and {MOST_BYTES} are read");
        found.push(Finding::new(NOT_READ, Severity::Low, message));
    }
    found
}

fn is_text(bytes: &[u8]) -> bool {
    memchr::memchr(0, &bytes[..bytes.len().min(SNIFFED_BYTES)]).is_none()
}
