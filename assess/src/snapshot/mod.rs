//! Takes snapshots of a target: content-addressed states of a git repository, which plugins may read.
//!
//! Begin at [`open`], then [`Target::snapshot`]. A snapshot is a commit, its tree and the boundary of a shallow
//! clone: of `HEAD`, of a revision, or of the working tree, whose changed files become git objects in a private
//! directory below the cache. Plugins read it through a git directory of our own ([`Snapshot::git_dir`]).
//!
//! What must hold here: nothing that a target's configuration names is run, nothing of it is trusted, and
//! nothing is ever written to the target.

mod alternates;
mod config;
mod descent;
mod error;
mod head;
mod layout;
mod note;
mod objects;
mod policy;
mod references;
mod revision;
mod shim;
mod taking;
mod target;
mod tracking;
mod worktree;

#[cfg(test)]
mod tests;

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use gix::ObjectId;

pub(crate) use descent::Descent;
pub use error::{OpenError, RevisionFault, SnapshotError};
pub use note::{Incomplete, Note, Paths};
pub use probity_host::GitGrant;
use probity_host::Places;
pub(crate) use references::References;
pub use taking::Survey;
pub(crate) use taking::{Cancel, Taking};
pub(crate) use target::short_digest;
pub use target::{Target, open};

use alternates::ObjectDirs;
use objects::{Objects, Tip};
use shim::Shim;

use crate::settings::Settings;
use crate::state::{self, Observed};

/// Which state of a target is to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The commit that `HEAD` stands for. Neither the index nor the working tree is read.
    Head,
    /// The commit that a revision names, such as `main`, `v1.2`, `HEAD~3` or an abbreviated id.
    Rev(String),
    /// The working tree: tracked files as they are on disk, and untracked ones that are not ignored.
    Worktree,
}

/// A content-addressed state of a target. Ids are in hexadecimal.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The commit; if the working tree differs from `HEAD`, one by Probity that has the people and times of `HEAD`.
    pub commit: String,
    /// The commit's tree.
    pub tree: String,
    /// The commits whose parents a shallow clone lacks, sorted.
    pub shallow: Vec<String>,
    /// Whether this is a working tree that differs from `HEAD`.
    pub dirty: bool,
    /// What a person should know.
    pub notes: Vec<Note>,
    /// Why the snapshot does not show everything; then nothing that is judged by it may be remembered.
    pub incomplete: Option<Incomplete>,
    /// What of a working tree was looked at, where that was wanted.
    pub survey: Option<Arc<Survey>>,
    tree_id: ObjectId,
    commit_id: ObjectId,
    boundary: Vec<ObjectId>,
    dirs: ObjectDirs,
    objects: Objects,
    target: Arc<Target>,
    observed: Arc<OnceLock<Observed>>,
}

/// What a git directory shows: see [`Snapshot::view`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    /// With what tells each from another one at the same place, which a confined process would not reach.
    dirs: Vec<(PathBuf, Option<FolderId>)>,
    packs: Vec<PathBuf>,
    boundary: Vec<ObjectId>,
}

/// What tells a folder from another one at the same place: device, number, and the time when it was made, for numbers
/// are used again.
pub type FolderId = (u64, u64, Option<SystemTime>);

/// What a folder is known by; `None` if there is none.
pub fn folder_id(dir: &Path) -> Option<FolderId> {
    let found = std::fs::metadata(dir).ok().filter(std::fs::Metadata::is_dir)?;
    Some((found.dev(), found.ino(), found.created().ok()))
}

impl Target {
    /// Takes a snapshot. Objects and notes of Probity's own are kept below `cache`, in a folder of this target.
    ///
    /// # Errors
    ///
    /// One of [`SnapshotError`] per cause. Single files that cannot be read make no error, but a snapshot that
    /// is [`incomplete`](Snapshot::incomplete).
    pub fn snapshot(&self, what: &What, cache: &Path) -> Result<Snapshot, SnapshotError> {
        self.snapshot_taking(what, cache, &Taking::default())
    }

    /// The same with further wishes.
    pub(crate) fn snapshot_taking(
        &self,
        what: &What,
        cache: &Path,
        taking: &Taking,
    ) -> Result<Snapshot, SnapshotError> {
        match what {
            What::Head => self.committed(self.head_commit()?, cache),
            What::Rev(revision) => {
                self.committed(revision::resolve(self, revision, &self.private_dir(cache))?, cache)
            }
            What::Worktree => worktree::snapshot(self, cache, SystemTime::now(), taking),
        }
    }

    /// The same; where the cache cannot be written, what stands in for it is used.
    ///
    /// # Errors
    ///
    /// As [`Target::snapshot`].
    pub fn snapshot_in(&self, what: &What, places: &Places) -> Result<Snapshot, SnapshotError> {
        self.snapshot_taking_in(what, places, &Taking::default())
    }

    /// The same with further wishes.
    pub(crate) fn snapshot_taking_in(
        &self,
        what: &What,
        places: &Places,
        taking: &Taking,
    ) -> Result<Snapshot, SnapshotError> {
        let hopeless = |error: &SnapshotError| !matches!(error, SnapshotError::Cache { .. });
        places.make_unless(hopeless, |cache| self.snapshot_taking(what, cache, taking))
    }

    /// The bytes of `probity.kdl` at the root of a snapshot, if it has one.
    ///
    /// # Errors
    ///
    /// If the file is there but cannot be read, or is unreasonably large.
    pub fn policy_in(&self, snapshot: &Snapshot) -> Result<Option<Vec<u8>>, SnapshotError> {
        policy::read(&snapshot.objects.handle(), snapshot.tree_id)
    }

    /// A snapshot of a commit. Alternates are read through a directory of our own: their relative paths are
    /// resolved once, here, and not by whoever reads.
    fn committed(&self, commit: ObjectId, cache: &Path) -> Result<Snapshot, SnapshotError> {
        let objects = match self.dirs.alternates.is_empty() && self.dirs.missing.is_empty() {
            true => Objects::own(&self.dirs, self.config.hash)?,
            false => Objects::private(&self.private_dir(cache), &self.dirs, self.config.hash)?,
        };
        let tip = objects.handle().tip(commit)?;
        Ok(self.describe(tip, objects))
    }

    /// A complete, clean snapshot of a commit.
    fn describe(&self, tip: Tip, objects: Objects) -> Snapshot {
        Snapshot {
            commit: tip.commit.to_string(),
            tree: tip.tree.to_string(),
            shallow: self.shallow.iter().map(ObjectId::to_string).collect(),
            dirty: false,
            notes: self.notes.clone(),
            incomplete: None,
            survey: None,
            tree_id: tip.tree,
            commit_id: tip.commit,
            boundary: self.shallow.clone(),
            dirs: self.dirs.clone(),
            objects,
            target: Arc::new(self.clone()),
            observed: Arc::default(),
        }
    }
}

impl Snapshot {
    /// Makes a git directory at `into` that shows this snapshot and nothing else of the target: `HEAD` is the
    /// snapshot's commit, and the target's object directories are alternates. An existing one is reused. The
    /// grant names the git directory first, then the object directories in order.
    ///
    /// # Errors
    ///
    /// If `into` cannot be made or written.
    pub fn git_dir(&self, into: &Path) -> io::Result<GitGrant> {
        let mut objects: Vec<&Path> = vec![self.objects.dir()];
        objects.extend(self.dirs.all().filter(|dir| *dir != self.objects.dir()));
        let shim = Shim {
            head: &self.commit,
            hash: self.commit_id.kind(),
            objects: &objects,
            shallow: &self.boundary,
        };
        shim.write(into)?;
        let git_dir = into.canonicalize()?;
        let mut read: Vec<PathBuf> = objects.iter().map(|dir| dir.to_path_buf()).collect();
        read.sort();
        read.insert(0, git_dir.clone());
        Ok(GitGrant { git_dir, read, shows: self.commit.clone() })
    }

    /// What of the target's references a check sees, and what of that is remembered: looked at once, by whoever asks first.
    pub(crate) fn observed(&self, settings: &Settings) -> &Observed {
        self.observed.get_or_init(|| {
            let of_revision = matches!(settings.what, What::Rev(_));
            state::observed(self, of_revision, &settings.state, &settings.day)
        })
    }

    /// The same, if anybody has asked.
    pub(crate) fn was_observed(&self) -> Option<&Observed> {
        self.observed.get()
    }

    /// What it was taken of.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// The references of the target as they are now.
    ///
    /// # Errors
    ///
    /// If they cannot be read at all.
    pub(crate) fn references(&self) -> Result<References, OpenError> {
        References::read(&self.target)
    }

    /// Whether one commit has another one among its ancestors.
    pub(crate) fn descent(&self, old: ObjectId, new: ObjectId) -> Descent {
        let complete = !self.target.config.partial && self.dirs.missing.is_empty();
        descent::descent(&self.objects.handle(), &self.boundary, complete, (old, new))
    }

    /// The commit that a tag's object stands for; `None` if that cannot be read.
    pub(crate) fn peeled(&self, id: ObjectId) -> Option<ObjectId> {
        descent::peeled(&self.objects.handle(), id)
    }

    /// What a git directory of this snapshot shows besides its commit: where objects lie, the packs there, the boundary.
    /// A process that was shown another view is not asked about this snapshot: it may have taken in what was there.
    pub(crate) fn view(&self) -> View {
        let mut packs = Vec::new();
        for dir in self.dirs.all() {
            for entry in std::fs::read_dir(dir.join("pack")).into_iter().flatten().flatten() {
                packs.push(entry.path());
            }
        }
        packs.sort();
        let dirs = self.dirs.all().chain([self.objects.dir()]);
        let dirs = dirs.map(|dir| (dir.to_owned(), folder_id(dir))).collect();
        View { dirs, packs, boundary: self.boundary.clone() }
    }
}
