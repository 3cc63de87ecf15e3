//! A git repository made for one test, by the git program in an emptied environment, with fixed people and dates.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Seconds of the first commit: 2026-01-01T00:00:00Z. Each further commit is a day later.
const FIRST: u64 = 1_767_225_600;
const DAY: u64 = 86_400;

/// A repository in a folder that the test's lab owns.
#[derive(Debug)]
pub struct Repository {
    path: PathBuf,
    commits: u64,
    author: (String, String),
}

impl Repository {
    /// Makes an empty repository at `path`.
    pub fn init(path: PathBuf) -> Repository {
        fs::create_dir_all(&path).expect("the lab's folder is writable");
        let repository = Repository { path, commits: 0, author: ("Ada".into(), "ada@example.org".into()) };
        repository.git(["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// Clones `from` with the given further arguments of `git clone`.
    pub fn clone_of(from: &Repository, path: PathBuf, arguments: &[&str]) -> Repository {
        let url = format!("file://{}", from.path.display());
        let output = git_in(Path::new("/"))
            .args(["clone", "--quiet"])
            .args(arguments)
            .arg(&url)
            .arg(&path)
            .output()
            .expect("git runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Repository { path, commits: from.commits, author: from.author.clone() }
    }

    /// A repository that exists already, to run git in it.
    pub fn at(path: PathBuf) -> Repository {
        Repository { path, commits: 0, author: ("Ada".into(), "ada@example.org".into()) }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who writes the commits from here on.
    pub fn author(&mut self, name: &str, email: &str) -> &mut Self {
        self.author = (name.into(), email.into());
        self
    }

    /// Writes a file of the working tree, its folders included.
    pub fn write(&mut self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &mut Self {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("writable");
        fs::write(path, content).expect("writable");
        self
    }

    /// Commits everything, a day after the commit before; returns the id.
    pub fn commit(&mut self, message: &str) -> String {
        self.git(["add", "--all"]);
        self.commit_staged(message)
    }

    /// Commits what is staged (possibly nothing), a day after the commit before; returns the id.
    pub fn commit_staged(&mut self, message: &str) -> String {
        self.dated(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(["rev-parse", "HEAD"])
    }

    /// Commits the present tree with an author whose name is these bytes, which no builder of git's would write; returns the id.
    pub fn commit_by(&mut self, name: &[u8]) -> String {
        let (tree, parent) = (self.git(["rev-parse", "HEAD^{tree}"]), self.git(["rev-parse", "HEAD"]));
        let date = FIRST + self.commits * DAY;
        self.commits += 1;
        let mut raw = format!("tree {tree}\nparent {parent}\nauthor ").into_bytes();
        raw.extend_from_slice(name);
        raw.extend_from_slice(format!(" <x@example.org> {date} +0000\ncommitter ").as_bytes());
        raw.extend_from_slice(name);
        raw.extend_from_slice(format!(" <x@example.org> {date} +0000\n\nbytes\n").as_bytes());
        let file = self.path.with_extension("commit");
        fs::write(&file, raw).expect("writable");
        let id = self.git([
            "hash-object".as_ref(),
            "-t".as_ref(),
            "commit".as_ref(),
            "-w".as_ref(),
            file.as_os_str(),
        ]);
        self.git(["reset", "--quiet", "--soft", &id]);
        id
    }

    /// Merges a branch with a merge commit, a day after the commit before; returns the id.
    pub fn merge(&mut self, branch: &str) -> String {
        self.dated(&["merge", "--quiet", "--no-ff", "--message", "merge", branch]);
        self.git(["rev-parse", "HEAD"])
    }

    /// Commits a folder in a folder in a folder and so on, `levels` of them, with the present tree in the innermost; returns the id.
    /// The working tree stays as it is.
    pub fn commit_nested(&mut self, levels: usize) -> String {
        let mut git = git_in(&self.path);
        git.args(["mktree", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut git = git.spawn().expect("git runs");
        let mut input = git.stdin.take().expect("it is piped");
        let mut output = BufReader::new(git.stdout.take().expect("it is piped")).lines();
        let mut tree = self.git(["rev-parse", "HEAD^{tree}"]);
        for _ in 0..levels {
            write!(input, "040000 tree {tree}\td\n\n").expect("git reads what it writes");
            tree = output.next().expect("git writes").expect("an id is text");
        }
        drop(input);
        assert!(git.wait().expect("git ends").success());
        let date = FIRST + self.commits * DAY;
        self.commits += 1;
        let parent = self.git(["rev-parse", "HEAD"]);
        let raw = format!(
            "tree {tree}\nparent {parent}\nauthor Ada <ada@example.org> {date} +0000\n\
             committer Ada <ada@example.org> {date} +0000\n\nnested\n"
        );
        let file = self.path.with_extension("commit");
        fs::write(&file, raw).expect("writable");
        let hash =
            ["hash-object".as_ref(), "-t".as_ref(), "commit".as_ref(), "-w".as_ref(), file.as_os_str()];
        let id = self.git(hash);
        self.git(["update-ref", "HEAD", &id]);
        id
    }

    /// A history of `count` commits over a few source files.
    pub fn history(&mut self, count: u64) -> &mut Self {
        for number in 0..count {
            let lines: String =
                (0..=number % 7).map(|line| format!("fn f{number}_{line}() {{}}\n")).collect();
            self.write(format!("src/file{}.rs", number % 5), lines);
            self.commit(&format!("change {number}"));
        }
        self
    }

    /// The same much faster, on the branch `main` of a repository without commits; the working tree follows.
    pub fn long_history(&mut self, count: u64) -> &mut Self {
        let mut stream = String::new();
        for number in 0..count {
            let date = FIRST + self.commits * DAY;
            self.commits += 1;
            let (name, email) = &self.author;
            let message = format!("change {number}");
            let lines: String =
                (0..=number % 7).map(|line| format!("fn f{number}_{line}() {{}}\n")).collect();
            stream.push_str(&format!(
                "commit refs/heads/main\nauthor {name} <{email}> {date} +0000\n\
                 committer Grace <grace@example.org> {date} +0000\ndata {}\n{message}\n\
                 M 100644 inline src/file{}.rs\ndata {}\n{lines}\n",
                message.len(),
                number % 5,
                lines.len()
            ));
        }
        self.import(stream.as_bytes());
        self
    }

    /// Makes what a stream for `git fast-import` tells; the working tree follows `main`.
    pub fn import(&self, stream: &[u8]) {
        let mut git = git_in(&self.path);
        git.args(["fast-import", "--quiet"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut git = git.spawn().expect("git runs");
        let mut input = git.stdin.take().expect("it is piped");
        input.write_all(stream).expect("git reads what it imports");
        drop(input);
        printed(git.wait_with_output().expect("git ends"));
        self.git(["reset", "--quiet", "--hard", "main"]);
    }

    /// Runs git and returns what it printed, trimmed; git's failure fails the test.
    pub fn git<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        let output = git_in(&self.path).args(arguments).output().expect("git runs");
        printed(output)
    }

    /// The file of a loose object.
    pub fn loose(&self, id: &str) -> PathBuf {
        self.path.join(".git/objects").join(&id[..2]).join(&id[2..])
    }

    fn dated(&mut self, arguments: &[&str]) {
        let date = format!("{} +0000", FIRST + self.commits * DAY);
        self.commits += 1;
        let (name, email) = &self.author;
        let output = git_in(&self.path)
            .args(arguments)
            .envs([("GIT_AUTHOR_NAME", name), ("GIT_AUTHOR_EMAIL", email), ("GIT_AUTHOR_DATE", &date)])
            .env("GIT_COMMITTER_NAME", "Grace")
            .env("GIT_COMMITTER_EMAIL", "grace@example.org")
            .env("GIT_COMMITTER_DATE", &date)
            .output()
            .expect("git runs");
        printed(output);
    }
}

#[allow(clippy::disallowed_methods, reason = "the ban is for the product")]
fn git_in(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "protocol.file.allow=always", "-c", "gc.auto=0"]);
    command
}

fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
