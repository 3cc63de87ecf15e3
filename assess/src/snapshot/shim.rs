//! Writes a git directory of Probity's own, through which a target is read.
//!
//! It holds a configuration of ours, the target's object directories as alternates and the shallow boundary.
//! So no configuration, hook, commit-graph or attribute file of the target is ever in play.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use gix::ObjectId;
use gix::hash::Kind;

use super::alternates;
use super::layout::Layout;
use super::objects::write_if_other;

/// What a git directory is to show.
#[derive(Debug)]
pub(super) struct Shim<'a> {
    /// The text of `HEAD`.
    pub(super) head: &'a str,
    /// The hash that names objects.
    pub(super) hash: Kind,
    /// Where the objects lie; absolute.
    pub(super) objects: &'a [&'a Path],
    /// The commits whose parents are cut off.
    pub(super) shallow: &'a [ObjectId],
}

impl Shim<'_> {
    /// Makes the git directory at `dir`; an existing one of the same content is left as it is.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir.join("objects/info"))?;
        fs::create_dir_all(dir.join("objects/pack"))?;
        fs::create_dir_all(dir.join("refs"))?;
        self.write_files(dir)
    }

    /// As [`Shim::write`], and shows the references of a repository too, for resolving revisions.
    pub(super) fn write_with_references(&self, dir: &Path, of: &Layout) -> io::Result<()> {
        fs::create_dir_all(dir.join("objects/info"))?;
        fs::create_dir_all(dir.join("objects/pack"))?;
        for name in ["refs", "packed-refs"] {
            symlink(of.common_dir.join(name), dir.join(name))?;
        }
        for name in ["logs", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "FETCH_HEAD"] {
            if of.git_dir.join(name).exists() {
                symlink(of.git_dir.join(name), dir.join(name))?;
            }
        }
        self.write_files(dir)
    }

    fn write_files(&self, dir: &Path) -> io::Result<()> {
        let list = alternates::listing(self.objects.iter().copied());
        write_if_other(&dir.join("objects/info/alternates"), &list)?;
        write_if_other(&dir.join("config"), config(self.hash).as_bytes())?;
        if !self.shallow.is_empty() {
            let lines: String = self.shallow.iter().map(|id| format!("{id}\n")).collect();
            write_if_other(&dir.join("shallow"), lines.as_bytes())?;
        }
        // Last, since a folder without it is no git directory: nobody takes a half-made one for whole.
        write_if_other(&dir.join("HEAD"), format!("{}\n", self.head).as_bytes())
    }
}

/// The configuration: nothing but the format, and that neither replacements nor commit-graphs count.
fn config(hash: Kind) -> String {
    let (version, extensions) = match hash {
        Kind::Sha256 => (1, "[extensions]\n\tobjectFormat = sha256\n"),
        _ => (0, ""),
    };
    format!(
        "[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n\tcommitGraph = false\n\
         \tuseReplaceRefs = false\n\tfsmonitor = false\n{extensions}"
    )
}
