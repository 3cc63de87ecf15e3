//! The file that carries a store between machines: its layout, and reading it with distrust.
//!
//! ```text
//! "probity memos\n", format u32, engine's abi u32
//! then records: tag, length u64, and so many bytes
//!   B  digest, compressed, bytes        an outcome, a body or a deep set
//!   M  key, compressed, bytes           a question
//!   T  key, outcome, body, 0 | 1 deep   a trace: no seal and no mark, which the importer makes
//!   R  key, day u32                     a question that the engine's user asked, and the day of the last time
//!   E  counts of B, M, T, R             the last one, followed by the SHA-256 of everything before
//! ```
//! Numbers are little-endian. One record is in memory at a time. The digest at the end finds accidents; it vouches for nothing.

use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};

use crate::Digest;
use crate::codec::{self, Packed};
use crate::trace::{ENGINE_ABI, LogicalKey, Trace};

const MAGIC: &[u8; 14] = b"probity memos\n";
const FORMAT: u32 = 2;
/// No record is longer, bytes, and none unpacks to more.
const MAX_RECORD: u64 = 256 << 20;

/// One record of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Blob(Digest, Packed),
    Memo(LogicalKey, Packed),
    Trace(LogicalKey, Trace),
    /// The day since the beginning of 1970.
    Root(LogicalKey, u32),
}

/// How many records of each kind there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Transferred {
    /// Values, and records of what they rest on.
    pub blobs: u64,
    /// Questions.
    pub memos: u64,
    /// Remembered outcomes of them.
    pub traces: u64,
    /// Questions that the engine's user asked.
    pub roots: u64,
    /// Traces that were left out, since what they name is missing.
    pub incomplete: u64,
    /// Traces that were left out, since they rest on something that not everybody may know.
    pub private: u64,
}

/// Why a file cannot be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// It cannot be read or written.
    #[error("cannot read or write it")]
    Io(#[from] io::Error),
    /// It does not begin as an exported store does.
    #[error("it is no exported store")]
    Foreign,
    /// It was written by another version.
    #[error(
        "it has format {format} for engine {engine}, and this version reads format {FORMAT} for engine {ENGINE_ABI}"
    )]
    Version {
        /// The format's version.
        format: u32,
        /// The engine's.
        engine: u32,
    },
    /// It ends too early.
    #[error("it ends in the middle of record {record}")]
    Truncated {
        /// Counted from 1.
        record: u64,
    },
    /// A record is not what it should be.
    #[error("record {record} {wrong}")]
    Record {
        /// Counted from 1.
        record: u64,
        /// What is wrong with it, as in "the record …".
        wrong: &'static str,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] super::StoreError),
}

/// Writes records and what belongs around them.
pub(super) struct Writer<W> {
    to: W,
    hasher: Sha256,
    counts: Transferred,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(to: W) -> io::Result<Writer<W>> {
        let mut writer = Writer { to, hasher: Sha256::new(), counts: Transferred::default() };
        writer.put(MAGIC)?;
        writer.put(&FORMAT.to_le_bytes())?;
        writer.put(&u32::from(ENGINE_ABI).to_le_bytes())?;
        Ok(writer)
    }

    pub(super) fn write(&mut self, item: &Item) -> io::Result<()> {
        match item {
            Item::Blob(name, packed) => {
                self.counts.blobs += 1;
                self.record(b'B', &[name.as_bytes(), &[u8::from(packed.compressed)], &packed.bytes])
            }
            Item::Memo(key, packed) => {
                self.counts.memos += 1;
                self.record(b'M', &[key.0.as_bytes(), &[u8::from(packed.compressed)], &packed.bytes])
            }
            Item::Trace(key, trace) => {
                self.counts.traces += 1;
                let deep = trace.deep.as_ref().map_or(&[][..], |deep| deep.as_bytes());
                let has_deep = [u8::from(trace.deep.is_some())];
                let parts = [key.0.as_bytes(), trace.outcome.as_bytes(), trace.body.as_bytes()];
                self.record(b'T', &[parts[0], parts[1], parts[2], &has_deep, deep])
            }
            Item::Root(key, day) => {
                self.counts.roots += 1;
                self.record(b'R', &[key.0.as_bytes(), &day.to_le_bytes()])
            }
        }
    }

    /// Writes the end, and says how many records there are.
    pub(super) fn finish(mut self) -> io::Result<Transferred> {
        let counts = self.counts;
        let numbers = [counts.blobs, counts.memos, counts.traces, counts.roots].map(u64::to_le_bytes);
        self.record(b'E', &[&numbers[0], &numbers[1], &numbers[2], &numbers[3]])?;
        let digest = self.hasher.clone().finalize();
        self.to.write_all(&digest)?;
        self.to.flush()?;
        Ok(counts)
    }

    fn record(&mut self, tag: u8, parts: &[&[u8]]) -> io::Result<()> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.put(&[tag])?;
        self.put(&(length as u64).to_le_bytes())?;
        parts.iter().try_for_each(|part| self.put(part))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.to.write_all(bytes)
    }
}

/// Whether a record of so many bytes can be carried.
pub(super) fn fits(packed: &Packed) -> bool {
    (packed.bytes.len() as u64) < MAX_RECORD - 64 && codec::unpacks_within(packed, MAX_RECORD)
}

/// Reads a whole file and hands each record to `take`, after it was held against its own name.
pub(super) fn read(
    from: impl Read,
    mut take: impl FnMut(Item) -> Result<(), TransferError>,
) -> Result<Transferred, TransferError> {
    let mut reader = Reader { from, hasher: Sha256::new(), record: 0 };
    reader.header()?;
    let mut counts = Transferred::default();
    loop {
        reader.record += 1;
        let (tag, bytes) = reader.next()?;
        let item = match tag {
            b'E' => {
                reader.end(&bytes, &counts)?;
                return Ok(counts);
            }
            tag => item(tag, bytes).map_err(|wrong| reader.wrong(wrong))?,
        };
        match &item {
            Item::Blob(..) => counts.blobs += 1,
            Item::Memo(..) => counts.memos += 1,
            Item::Trace(..) => counts.traces += 1,
            Item::Root(..) => counts.roots += 1,
        }
        take(item)?;
    }
}

struct Reader<R> {
    from: R,
    hasher: Sha256,
    record: u64,
}

impl<R: Read> Reader<R> {
    fn header(&mut self) -> Result<(), TransferError> {
        let foreign = |error| match error {
            TransferError::Truncated { .. } => TransferError::Foreign,
            error => error,
        };
        if self.exactly(MAGIC.len() as u64).map_err(foreign)? != MAGIC {
            return Err(TransferError::Foreign);
        }
        let (format, engine) = (self.number32().map_err(foreign)?, self.number32().map_err(foreign)?);
        match (format, engine) == (FORMAT, u32::from(ENGINE_ABI)) {
            true => Ok(()),
            false => Err(TransferError::Version { format, engine }),
        }
    }

    fn next(&mut self) -> Result<(u8, Vec<u8>), TransferError> {
        let tag = self.exactly(1)?[0];
        let length = self.exactly(8)?.try_into().map_or(u64::MAX, u64::from_le_bytes);
        if length > MAX_RECORD {
            return Err(self.wrong("is longer than any record may be"));
        }
        Ok((tag, self.exactly(length)?))
    }

    /// So many bytes. Memory grows with what is there, not with what is announced.
    fn exactly(&mut self, length: u64) -> Result<Vec<u8>, TransferError> {
        let mut bytes = Vec::new();
        self.from.by_ref().take(length).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < length {
            return Err(TransferError::Truncated { record: self.record });
        }
        self.hasher.update(&bytes);
        Ok(bytes)
    }

    fn number32(&mut self) -> Result<u32, TransferError> {
        Ok(self.exactly(4)?.try_into().map_or(u32::MAX, u32::from_le_bytes))
    }

    /// The counts, the digest, and nothing after it.
    fn end(&mut self, bytes: &[u8], counts: &Transferred) -> Result<(), TransferError> {
        let numbers = [counts.blobs, counts.memos, counts.traces, counts.roots].map(u64::to_le_bytes);
        if bytes != numbers.concat() {
            return Err(self.wrong("counts other records than there are"));
        }
        let digest = self.hasher.clone().finalize();
        if self.exactly(32)? != digest.as_slice() {
            return Err(self.wrong("does not carry the digest of what is before it"));
        }
        match self.from.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(self.wrong("is followed by something, although it is the last")),
        }
    }

    fn wrong(&self, wrong: &'static str) -> TransferError {
        TransferError::Record { record: self.record, wrong }
    }
}

/// A record that is what its name says.
fn item(tag: u8, bytes: Vec<u8>) -> Result<Item, &'static str> {
    const SHORT: &str = "is shorter or longer than its kind";
    let (name, rest) = bytes.split_first_chunk::<32>().ok_or(SHORT)?;
    let name = Digest::from_bytes(*name);
    let packed = || {
        let (compressed, bytes) = rest.split_first().ok_or(SHORT)?;
        let packed = Packed { compressed: *compressed == 1, bytes: bytes.to_vec() };
        let fine = *compressed <= 1 && codec::unpacks_within(&packed, MAX_RECORD);
        if fine { Ok(packed) } else { Err("does not unpack, or to more than a record may hold") }
    };
    match tag {
        b'B' => {
            let packed = packed()?;
            let is_its = codec::is_blob(&packed, &name);
            if is_its {
                Ok(Item::Blob(name, packed))
            } else {
                Err("does not have the digest that it is named by")
            }
        }
        b'M' => {
            let (key, packed) = (LogicalKey(name), packed()?);
            match codec::is_request(&packed, &key) {
                true => Ok(Item::Memo(key, packed)),
                false => Err("is not the question that its name is taken from"),
            }
        }
        b'T' => trace(rest).map(|trace| Item::Trace(LogicalKey(name), trace)).ok_or(SHORT),
        b'R' => {
            let day = rest.try_into().map_err(|_| SHORT)?;
            Ok(Item::Root(LogicalKey(name), u32::from_le_bytes(day)))
        }
        _ => Err("is of no known kind"),
    }
}

fn trace(rest: &[u8]) -> Option<Trace> {
    let (outcome, rest) = rest.split_first_chunk::<32>()?;
    let (body, rest) = rest.split_first_chunk::<32>()?;
    let deep = match rest.split_first()? {
        (0, []) => None,
        (1, deep) => Some(Digest::from_bytes(deep.try_into().ok()?)),
        _ => return None,
    };
    let [outcome, body] = [outcome, body].map(|bytes| Digest::from_bytes(*bytes));
    Some(Trace { outcome, body, deep, imported: true })
}
