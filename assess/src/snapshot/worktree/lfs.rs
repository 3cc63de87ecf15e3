//! Pointers of git-lfs: the few lines that git stores in place of a large file. They are computed here,
//! since the program that git would run is named by the target's configuration.

use sha2::{Digest, Sha256};

/// Begins every pointer.
const VERSION: &str = "version https://git-lfs.github.com/spec/v1\n";

/// A pointer is smaller than this, in bytes; so the specification demands.
const POINTER_LIMIT: usize = 1024;

/// What git stores for a file with this content: its pointer, or the content itself if it is one already.
/// An empty file is its own pointer.
pub(super) fn pointer_for(content: &[u8]) -> Vec<u8> {
    let is_pointer = content.len() < POINTER_LIMIT && content.starts_with(VERSION.as_bytes());
    if content.is_empty() || is_pointer {
        return content.to_vec();
    }
    let mut pointer = Pointer::default();
    pointer.add(content);
    pointer.finish()
}

/// The pointer of a file that is given piece by piece.
#[derive(Default)]
pub(super) struct Pointer {
    hasher: Sha256,
    size: u64,
}

impl Pointer {
    pub(super) fn add(&mut self, piece: &[u8]) {
        self.hasher.update(piece);
        self.size += piece.len() as u64;
    }

    /// The pointer's text.
    pub(super) fn finish(self) -> Vec<u8> {
        let digest: String = self.hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{VERSION}oid sha256:{digest}\nsize {}\n", self.size).into_bytes()
    }
}
