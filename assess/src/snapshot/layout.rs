//! Finds a repository's folders from a path inside it: the git directory, the common directory that linked
//! worktrees share, and the working tree. Only the places count where things lie, never what a
//! configuration says of them (`core.worktree` is ignored).

use std::fs;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;

use super::error::OpenError;
use crate::files;

/// The most that is read of a file that names a folder, in bytes.
const POINTER_LIMIT: u64 = 16 << 10;

/// Where the parts of a repository lie; all paths are canonical.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Holds `HEAD` and the index.
    pub(super) git_dir: PathBuf,
    /// Holds the objects, the configuration and the references; the git directory itself unless the worktree is linked.
    pub(super) common_dir: PathBuf,
    /// The folder of the working tree, if the repository was found by one.
    pub(super) worktree: Option<PathBuf>,
}

/// The repository that `path` lies in, searched upwards.
pub(super) fn discover(path: &Path) -> Result<Layout, OpenError> {
    let start = path.canonicalize().map_err(|source| match files::is_absent(&source) {
        true => OpenError::NoSuchPath { path: path.to_owned() },
        false => OpenError::Unreadable { path: path.to_owned(), source },
    })?;
    for dir in start.ancestors().filter(|dir| dir.is_dir()) {
        if let Some(layout) = at(dir)? {
            return Ok(layout);
        }
    }
    Err(OpenError::NotARepository { path: path.to_owned() })
}

/// The repository whose working tree or git directory is `dir` itself.
fn at(dir: &Path) -> Result<Option<Layout>, OpenError> {
    if let Some(layout) = of_worktree(dir)? {
        return Ok(Some(layout));
    }
    if !is_git_dir(dir) || !present(&dir.join("HEAD")) {
        return Ok(None);
    }
    let worktree = match dir.file_name() {
        Some(name) if name == ".git" => dir.parent().map(Path::to_owned),
        _ => None,
    };
    with_common_dir(dir, worktree).map(Some)
}

/// The repository whose working tree is `dir`: it has a git directory `.git`, or a file `.git` that names one.
pub(super) fn of_worktree(dir: &Path) -> Result<Option<Layout>, OpenError> {
    let dot_git = dir.join(".git");
    let metadata = match fs::metadata(&dot_git) {
        Ok(metadata) => metadata,
        Err(error) if files::is_absent(&error) => return Ok(None),
        Err(source) => return Err(OpenError::Unreadable { path: dot_git, source }),
    };
    if metadata.is_dir() {
        if !is_git_dir(&dot_git) {
            return Ok(None);
        }
        return with_common_dir(&dot_git, Some(dir.to_owned())).map(Some);
    }
    let damaged = |reason: &str| OpenError::Damaged {
        what: "the .git file",
        path: dot_git.clone(),
        reason: reason.to_owned(),
    };
    let bytes = files::read(&dot_git, POINTER_LIMIT)
        .map_err(|source| OpenError::Unreadable { path: dot_git.clone(), source })?
        .unwrap_or_default();
    let named =
        bytes.strip_prefix(b"gitdir:").ok_or_else(|| damaged("it does not begin with \"gitdir:\""))?;
    let git_dir = dir.join(path_of(named.trim()).ok_or_else(|| damaged("it names no folder"))?);
    if !is_git_dir(&git_dir) {
        return Err(damaged(&format!("{} is not a git directory", git_dir.display())));
    }
    with_common_dir(&git_dir, Some(dir.to_owned())).map(Some)
}

/// Completes a layout by the common directory that a linked worktree's git directory names.
fn with_common_dir(git_dir: &Path, worktree: Option<PathBuf>) -> Result<Layout, OpenError> {
    let git_dir = canonical(git_dir)?;
    let pointer = git_dir.join("commondir");
    let unreadable = |source| OpenError::Unreadable { path: pointer.clone(), source };
    let Some(bytes) = files::read(&pointer, POINTER_LIMIT).map_err(unreadable)? else {
        return Ok(Layout { common_dir: git_dir.clone(), git_dir, worktree });
    };
    let common_dir = path_of(bytes.trim()).map(|named| git_dir.join(named)).filter(|dir| is_git_dir(dir));
    let Some(common_dir) = common_dir else {
        let reason = "it does not name a git directory".to_owned();
        return Err(OpenError::Damaged { what: "commondir", path: pointer, reason });
    };
    Ok(Layout { common_dir: canonical(&common_dir)?, git_dir, worktree })
}

fn canonical(path: &Path) -> Result<PathBuf, OpenError> {
    path.canonicalize().map_err(|source| OpenError::Unreadable { path: path.to_owned(), source })
}

/// Whether `dir` has the folders of a git directory. `HEAD` is looked at later, so that a repository whose
/// `HEAD` is lost is called damaged and not passed over in favour of one around it.
fn is_git_dir(dir: &Path) -> bool {
    dir.join("commondir").is_file() || (dir.join("objects").is_dir() && dir.join("refs").is_dir())
}

fn present(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn path_of(bytes: &[u8]) -> Option<&Path> {
    (!bytes.is_empty()).then(|| bytes.to_path().ok()).flatten()
}
