//! Makes repositories in a folder of its own, with `git` isolated from the machine's configuration.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::super::{Snapshot, SnapshotError, Taking, Target, What, open, worktree};

/// A folder with a repository `repo` in it, and a cache beside it.
pub(super) struct Lab {
    dir: tempfile::TempDir,
}

impl Lab {
    /// A new repository without any commit.
    pub(super) fn new() -> Lab {
        Lab::with(&["--object-format=sha1"])
    }

    /// A new repository, made with more options of `git init`.
    pub(super) fn with(options: &[&str]) -> Lab {
        let lab = Lab { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(lab.path("repo")).unwrap();
        lab.git(&[&["init", "-q", "-b", "main"], options].concat());
        lab
    }

    /// A new repository with one commit that holds `files`.
    pub(super) fn holding(files: &[(&str, &str)]) -> Lab {
        let lab = Lab::new();
        lab.commit(files);
        lab
    }

    /// A path beside the repository.
    pub(super) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    /// A path in the repository.
    pub(super) fn repo(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path("repo").join(name)
    }

    pub(super) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.repo(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Writes the files, commits all that differs, and returns the commit's id.
    pub(super) fn commit(&self, files: &[(&str, &str)]) -> String {
        for (name, content) in files {
            self.write(name, content);
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "a commit"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git in the repository and returns what it prints.
    pub(super) fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.repo(""), args)
    }

    pub(super) fn git_in(&self, dir: &Path, args: &[&str]) -> String {
        self.git_with(dir, args, &[])
    }

    #[allow(clippy::disallowed_methods, reason = "tests compare with the real git program")]
    pub(super) fn git_with(&self, dir: &Path, args: &[&str], environment: &[(&str, &OsStr)]) -> String {
        let output = Command::new("git")
            .args(["-c", "protocol.file.allow=always", "-c", "maintenance.auto=false", "-c", "gc.auto=0"])
            .args(args)
            .current_dir(dir)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.dir.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ann")
            .env("GIT_AUTHOR_EMAIL", "ann@example.org")
            .env("GIT_AUTHOR_DATE", "1700000000 +0100")
            .env("GIT_COMMITTER_NAME", "Ann")
            .env("GIT_COMMITTER_EMAIL", "ann@example.org")
            .env("GIT_COMMITTER_DATE", "1700000001 +0100")
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub(super) fn open(&self) -> Target {
        open(&self.repo("")).unwrap()
    }

    /// Takes a snapshot with the lab's own cache.
    pub(super) fn try_snapshot(&self, what: What) -> Result<Snapshot, SnapshotError> {
        self.open().snapshot(&what, &self.path("cache"))
    }

    pub(super) fn head(&self) -> Snapshot {
        self.try_snapshot(What::Head).unwrap()
    }

    pub(super) fn worktree(&self) -> Snapshot {
        self.try_snapshot(What::Worktree).unwrap()
    }

    /// A snapshot of the working tree that remembers all files in the lab's cache, however young they are.
    pub(super) fn remembered(&self) -> Snapshot {
        let later = SystemTime::now() + Duration::from_secs(3600);
        worktree::snapshot(&self.open(), &self.path("cache"), later, &Taking::default()).unwrap()
    }

    /// A snapshot of the working tree with a cache that knows nothing.
    pub(super) fn fresh_worktree(&self) -> Snapshot {
        let cache = tempfile::tempdir_in(self.dir.path()).unwrap();
        self.open().snapshot(&What::Worktree, cache.path()).unwrap()
    }

    /// The tree that git itself makes of the working tree, without touching the repository.
    pub(super) fn tree_by_git(&self) -> String {
        self.tree_by_git_in(&self.repo(""))
    }

    pub(super) fn tree_by_git_in(&self, dir: &Path) -> String {
        let scratch = tempfile::tempdir_in(self.dir.path()).unwrap();
        let index = scratch.path().join("index");
        let own =
            PathBuf::from(self.git_in(dir, &["rev-parse", "--path-format=absolute", "--git-path", "index"]));
        if own.exists() {
            fs::copy(&own, &index).unwrap();
        }
        let objects = self.git_in(dir, &["rev-parse", "--path-format=absolute", "--git-path", "objects"]);
        let environment: [(&str, &OsStr); 3] = [
            ("GIT_INDEX_FILE", index.as_os_str()),
            ("GIT_OBJECT_DIRECTORY", scratch.path().as_os_str()),
            ("GIT_ALTERNATE_OBJECT_DIRECTORIES", OsStr::new(&objects)),
        ];
        self.git_with(dir, &["add", "-A"], &environment);
        self.git_with(dir, &["write-tree"], &environment)
    }

    /// What `git` lists of a snapshot's tree, read through the git directory that plugins get.
    pub(super) fn list(&self, snapshot: &Snapshot) -> Vec<String> {
        let shim = tempfile::tempdir_in(self.dir.path()).unwrap();
        let grant = snapshot.git_dir(shim.path()).unwrap();
        let git_dir = format!("--git-dir={}", grant.git_dir.display());
        let names = self.git(&[&git_dir, "ls-tree", "-r", "--name-only", &snapshot.tree]);
        names.lines().map(str::to_owned).collect()
    }

    /// The content of a file of a snapshot, read through the git directory that plugins get.
    pub(super) fn show(&self, snapshot: &Snapshot, path: &str) -> String {
        let shim = tempfile::tempdir_in(self.dir.path()).unwrap();
        let grant = snapshot.git_dir(shim.path()).unwrap();
        let git_dir = format!("--git-dir={}", grant.git_dir.display());
        self.git(&[&git_dir, "cat-file", "blob", &format!("{}:{path}", snapshot.tree)])
    }
}

/// Every file and folder below `dir` with all that a write would change.
pub(super) fn state_of(dir: &Path) -> Vec<(OsString, [i64; 6])> {
    let mut all = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let at = fs::symlink_metadata(&path).unwrap();
            if at.is_dir() {
                folders.push(path.clone());
            }
            let (inode, size) = (at.ino().cast_signed(), at.size().cast_signed());
            all.push((path.into(), [inode, size, at.mtime(), at.mtime_nsec(), at.ctime(), at.ctime_nsec()]));
        }
    }
    all.sort();
    all
}

/// A name of bytes that need not be UTF-8.
pub(super) fn name(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}
