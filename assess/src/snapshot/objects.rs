//! Reads objects and holds each against its id; writes those of Probity's own into a private directory.
//!
//! Neither git nor gix compares the bytes of an object with its id when reading, so a doctored repository
//! could pass other content off under a known name.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::ObjectId;
use gix::hash::Kind;
use gix::objs::{CommitRefIter, Exists, Find, Write};

use super::alternates::{self, ObjectDirs};
use super::error::SnapshotError;

/// No single object that a snapshot itself reads may be larger, in bytes.
const OBJECT_LIMIT: usize = 256 << 20;

/// An object database without any replacement, and the directory that new objects go to.
#[derive(Clone)]
pub(super) struct Objects {
    dir: PathBuf,
    /// Wherever objects may lie one by one in files.
    loose: Arc<[gix::odb::loose::Store]>,
    store: Arc<gix::odb::Store>,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// The commit that a snapshot begins at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tip {
    pub(super) commit: ObjectId,
    pub(super) tree: ObjectId,
}

impl Objects {
    /// Opens the repository's database itself, for reading.
    pub(super) fn own(dirs: &ObjectDirs, hash: Kind) -> Result<Objects, SnapshotError> {
        Objects::open(&dirs.own, dirs, hash)
    }

    /// Opens the database whose own directory is `dir`, and that of its alternates, which are among `dirs`.
    fn open(dir: &Path, dirs: &ObjectDirs, hash: Kind) -> Result<Objects, SnapshotError> {
        let options = gix::odb::store::init::Options {
            alloc_limit_bytes: Some(OBJECT_LIMIT),
            ..gix::odb::store::init::Options::default()
        };
        let store = gix::odb::Store::at_opts(dir.to_owned(), hash, &mut std::iter::empty(), options)
            .map_err(|source| SnapshotError::Objects { path: dir.to_owned(), source })?;
        let loose = std::iter::once(dir).chain(dirs.all().filter(|other| *other != dir));
        let loose = loose.map(|dir| gix::odb::loose::Store::at(dir, hash)).collect();
        Ok(Objects { dir: dir.to_owned(), loose, store: Arc::new(store) })
    }

    /// Opens a private directory below `private`, made if need be, whose alternates are `dirs`.
    pub(super) fn private(private: &Path, dirs: &ObjectDirs, hash: Kind) -> Result<Objects, SnapshotError> {
        let failed = |path: &Path, source| SnapshotError::Cache { path: path.to_owned(), source };
        let dir = private.join("objects");
        // Not for other users of the machine: it will hold what the person has not committed.
        let mut builder = fs::DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(dir.join("info"))
            .map_err(|source| failed(&dir, source))?;
        let dir = dir.canonicalize().map_err(|source| failed(&dir, source))?;
        probity_host::used::note_use(private);
        let list = dir.join("info/alternates");
        write_if_other(&list, &alternates::listing(dirs.all())).map_err(|source| failed(&list, source))?;
        Objects::open(&dir, dirs, hash)
    }

    /// The directory that new objects go to.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A handle for one thread.
    pub(super) fn handle(&self) -> Handle {
        let mut handle = self.store.to_cache_arc();
        handle.ignore_replacements = true;
        Handle { objects: handle, loose: self.loose.clone() }
    }
}

impl ObjectDirs {
    /// All of them, the repository's own first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(&self.own).chain(&self.alternates).map(PathBuf::as_path)
    }
}

/// One thread's access to an object database.
pub(super) struct Handle {
    objects: gix::odb::HandleArc,
    /// The first is the one that is written to.
    loose: Arc<[gix::odb::loose::Store]>,
}

impl Handle {
    /// Never looks for packs that appeared meanwhile: an object that is not there is found out at once.
    pub(super) fn without_refresh(mut self) -> Handle {
        self.objects.refresh_never();
        self
    }

    /// Whether an object is there, in whatever state.
    pub(super) fn contains(&self, id: &ObjectId) -> bool {
        self.objects.exists(id)
    }

    /// An object's content, which hashes to its id and is of the wanted kind.
    pub(super) fn read(
        &self,
        id: &ObjectId,
        kind: gix::objs::Kind,
        what: &'static str,
    ) -> Result<Vec<u8>, SnapshotError> {
        let corrupt = |reason: String| SnapshotError::Corrupt { what, id: id.to_string(), reason };
        // A pipe in place of an object would hold us up for ever.
        let is_special = |path: PathBuf| fs::metadata(path).is_ok_and(|found| !found.is_file());
        if self.loose.iter().any(|store| is_special(store.object_path(id))) {
            return Err(corrupt("it is not a regular file".to_owned()));
        }
        let mut bytes = Vec::new();
        let found = self.objects.try_find(id, &mut bytes).map_err(|error| corrupt(error.to_string()))?;
        let Some(object) = found else {
            return Err(SnapshotError::Missing { what, id: id.to_string() });
        };
        if object.verify_checksum(id).is_err() {
            return Err(corrupt("its bytes do not match its id".to_owned()));
        }
        if object.kind != kind {
            return Err(corrupt(format!("it is a {}", object.kind)));
        }
        Ok(bytes)
    }

    /// Reads a commit and sees that its tree can be read too.
    pub(super) fn tip(&self, commit: ObjectId) -> Result<Tip, SnapshotError> {
        let bytes = self.read(&commit, gix::objs::Kind::Commit, "commit")?;
        let corrupt = |reason: &str| SnapshotError::Corrupt {
            what: "commit",
            id: commit.to_string(),
            reason: reason.to_owned(),
        };
        let hash = commit.kind();
        let tree =
            CommitRefIter::from_bytes(&bytes, hash).tree_id().map_err(|_| corrupt("it names no tree"))?;
        self.read(&tree, gix::objs::Kind::Tree, "tree")?;
        Ok(Tip { commit, tree })
    }

    /// The lines of a commit that tell its people and times, byte for byte, and the encoding that the names are in.
    pub(super) fn signatures(&self, commit: &ObjectId) -> Result<Vec<u8>, SnapshotError> {
        let bytes = self.read(commit, gix::objs::Kind::Commit, "commit")?;
        // The header ends at the first empty line; lines that continue another one begin with a blank.
        let header = || bytes.split_inclusive(|byte| *byte == b'\n').take_while(|line| *line != b"\n");
        let line =
            |name: &str| header().find(|line| line.starts_with(name.as_bytes()) && line.ends_with(b"\n"));
        let needed = |name: &'static str| {
            line(name).ok_or_else(|| SnapshotError::Corrupt {
                what: "commit",
                id: commit.to_string(),
                reason: format!("it names no {}", name.trim_end()),
            })
        };
        let encoding = line("encoding ").unwrap_or_default();
        Ok([needed("author ")?, needed("committer ")?, encoding].concat())
    }

    /// Stores an object in the private directory unless it is in the database already.
    pub(super) fn write(&self, kind: gix::objs::Kind, bytes: &[u8]) -> Result<ObjectId, SnapshotError> {
        let own = &self.loose[0];
        let failed = |source| SnapshotError::Cache { path: own.path().to_owned(), source };
        let id = gix::objs::compute_hash(own.object_hash(), kind, bytes)
            .map_err(|error| failed(io::Error::other(error.to_string())))?;
        if !self.contains(&id) {
            own.write_buf_with_known_id(kind, bytes, id)
                .map_err(|error| failed(io::Error::other(error.to_string())))?;
        }
        Ok(id)
    }
}

/// Replaces a file in one step, unless it holds `bytes` already.
pub(super) fn write_if_other(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    replace(path, bytes)
}

/// Writes a file beside its place and moves it there, so that no reader sees half of it.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut file = tempfile::Builder::new().prefix(".tmp").tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
