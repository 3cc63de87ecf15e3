//! What kind of content blobs hold, judged by their first bytes.

use crate::error::GitError;
use crate::ids;
use crate::magic::magic;
use crate::objects::{Blob, Reader, Repository, in_order};
use crate::shapes::{BlobContent, Contents, ContentsKey};
use gix::ObjectId;
use rayon::prelude::*;

/// How many blobs one thread takes at a time.
const BATCH: usize = 32;
/// Text has no NUL byte among so many first ones.
const SNIFFED_BYTES: usize = 1024;
/// Beginnings that announce text in some encoding of Unicode, NUL bytes or not.
const BYTE_ORDER_MARKS: [&[u8]; 5] =
    [b"\xef\xbb\xbf", b"\0\0\xfe\xff", b"\xff\xfe\0\0", b"\xfe\xff", b"\xff\xfe"];
/// Beginnings of formats that need not have a NUL byte early.
const BINARY_BEGINNINGS: [&[u8]; 2] = [b"%PDF", b"\x89PNG"];

/// Answers the query `contents`.
pub fn contents(repository: &Repository, key: &ContentsKey) -> Result<Contents, GitError> {
    let ids = ids::parse_all(&key.blobs)?;
    let blobs = repository.run(ids::format(&ids)?, |readers| {
        let batches = ids
            .par_chunks(BATCH)
            .map(|batch| readers.with(|reader| batch.iter().map(|id| content(reader, id)).collect()));
        in_order(batches)
    })?;
    Ok(Contents { blobs })
}

fn content(reader: &Reader, id: &ObjectId) -> Result<BlobContent, GitError> {
    let (size, head) = match reader.blob(id)? {
        Blob::Whole(data) => (data.len() as u64, data),
        Blob::Huge { size, head } => (size, head),
    };
    let magic = magic(&head).map(str::to_owned);
    Ok(BlobContent { id: id.to_string(), size, binary: is_binary(&head), magic })
}

fn is_binary(data: &[u8]) -> bool {
    if BYTE_ORDER_MARKS.iter().any(|mark| data.starts_with(mark)) {
        return false;
    }
    let head = &data[..data.len().min(SNIFFED_BYTES)];
    memchr::memchr(0, head).is_some() || BINARY_BEGINNINGS.iter().any(|beginning| data.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_binary_by_its_beginning() {
        let late = |at: usize| [vec![b'a'; at], vec![0]].concat();
        for text in [&b""[..], b"plain\n", b"\xff\xfea\0b\0", b"\xef\xbb\xbf\0", &late(1024), b"caf\xe9"] {
            assert!(!is_binary(text), "{text:?}");
        }
        for binary in [&b"\0"[..], &late(1023), b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n"] {
            assert!(is_binary(binary), "{binary:?}");
        }
    }
}
