//! A place of its own for one test: a folder for repositories, a cache, a configuration folder, and the program under test.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::Repository;

/// The day that a check in the lab takes for today.
const TODAY: &str = "2026-06-01";

/// One test's world. Its folders go when it is dropped.
#[derive(Debug)]
pub struct Lab {
    folder: tempfile::TempDir,
}

/// What one run of the program left behind.
#[derive(Debug)]
pub struct Run {
    /// The exit status; -1 where a signal ended it.
    pub status: i32,
    /// What went to standard output.
    pub stdout: String,
    /// What went to standard error.
    pub stderr: String,
}

impl Lab {
    /// A lab with nothing in it.
    #[allow(clippy::new_without_default, reason = "making one touches the disk")]
    pub fn new() -> Lab {
        Lab { folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    /// A path below the lab's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An empty repository in the lab.
    pub fn repository(&self, name: &str) -> Repository {
        Repository::init(self.path(name))
    }

    /// Writes a file into the lab and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("writable");
        std::fs::write(&path, content).expect("writable");
        path
    }

    /// Runs `probity` with these arguments, in the lab's folder.
    pub fn probity<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        Run::of(self.command().args(arguments).output().expect("probity runs"))
    }

    /// The hash of a plugin's folder that a policy must name, as the program itself tells it.
    pub fn hash(&self, folder: &Path) -> String {
        let run = self.probity(["plugin".as_ref(), "hash".as_ref(), folder.as_os_str()]).expect(0);
        run.stdout.trim().to_owned()
    }

    /// `probity check` on a repository with `--stats`, on the lab's day.
    pub fn check(&self, target: &Path, further: &[&str]) -> Run {
        let arguments = [OsStr::new("check"), target.as_os_str(), OsStr::new("--stats")];
        let dated = ["--now", TODAY].into_iter().filter(|_| !further.contains(&"--now"));
        let rest = dated.chain(further.iter().copied()).map(OsStr::new);
        self.probity(arguments.into_iter().chain(rest))
    }

    /// The same by a policy of six analyses, whose queries are few enough to name each that runs, unless `further` names another one.
    pub fn check_six(&self, target: &Path, further: &[&str]) -> Run {
        let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/six.kdl");
        let named = further.contains(&"--policy");
        let policy = ["--policy", policy].into_iter().filter(|_| !named);
        let arguments: Vec<&str> = policy.chain(further.iter().copied()).collect();
        self.check(target, &arguments)
    }

    /// The program, in an emptied environment with the lab's own folders, not yet started.
    pub fn command(&self) -> Command {
        self.wrapped(&[])
    }

    /// The program started through another one (such as `strace -f …`).
    #[allow(clippy::disallowed_methods, reason = "the ban is for the product")]
    pub fn wrapped(&self, before: &[&str]) -> Command {
        let program = program();
        let mut command = match before {
            [] => Command::new(program),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("PROBITY_CACHE_DIR", self.path("cache"))
            .env("PROBITY_CONFIG_DIR", self.path("config"))
            .env("NO_COLOR", "1");
        command
    }
}

impl Run {
    /// What a finished process left.
    pub fn of(output: Output) -> Run {
        Run {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails the test unless the program ended with this status.
    #[track_caller]
    pub fn expect(self, status: i32) -> Run {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.stdout, self.stderr))
    }

    /// A number of the `--stats` line.
    #[track_caller]
    pub fn stat(&self, name: &str) -> u64 {
        self.stats()[name].as_u64().unwrap_or_else(|| panic!("no {name} in the stats of:\n{}", self.stderr))
    }

    /// The queries that were run, sorted, those of built-in plugins without the publisher; `git/part*3` was run three times.
    #[track_caller]
    pub fn ran(&self) -> Vec<String> {
        let stats = self.stats();
        let ran = stats["ran"].as_object().unwrap_or_else(|| panic!("no stats in:\n{}", self.stderr));
        let mut ran: Vec<String> = ran
            .iter()
            .map(|(query, times)| {
                let query = query.strip_prefix("probity/core/").unwrap_or(query);
                if *times == 1 { query.to_owned() } else { format!("{query}*{times}") }
            })
            .collect();
        ran.sort();
        ran
    }

    /// The `--stats` line.
    fn stats(&self) -> Value {
        let line = self.stderr.lines().find(|line| line.starts_with('{')).unwrap_or_default();
        serde_json::from_str(line).unwrap_or_default()
    }
}

/// The program that was built beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let folder = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
    let program = folder.join("probity");
    assert!(program.is_file(), "{} is not built: run `cargo build --package probity`", program.display());
    program
}
