//! Reads an archive from memory, entry by entry, and gives up where it holds more than any release does. Nothing is written anywhere.

mod tar;
mod zip;

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

/// The most bytes that all entries together may unpack to.
pub(crate) const MAX_TOTAL: u64 = 1 << 30;
/// The most bytes of one entry.
pub(crate) const MAX_ENTRY: u64 = 128 << 20;
/// The most entries, those of the format itself included.
pub(crate) const MAX_ENTRIES: usize = 200_000;
/// The most bytes of a long name or another entry of the format itself.
const MAX_EXTENSION: u64 = 64 << 10;

/// An entry as the archive has it.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    /// Its name, whatever that is; empty for what is said of the archive as a whole.
    pub(crate) name: &'a [u8],
    pub(crate) what: What<'a>,
}

#[derive(Debug)]
pub(crate) enum What<'a> {
    File(&'a [u8]),
    Folder,
    /// A symbolic link, and where it leads.
    Link(&'a [u8]),
    /// What is made of no tree, in words.
    Odd(String),
}

/// Why an archive cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// Nothing is known of what it holds, and nothing is wrong with it.
    #[error("an archive packed by {0} cannot be read here: unpack it with {0} -dk, and name the .tar")]
    Packed(&'static str),
    #[error("it is neither tar, gzip nor zip")]
    Unknown,
    #[error("it holds more than {limit} {what}, which no release does")]
    TooMuch { limit: u64, what: &'static str },
    #[error("it is damaged, or made to be read in several ways: {0}")]
    Damaged(String),
    #[error("nobody waits for the answer any more")]
    Unwanted,
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        error.downcast::<ReadError>().unwrap_or_else(|error| ReadError::Damaged(error.to_string()))
    }
}

pub(crate) type Visit<'a> = dyn FnMut(Member<'_>) -> Result<(), ReadError> + 'a;

/// Shows each entry of the archive in its order.
pub(crate) fn each(
    bytes: &[u8],
    unwanted: &dyn Fn() -> bool,
    visit: &mut Visit<'_>,
) -> Result<(), ReadError> {
    within(bytes, MAX_TOTAL, unwanted, visit)
}

/// The same with at most `total` bytes of content.
pub(crate) fn within(
    bytes: &[u8],
    total: u64,
    unwanted: &dyn Fn() -> bool,
    visit: &mut Visit<'_>,
) -> Result<(), ReadError> {
    let budget = Budget { total, left: total, unwanted };
    if is_two(bytes) {
        visit(Member { name: b"", what: What::Odd("a zip and a tar in one".to_owned()) })?;
    }
    match bytes {
        [0x1f, 0x8b, ..] => tar::each(Counted { inner: MultiGzDecoder::new(bytes), budget }, visit),
        [b'P', b'K', 3..=8, ..] => zip::each(bytes, budget, visit),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Err(ReadError::Packed("xz")),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Err(ReadError::Packed("zstd")),
        [b'B', b'Z', b'h', ..] => Err(ReadError::Packed("bzip2")),
        [b'L', b'Z', b'I', b'P', ..] => Err(ReadError::Packed("lzip")),
        _ if tar::is_tar(bytes) => tar::each(Counted { inner: bytes, budget }, visit),
        _ => Err(ReadError::Unknown),
    }
}

/// Whether some programs would take it for a zip, which is known by its end, and others for a tar.
fn is_two(bytes: &[u8]) -> bool {
    const END: &[u8] = b"PK\x05\x06";
    const FARTHEST: usize = 22 + 0xffff;
    if bytes.starts_with(b"PK") {
        return tar::is_tar(bytes);
    }
    memchr::memmem::find(&bytes[bytes.len().saturating_sub(FARTHEST)..], END).is_some()
}

/// What may still be unpacked.
pub(super) struct Budget<'a> {
    total: u64,
    left: u64,
    unwanted: &'a dyn Fn() -> bool,
}

impl Budget<'_> {
    fn spend(&mut self, bytes: usize) -> Result<(), ReadError> {
        if (self.unwanted)() {
            return Err(ReadError::Unwanted);
        }
        self.left = self
            .left
            .checked_sub(bytes as u64)
            .ok_or(ReadError::TooMuch { limit: self.total, what: "bytes of content" })?;
        Ok(())
    }
}

/// What is unpacked, counted.
struct Counted<'a, R> {
    inner: R,
    budget: Budget<'a>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.budget.spend(read).map_err(io::Error::other)?;
        Ok(read)
    }
}

/// Exactly `size` bytes.
fn exactly(from: impl Read, size: u64) -> Result<Vec<u8>, ReadError> {
    if size > MAX_ENTRY {
        return Err(ReadError::TooMuch { limit: MAX_ENTRY, what: "bytes in one entry" });
    }
    // As much as there is, not as much as the entry claims.
    let mut bytes = Vec::new();
    from.take(size).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == size {
        Ok(bytes)
    } else {
        Err(ReadError::Damaged("it ends within an entry".to_owned()))
    }
}
