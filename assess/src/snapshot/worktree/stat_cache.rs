//! Remembers which content a file had when its size, times and identity were such, so that an unchanged file
//! is not read again. The target's index remembers this too, but what it says is the target's claim.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::hash::Kind;
use gix::objs::tree::EntryKind;

use super::super::objects::replace;
use crate::files;

/// Begins every file; changes with its layout.
const MAGIC: &[u8; 16] = b"probity-stat  1\n";

/// The most that is read, in bytes.
const LIMIT: u64 = 1 << 30;

/// A file that changed less than this before the snapshot began, in seconds, may change again without its
/// times showing it: file systems count time in steps of up to two seconds.
const RACY_SECONDS: i64 = 2;

/// What the file system says about a file; equal stands for "not changed".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) size: u64,
    mode: u32,
    device: u64,
    inode: u64,
    modified: (i64, u32),
    changed: (i64, u32),
}

impl Stat {
    /// The parts of a `stat` that count.
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        reason = "the widths of the fields differ between platforms"
    )]
    pub(super) fn of(stat: &rustix::fs::Stat) -> Stat {
        let nanoseconds = |value: i64| u32::try_from(value).unwrap_or(0);
        Stat {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            mode: u32::from(stat.st_mode),
            device: stat.st_dev as u64,
            inode: u64::from(stat.st_ino),
            modified: (i64::from(stat.st_mtime), nanoseconds(stat.st_mtime_nsec as i64)),
            changed: (i64::from(stat.st_ctime), nanoseconds(stat.st_ctime_nsec as i64)),
        }
    }

    /// Whether the owner may execute the file.
    pub(super) fn is_executable(&self) -> bool {
        self.mode & 0o100 != 0
    }

    fn is_racy(&self, began: i64) -> bool {
        self.modified.0.max(self.changed.0) >= began - RACY_SECONDS
    }
}

/// What is remembered of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) stat: Stat,
    /// The id that the index had for it, or a null id: it may decide about line endings.
    pub(super) indexed: ObjectId,
    /// The id of its content as git stores it.
    pub(super) id: ObjectId,
    pub(super) kind: EntryKind,
    /// A filter that is a program was not applied.
    pub(super) unfiltered: bool,
}

/// The rows of one working tree, valid for one set of attributes and settings only.
#[derive(Debug, Default)]
pub(super) struct StatCache {
    rows: HashMap<BString, Row>,
}

impl StatCache {
    /// Reads the cache; one that is absent, damaged or of another `key` is empty.
    pub(super) fn load(path: &Path, key: &[u8; 32], hash: Kind) -> StatCache {
        let bytes = files::read(path, LIMIT).ok().flatten().unwrap_or_default();
        decode(&bytes, key, hash).unwrap_or_default()
    }

    /// What is known of a file, if it has not changed.
    pub(super) fn get(&self, path: &BStr, stat: &Stat, indexed: &ObjectId) -> Option<&Row> {
        self.rows.get(path).filter(|row| row.stat == *stat && row.indexed == *indexed)
    }

    /// Replaces the cache by `rows`, sorted by path, except for files that changed when the snapshot, begun at
    /// `began`, was about to begin. Nothing is written if nothing differs.
    pub(super) fn save(
        &self,
        path: &Path,
        key: &[u8; 32],
        rows: &[(&BStr, Row)],
        began: SystemTime,
    ) -> io::Result<()> {
        let began = began.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed());
        let lasting: Vec<_> = rows.iter().filter(|(_, row)| !row.stat.is_racy(began)).collect();
        let is_same = lasting.len() == self.rows.len()
            && lasting.iter().all(|(path, row)| self.rows.get(*path) == Some(row));
        if is_same && path.exists() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(lasting.len() * 160);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(key);
        for (path, row) in lasting {
            encode(&mut bytes, path, row);
        }
        replace(path, &bytes)
    }

    /// Forgets a cache that must not be believed.
    pub(super) fn discard(path: &Path) {
        let _ = fs::remove_file(path);
    }
}

fn encode(bytes: &mut Vec<u8>, path: &BStr, row: &Row) {
    let length = u32::try_from(path.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(path);
    for number in [row.stat.size, row.stat.device, row.stat.inode] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    for (seconds, nanoseconds) in [row.stat.modified, row.stat.changed] {
        bytes.extend_from_slice(&seconds.to_le_bytes());
        bytes.extend_from_slice(&nanoseconds.to_le_bytes());
    }
    bytes.extend_from_slice(&row.stat.mode.to_le_bytes());
    bytes.extend_from_slice(&(row.kind as u16).to_le_bytes());
    bytes.push(u8::from(row.unfiltered));
    bytes.extend_from_slice(row.indexed.as_slice());
    bytes.extend_from_slice(row.id.as_slice());
}

fn decode(bytes: &[u8], key: &[u8; 32], hash: Kind) -> Option<StatCache> {
    let mut rest = bytes.strip_prefix(MAGIC)?.strip_prefix(key)?;
    let mut rows = HashMap::new();
    while !rest.is_empty() {
        let (path, row) = decode_row(&mut rest, hash)?;
        rows.insert(path, row);
    }
    Some(StatCache { rows })
}

fn decode_row(rest: &mut &[u8], hash: Kind) -> Option<(BString, Row)> {
    let length = u32::from_le_bytes(array(rest)?);
    let path = take(rest, length as usize)?.as_bstr().to_owned();
    let [size, device, inode] = [
        u64::from_le_bytes(array(rest)?),
        u64::from_le_bytes(array(rest)?),
        u64::from_le_bytes(array(rest)?),
    ];
    let modified = (i64::from_le_bytes(array(rest)?), u32::from_le_bytes(array(rest)?));
    let changed = (i64::from_le_bytes(array(rest)?), u32::from_le_bytes(array(rest)?));
    let mode = u32::from_le_bytes(array(rest)?);
    let kind = match u16::from_le_bytes(array(rest)?) {
        kind if kind == EntryKind::Blob as u16 => EntryKind::Blob,
        kind if kind == EntryKind::BlobExecutable as u16 => EntryKind::BlobExecutable,
        kind if kind == EntryKind::Link as u16 => EntryKind::Link,
        _ => return None,
    };
    let unfiltered = take(rest, 1)? == [1];
    let indexed = ObjectId::try_from(take(rest, hash.len_in_bytes())?).ok()?;
    let id = ObjectId::try_from(take(rest, hash.len_in_bytes())?).ok()?;
    let stat = Stat { size, mode, device, inode, modified, changed };
    Some((path, Row { stat, indexed, id, kind, unfiltered }))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    take(rest, N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const KEY: [u8; 32] = [7; 32];

    /// A row of a file that was modified and changed at `seconds`.
    fn row(seconds: i64) -> Row {
        let stat = Stat {
            size: 3,
            mode: 0o100644,
            device: 1,
            inode: 2,
            modified: (seconds, 5),
            changed: (seconds, 6),
        };
        let id = |byte| ObjectId::from_bytes_or_panic(&[byte; 20]);
        Row { stat, indexed: id(1), id: id(2), kind: EntryKind::Blob, unfiltered: true }
    }

    /// What is known of the two files after they were saved by a snapshot that began at second 100.
    fn saved(path: &Path, old: Row, young: Row) -> [Option<Row>; 2] {
        let rows = [("old".into(), old), ("young".into(), young)];
        let began = UNIX_EPOCH + Duration::from_secs(100);
        StatCache::default().save(path, &KEY, &rows, began).unwrap();
        let cache = StatCache::load(path, &KEY, Kind::Sha1);
        let get = |name: &str, row: &Row| cache.get(name.into(), &row.stat, &row.indexed).copied();
        [get("old", &old), get("young", &young)]
    }

    #[test]
    fn files_that_were_changed_just_before_are_not_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stat");
        for young in [98, 99, 100, 101, 5000] {
            assert_eq!(saved(&path, row(97), row(young)), [Some(row(97)), None], "changed at {young}");
        }
    }

    #[test]
    fn whatever_differs_is_not_known() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stat");
        saved(&path, row(50), row(50));
        let cache = StatCache::load(&path, &KEY, Kind::Sha1);
        let known = row(50);
        assert!(cache.get("other".into(), &known.stat, &known.indexed).is_none());
        assert!(cache.get("old".into(), &known.stat, &known.id).is_none());
        let others = [
            Stat { size: 4, ..known.stat },
            Stat { mode: 0o100755, ..known.stat },
            Stat { device: 9, ..known.stat },
            Stat { inode: 9, ..known.stat },
            Stat { modified: (50, 9), ..known.stat },
            Stat { changed: (50, 9), ..known.stat },
        ];
        for stat in others {
            assert!(cache.get("old".into(), &stat, &known.indexed).is_none(), "{stat:?}");
        }
    }

    #[test]
    fn a_cache_that_is_damaged_or_of_another_key_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stat");
        saved(&path, row(50), row(50));
        assert!(StatCache::load(&path, &[8; 32], Kind::Sha1).rows.is_empty());
        let bytes = fs::read(&path).unwrap();
        for missing in 1..100 {
            fs::write(&path, &bytes[..bytes.len() - missing]).unwrap();
            assert!(StatCache::load(&path, &KEY, Kind::Sha1).rows.is_empty(), "{missing} bytes are missing");
        }
    }
}
