//! Reads objects and hashes each one before anybody sees it.
//!
//! Neither git nor gix notice when the bytes stored under an id are others: a doctored clone could feed answers that
//! are then remembered for honest ones. So no byte leaves this file before its hash was compared with the id. SHA-1 is
//! computed with detection of forged collisions, as git does.

use crate::cache::Bounded;
use crate::error::GitError;
use crate::repository::Unwanted;
use gix::hash::{Kind as Format, ObjectId, oid};
use gix::objs::{Find, Kind};
use std::cell::RefCell;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Blobs larger than this are verified but not looked into.
pub const HUGE_BYTES: u64 = 32 * 1024 * 1024;
/// Objects larger than this are not read at all.
pub const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// Of a huge blob, this many bytes at its beginning are kept.
const HEAD_BYTES: usize = 8 * 1024;
/// A buffer that grew beyond this is given back after use.
const BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// Reads objects for one thread at a time, and keeps the verified ones it saw last.
pub struct Reader {
    format: Format,
    odb: gix::odb::Handle,
    /// For what exceeds the limit of `odb`; shared, so that only one huge object is in memory.
    large: Arc<Mutex<gix::odb::Handle>>,
    kept: RefCell<Bounded<ObjectId, Object>>,
    buffer: RefCell<Vec<u8>>,
    /// Of the question that it is lent to.
    unwanted: Option<Unwanted>,
}

#[derive(Clone)]
struct Object {
    kind: Kind,
    data: Arc<[u8]>,
    /// Larger than `data` only for a huge blob, of which `data` is the beginning.
    size: u64,
}

/// The verified content of a blob.
#[derive(Clone, Debug)]
pub enum Blob {
    /// All bytes.
    Whole(Arc<[u8]>),
    /// A blob of more than [`HUGE_BYTES`]: its size, and the bytes at its beginning.
    Huge { size: u64, head: Arc<[u8]> },
}

impl Reader {
    /// Opens `objects` once and makes `count` readers that keep `cache_bytes` each.
    pub(crate) fn open_many(
        objects: &Path,
        format: Format,
        count: usize,
        cache_bytes: usize,
    ) -> Result<Vec<Self>, GitError> {
        // Half for whole objects, half for delta bases.
        let half = (cache_bytes / 2).max(1024 * 1024);
        let mut odb = open(objects, format, HUGE_BYTES)?;
        odb.set_pack_cache(move || Box::new(gix::odb::pack::cache::lru::StaticLinkedList::<64>::new(half)));
        let large = Arc::new(Mutex::new(open(objects, format, MAX_BYTES)?));
        let reader = |_| Self {
            format,
            odb: odb.clone(),
            large: Arc::clone(&large),
            kept: RefCell::new(Bounded::new(half)),
            buffer: RefCell::default(),
            unwanted: None,
        };
        Ok((0..count).map(reader).collect())
    }

    /// From now on it reads for another question.
    pub(crate) fn lend(&mut self, unwanted: Option<Unwanted>) {
        self.unwanted = unwanted;
    }

    /// The format of all ids here.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The bytes of a commit.
    pub fn commit(&self, id: &oid) -> Result<Arc<[u8]>, GitError> {
        self.see_whether_it_is_wanted()?;
        // Commits are read once each; keeping them would push out trees and blobs.
        self.load(id, Kind::Commit).map(|object| object.data)
    }

    /// The bytes of a tag's own object.
    pub fn tag(&self, id: &oid) -> Result<Arc<[u8]>, GitError> {
        self.see_whether_it_is_wanted()?;
        self.load(id, Kind::Tag).map(|object| object.data)
    }

    /// The bytes of a tree.
    pub fn tree(&self, id: &oid) -> Result<Arc<[u8]>, GitError> {
        self.object(id, Kind::Tree).map(|object| object.data)
    }

    /// The content of a blob.
    pub fn blob(&self, id: &oid) -> Result<Blob, GitError> {
        let object = self.object(id, Kind::Blob)?;
        Ok(if object.size > HUGE_BYTES {
            Blob::Huge { size: object.size, head: object.data }
        } else {
            Blob::Whole(object.data)
        })
    }

    fn see_whether_it_is_wanted(&self) -> Result<(), GitError> {
        match &self.unwanted {
            Some(unwanted) if unwanted() => Err(GitError::Unwanted),
            _ => Ok(()),
        }
    }

    fn object(&self, id: &oid, expected: Kind) -> Result<Object, GitError> {
        self.see_whether_it_is_wanted()?;
        let key = id.to_owned();
        if let Some(object) = self.kept.borrow_mut().get(&key) {
            return of_kind(object, id, expected);
        }
        let object = self.load(id, expected)?;
        self.kept.borrow_mut().put(key, object.clone(), object.data.len());
        Ok(object)
    }

    fn load(&self, id: &oid, expected: Kind) -> Result<Object, GitError> {
        let mut buffer = self.buffer.borrow_mut();
        let object = match self.odb.try_find(id, &mut buffer) {
            Ok(Some(data)) => verified(id, data),
            Ok(None) => Err(GitError::Missing { id: id.to_owned() }),
            // Perhaps only its size, or that of a delta base: see with the larger limit.
            Err(_) => self.load_large(id),
        };
        if buffer.capacity() > BUFFER_BYTES {
            *buffer = Vec::new();
        }
        of_kind(object?, id, expected)
    }

    fn load_large(&self, id: &oid) -> Result<Object, GitError> {
        let odb = self.large.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = Vec::new();
        match odb.try_find(id, &mut buffer) {
            Ok(Some(data)) => verified(id, data),
            Ok(None) => Err(GitError::Missing { id: id.to_owned() }),
            Err(_) => Err(match gix::odb::Header::try_header(&*odb, id) {
                Ok(Some(header)) if header.size() > MAX_BYTES => {
                    GitError::TooLarge { id: id.to_owned(), limit: MAX_BYTES }
                }
                _ => GitError::Unreadable { id: id.to_owned() },
            }),
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("format", &self.format).finish_non_exhaustive()
    }
}

fn open(objects: &Path, format: Format, limit: u64) -> Result<gix::odb::Handle, GitError> {
    let options = gix::odb::store::init::Options {
        alloc_limit_bytes: usize::try_from(limit).ok(),
        // Only relative alternates would be resolved against it; without it, the process's own would be asked for.
        current_dir: objects.is_absolute().then(|| objects.to_owned()),
        ..Default::default()
    };
    gix::odb::at_opts(objects, format, None, options)
        .map_err(|source| GitError::Open { path: objects.to_owned(), source })
}

fn verified(id: &oid, found: gix::objs::Data<'_>) -> Result<Object, GitError> {
    let actual = gix::objs::compute_hash(id.kind(), found.kind, found.data)
        .map_err(|error| GitError::Collision { id: id.to_owned(), reason: error.to_string() })?;
    if actual.as_ref() != id {
        return Err(GitError::Mismatch { id: id.to_owned(), actual });
    }
    let size = found.data.len() as u64;
    let data = if size <= HUGE_BYTES {
        found.data
    } else if found.kind == Kind::Blob {
        &found.data[..HEAD_BYTES]
    } else {
        return Err(GitError::TooLarge { id: id.to_owned(), limit: HUGE_BYTES });
    };
    Ok(Object { kind: found.kind, data: Arc::from(data), size })
}

fn of_kind(object: Object, id: &oid, expected: Kind) -> Result<Object, GitError> {
    if object.kind == expected {
        Ok(object)
    } else {
        Err(GitError::WrongKind { id: id.to_owned(), actual: object.kind, expected })
    }
}
