//! A repository made for one test, and the answers about it as text.

use probity_plugin_git::changes::KnownPairs;
use probity_plugin_git::objects::Repository;
use probity_plugin_git::shapes::{History, HistoryKey, Segment};
use probity_plugin_git::{GitError, changes, history};
use probity_sdk::git::{Changes, CommitChanges};
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A history with the segments of all its parts.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) segments: Vec<Segment>,
    /// As `git/history` answers.
    pub(crate) last: History,
}

impl std::ops::Deref for Whole {
    type Target = History;

    fn deref(&self) -> &History {
        &self.last
    }
}

/// A working tree with its repository, in a folder that goes away with it.
pub(crate) struct Lab {
    folder: tempfile::TempDir,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::initialised(&["--object-format=sha1"])
    }

    pub(crate) fn initialised(options: &[&str]) -> Self {
        let lab = Self { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        lab.git(&[&["init", "--quiet", "--initial-branch=main"], options].concat());
        lab
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        fs::write(path, content).expect("a file can be written");
        self
    }

    pub(crate) fn git(&self, arguments: &[impl AsRef<OsStr>]) -> String {
        let output = self.run(arguments, "Ada Äsop <ada@example.org>");
        String::from_utf8(output).expect("git's output is UTF-8").trim_end().to_owned()
    }

    /// Runs git with no configuration but the given one, so that ids are the same everywhere.
    pub(crate) fn run(&self, arguments: &[impl AsRef<OsStr>], author: &str) -> Vec<u8> {
        self.run_reading(arguments, author, Stdio::null())
    }

    #[allow(clippy::disallowed_methods, reason = "the tests compare with the real git")]
    fn run_reading(&self, arguments: &[impl AsRef<OsStr>], author: &str, input: Stdio) -> Vec<u8> {
        let (name, email) = author.split_once(" <").expect("an author has an address");
        let mut git = Command::new("git");
        git.args(["-c", "core.quotePath=false", "-c", "protocol.file.allow=always", "-c", "gc.auto=0"]);
        git.args(arguments).current_dir(self.folder.path()).env_clear();
        git.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        git.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")]);
        git.envs([("GIT_AUTHOR_NAME", name), ("GIT_AUTHOR_EMAIL", email.trim_end_matches('>'))]);
        git.envs([("GIT_COMMITTER_NAME", "Bob"), ("GIT_COMMITTER_EMAIL", "bob@example.org")]);
        git.envs([("GIT_AUTHOR_DATE", "1700000000 +0100"), ("GIT_COMMITTER_DATE", "1700000060 +0000")]);
        let output = git.stdin(input).output().expect("git runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        output.stdout
    }

    /// Commits all that lies in the working tree.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.id("HEAD")
    }

    /// So many commits of one small file, on the branch `main` of a repository without commits.
    pub(crate) fn import(&self, count: usize) {
        let mut stream = String::new();
        for number in 0..count {
            let (date, text) = (1_700_000_000 + number, number.to_string());
            stream.push_str(&format!(
                "commit refs/heads/main\ncommitter Bob <bob@example.org> {date} +0000\ndata 0\n\
                 M 100644 inline file\ndata {}\n{text}\n",
                text.len()
            ));
        }
        self.write(".git/stream", stream);
        let stream = fs::File::open(self.path(".git/stream")).expect("it was just written");
        self.run_reading(&["fast-import", "--quiet"], "Bob <bob@example.org>", stream.into());
        self.git(&["reset", "--quiet", "--hard", "main"]);
    }

    /// Writes a folder that holds `tree` alone, one that holds that alone, and so on; returns their ids.
    #[allow(clippy::disallowed_methods, reason = "the tests make repositories with the real git")]
    pub(crate) fn trees_around(&self, tree: &str, count: usize) -> Vec<String> {
        let mut git = Command::new("git");
        git.args(["mktree", "--batch"]).current_dir(self.folder.path());
        let mut git = git.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git runs");
        let mut input = git.stdin.take().expect("it is piped");
        let mut output = BufReader::new(git.stdout.take().expect("it is piped")).lines();
        let mut trees = vec![tree.to_owned()];
        for _ in 0..count {
            let inner = trees.last().expect("there is the first");
            write!(input, "040000 tree {inner}\td\n\n").expect("git reads");
            trees.push(output.next().expect("git writes").expect("an id is text"));
        }
        drop(input);
        assert!(git.wait().expect("git ends").success());
        trees.split_off(1)
    }

    pub(crate) fn id(&self, name: &str) -> String {
        self.git(&["rev-parse", name])
    }

    pub(crate) fn repository(&self) -> Repository {
        Repository::with_threads(&self.path(".git"), 2).expect("the repository can be opened")
    }

    pub(crate) fn history(&self, commit: &str) -> Result<Whole, GitError> {
        let shallow = fs::read_to_string(self.path(".git/shallow")).unwrap_or_default();
        let mut shallow: Vec<String> = shallow.lines().map(str::to_owned).collect();
        shallow.sort();
        let repository = self.repository();
        let key = HistoryKey { commit: commit.to_owned(), shallow };
        let begun = history::history(&repository, &key)?;
        let last = history::finished(&repository, begun)?;
        let parts =
            last.parts.iter().map(|part| history::finished(&repository, history::part(&repository, part)?));
        let mut all = parts.collect::<Result<Vec<History>, GitError>>()?;
        all.push(last.clone());
        let segments = all.into_iter().flat_map(|part| part.segments).collect();
        Ok(Whole { segments, last })
    }

    /// The changes of one commit.
    pub(crate) fn changes_of(&self, commit: &str) -> Result<CommitChanges, GitError> {
        let key = Segment { commits: vec![commit.to_owned()], cut: Vec::new() };
        Ok(self.changes(&key)?.commits.remove(0))
    }

    /// The changes of a segment, as who asks for them reads them.
    pub(crate) fn changes(&self, key: &Segment) -> Result<Changes, GitError> {
        let changes = changes::changes(&self.repository(), &KnownPairs::default(), key)?;
        let text = serde_json::to_string(&changes).expect("changes have a JSON form");
        Ok(serde_json::from_str(&text).expect("the SDK reads them"))
    }

    /// The files that a commit changed, one a line: additions, deletions, path.
    pub(crate) fn files(&self, commit: &str) -> String {
        rows(&self.changes_of(&self.id(commit)).expect("the changes are known"))
    }

    /// Asserts that all changes of the history of `HEAD` are as git counts them.
    pub(crate) fn assert_as_git(&self) {
        let history = self.history(&self.id("HEAD")).expect("the history is complete");
        for commit in history.segments.iter().flat_map(|segment| &segment.commits) {
            let options = ["log", "--max-count=1", "--format=", "--numstat", "--no-renames"];
            let expected = self.git(&[&options[..], &["--diff-merges=first-parent", commit]].concat());
            assert_eq!(self.files(commit), expected.trim(), "{commit}");
        }
    }
}

/// As `git log --numstat` prints them.
pub(crate) fn rows(changes: &CommitChanges) -> String {
    let row = |file: &probity_sdk::git::FileChange| match file.binary {
        true => format!("-\t-\t{}", file.path),
        false => format!("{}\t{}\t{}", file.additions, file.deletions, file.path),
    };
    changes.files.iter().map(row).collect::<Vec<_>>().join("\n")
}
