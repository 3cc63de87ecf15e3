//! Walks a package's directory. Names are checked before anything is opened, and a file is opened so that
//! neither a link nor a pipe put there meanwhile can lead elsewhere or block.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use super::{Sha256, TreeError, TreeFile, TreeLimits};

/// Bytes read at once.
const BUFFER: usize = 64 << 10;
const MAX_NAME: usize = 255;

pub(super) fn walk(dir: &Path, limits: &TreeLimits) -> Result<Vec<TreeFile>, TreeError> {
    let mut walk = Walk { limits, entries: 0, bytes: 0, folded: BTreeMap::new(), files: Vec::new() };
    walk.directory(dir, "", 0)?;
    walk.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(walk.files)
}

struct Walk<'a> {
    limits: &'a TreeLimits,
    entries: usize,
    bytes: u64,
    /// Lower-case path to the path as it is.
    folded: BTreeMap<String, String>,
    files: Vec<TreeFile>,
}

impl Walk<'_> {
    fn directory(&mut self, dir: &Path, prefix: &str, depth: usize) -> Result<(), TreeError> {
        let here = if prefix.is_empty() { "." } else { prefix };
        if depth > self.limits.depth {
            return Err(too_much(here, self.limits.depth as u64, "directories inside each other"));
        }
        for (name, full) in self.names(dir, prefix, here)? {
            let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            self.fold(&path)?;
            let found = fs::symlink_metadata(&full).map_err(|source| read(&path, source))?;
            if found.is_dir() {
                self.directory(&full, &path, depth + 1)?;
            } else {
                check(&path, &found)?;
                let file = self.file(&full, path)?;
                self.files.push(file);
            }
        }
        Ok(())
    }

    /// The names in a directory in a fixed order, so that the same tree gives the same first error.
    fn names(&mut self, dir: &Path, prefix: &str, here: &str) -> Result<Vec<(String, PathBuf)>, TreeError> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir).map_err(|source| read(here, source))? {
            let entry = entry.map_err(|source| read(here, source))?;
            self.entries += 1;
            if self.entries > self.limits.entries {
                return Err(too_much(here, self.limits.entries as u64, "files and directories"));
            }
            let shown = entry.file_name().as_encoded_bytes().escape_ascii().to_string();
            let plain = entry.file_name().into_string().ok();
            let plain = plain.filter(|n| n.len() <= MAX_NAME && !n.chars().any(char::is_control));
            let name = plain.ok_or_else(|| TreeError::Name { path: join(prefix, &shown) })?;
            names.push((name, entry.path()));
        }
        names.sort();
        Ok(names)
    }

    fn fold(&mut self, path: &str) -> Result<(), TreeError> {
        match self.folded.insert(path.to_lowercase(), path.to_owned()) {
            None => Ok(()),
            Some(first) => Err(TreeError::SameName { first, second: path.to_owned() }),
        }
    }

    fn file(&mut self, full: &Path, path: String) -> Result<TreeFile, TreeError> {
        let mut file = open(full).map_err(|source| read(&path, source))?;
        let found = file.metadata().map_err(|source| read(&path, source))?;
        check(&path, &found)?;
        if found.len() > self.limits.file_bytes {
            return Err(too_much(&path, self.limits.file_bytes, "bytes in one file"));
        }
        self.bytes += found.len();
        if self.bytes > self.limits.total_bytes {
            return Err(too_much(&path, self.limits.total_bytes, "bytes in all files"));
        }
        let sha256 = digest(&mut file, found.len(), &path)?;
        Ok(TreeFile { executable: found.mode() & 0o100 != 0, size: found.len(), sha256, path })
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
}

fn check(path: &str, found: &Metadata) -> Result<(), TreeError> {
    let kind = found.file_type();
    let wrong = |kind| Err(TreeError::Kind { path: path.to_owned(), kind });
    if kind.is_symlink() {
        wrong("symbolic link")
    } else if kind.is_fifo() {
        wrong("named pipe")
    } else if kind.is_socket() {
        wrong("socket")
    } else if !kind.is_file() {
        wrong("device")
    } else if found.mode() & 0o7000 != 0 {
        Err(TreeError::Mode { path: path.to_owned(), mode: found.mode() & 0o7777 })
    } else {
        Ok(())
    }
}

/// Reads exactly `size` bytes and no more, so that a file that grows cannot be endless.
fn digest(file: &mut File, size: u64, path: &str) -> Result<Sha256, TreeError> {
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; BUFFER];
    let mut seen = 0;
    loop {
        let n = file.read(&mut buffer).map_err(|source| read(path, source))?;
        seen += n as u64;
        if seen > size || (n == 0 && seen < size) {
            return Err(TreeError::Changed { path: path.to_owned() });
        }
        if n == 0 {
            return Ok(Sha256(hasher.finalize().into()));
        }
        hasher.update(&buffer[..n]);
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}

fn read(path: &str, source: std::io::Error) -> TreeError {
    TreeError::Read { path: path.to_owned(), source }
}

fn too_much(path: &str, limit: u64, of: &'static str) -> TreeError {
    TreeError::TooMuch { path: path.to_owned(), limit, of }
}
