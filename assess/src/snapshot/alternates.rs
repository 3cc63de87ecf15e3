//! The object directories of a repository: its own, and the alternates that they name.
//!
//! Plugins are granted these directories, so each is looked at first: a repository that names somebody's
//! home folder as an "alternate" is refused instead of opening that folder to plugins.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::OpenError;
use crate::files;

/// The most that is read of one file of alternates, in bytes.
const FILE_LIMIT: u64 = 1 << 20;

/// How deep alternates may name alternates, as in git.
const MAX_DEPTH: usize = 5;

/// How many object directories there may be in all.
const MAX_DIRS: usize = 64;

/// The object directories of a repository, canonical and checked.
#[derive(Debug, Clone)]
pub(super) struct ObjectDirs {
    /// The repository's own.
    pub(super) own: PathBuf,
    /// Those it names, directly or by others, in the order in which they are found.
    pub(super) alternates: Vec<PathBuf>,
    /// Named, but not there.
    pub(super) missing: Vec<PathBuf>,
}

/// Finds and checks all object directories, beginning at the own one of the repository at `common_dir`, which
/// is canonical.
pub(super) fn resolve(common_dir: &Path) -> Result<ObjectDirs, OpenError> {
    let objects = common_dir.join("objects");
    let unreadable = |source| OpenError::Unreadable { path: objects.clone(), source };
    let own = objects.canonicalize().map_err(unreadable)?;
    // What lies in the repository itself is the target's, whatever it is. A link may lead anywhere.
    if own != objects {
        check(&own, &objects)?;
    }
    let mut dirs = ObjectDirs { own: own.clone(), alternates: Vec::new(), missing: Vec::new() };
    let mut seen = BTreeSet::from([own.clone()]);
    follow(&own, 1, &mut seen, &mut dirs)?;
    Ok(dirs)
}

fn follow(
    dir: &Path,
    depth: usize,
    seen: &mut BTreeSet<PathBuf>,
    dirs: &mut ObjectDirs,
) -> Result<(), OpenError> {
    let list = dir.join("info/alternates");
    let refuse = |path: &Path, reason: &str| OpenError::NotAnObjectDirectory {
        path: path.to_owned(),
        named_by: list.clone(),
        reason: reason.to_owned(),
    };
    let bytes = files::read(&list, FILE_LIMIT)
        .map_err(|source| OpenError::Unreadable { path: list.clone(), source })?
        .unwrap_or_default();
    let named = gix::odb::alternate::parse(&bytes).map_err(|_| refuse(&list, "the list cannot be read"))?;
    for path in named {
        let path = dir.join(path);
        let canonical = match path.canonicalize() {
            Ok(canonical) => canonical,
            Err(error) if files::is_absent(&error) => {
                dirs.missing.push(path);
                continue;
            }
            Err(source) => return Err(OpenError::Unreadable { path, source }),
        };
        if !seen.insert(canonical.clone()) {
            continue;
        }
        if depth > MAX_DEPTH || seen.len() > MAX_DIRS {
            return Err(refuse(&canonical, "alternates are nested too deeply, or too many"));
        }
        check(&canonical, &list)?;
        dirs.alternates.push(canonical.clone());
        follow(&canonical, depth + 1, seen, dirs)?;
    }
    Ok(())
}

/// Refuses a folder that holds anything which git does not keep in an object directory.
fn check(dir: &Path, named_by: &Path) -> Result<(), OpenError> {
    let refuse = |reason: String| OpenError::NotAnObjectDirectory {
        path: dir.to_owned(),
        named_by: named_by.to_owned(),
        reason,
    };
    let entries = fs::read_dir(dir).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotADirectory => refuse("it is a file".to_owned()),
        _ => OpenError::Unreadable { path: dir.to_owned(), source },
    })?;
    for entry in entries {
        let entry = entry.map_err(|source| OpenError::Unreadable { path: dir.to_owned(), source })?;
        if !is_known(&entry.file_name()) {
            return Err(refuse(format!("it holds {:?}", entry.file_name())));
        }
    }
    Ok(())
}

/// Whether git itself puts an entry of this name into an object directory.
fn is_known(name: &OsStr) -> bool {
    let name = name.as_bytes();
    let is_fan_out = name.len() == 2 && name.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_temporary = [&b"tmp_obj"[..], b"tmp_pack", b"tmp_objdir-", b".tmp", b"incoming-", b"bulk-fsync-"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    is_fan_out || is_temporary || matches!(name, b"pack" | b"info" | b"maintenance.lock" | b"schedule.lock")
}

/// The text of `objects/info/alternates` that names `dirs`, which are absolute.
pub(super) fn listing<'a>(dirs: impl IntoIterator<Item = &'a Path>) -> Vec<u8> {
    let mut text = Vec::new();
    for dir in dirs {
        let path = dir.as_os_str().as_bytes();
        match path.contains(&b'\n') {
            true => quote(path, &mut text),
            false => text.extend_from_slice(path),
        }
        text.push(b'\n');
    }
    text
}

/// Quotes a path as a string of C, the one way in which a line break can stand in a list of alternates.
fn quote(path: &[u8], text: &mut Vec<u8>) {
    text.push(b'"');
    for byte in path {
        match byte {
            b'\n' => text.extend_from_slice(b"\\n"),
            b'"' | b'\\' => text.extend_from_slice(&[b'\\', *byte]),
            _ => text.push(*byte),
        }
    }
    text.push(b'"');
}
