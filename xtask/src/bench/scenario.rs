//! What is measured on one repository: git's own diffs, a cold check, the unchanged re-check, one more commit, an edited threshold.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::measure::{median, peak_mb, wall_ms};
use super::table::Row;
use crate::run::{TaskError, command, output};

/// One repository under measurement, with folders of its own.
pub(super) struct Scenario<'a> {
    program: &'a Path,
    repository: PathBuf,
    folder: TempDir,
}

impl<'a> Scenario<'a> {
    pub(super) fn new(program: &'a Path, repository: &Path) -> Result<Self, TaskError> {
        let repository = repository
            .canonicalize()
            .map_err(|e| TaskError::new(format!("cannot open {}: {e}", repository.display())))?;
        Ok(Scenario { program, repository, folder: tempfile::tempdir()? })
    }

    /// Every figure of this repository.
    pub(super) fn row(&self, runs: usize) -> Result<Row, TaskError> {
        let commits = self.commits()?;
        // The long ones are measured fewer times: their noise is small beside them.
        let few = runs.min(3);
        let git_ms = median(few, || self.timed(&mut self.git_log()))?;
        let cold_ms = median(few, || self.cold().and_then(|mut check| self.timed(&mut check)))?;
        let cold_mb = median(few, || peak_mb(&mut self.cold()?))?;
        let again_ms = median(runs, || self.timed(&mut self.check(&[])))?;
        let commit_ms = self.one_more_commit(runs)?;
        let edited_ms = self.edited_threshold(runs)?;
        let name = self.repository.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Row { name, commits, git_ms, cold_ms, cold_mb, again_ms, commit_ms, edited_ms })
    }

    fn commits(&self) -> Result<u64, TaskError> {
        let count = output(self.git().args(["rev-list", "--count", "HEAD"]))?;
        count.trim().parse().map_err(|_| TaskError::new(format!("git counted {count:?} commits")))
    }

    fn git(&self) -> Command {
        let mut git = command("git");
        git.arg("-C").arg(&self.repository);
        git
    }

    fn git_log(&self) -> Command {
        let mut git = self.git();
        git.args(["log", "--numstat", "--no-renames", "--diff-merges=first-parent"]);
        git
    }

    fn check(&self, further: &[&str]) -> Command {
        let mut check = command(self.program);
        check
            .arg("check")
            .arg(&self.repository)
            .args(["--format", "json", "--now", "2026-11-21"])
            .args(further)
            .env("PROBITY_CACHE_DIR", self.cache())
            .env("PROBITY_CONFIG_DIR", self.folder.path().join("config"));
        check
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// A check that remembers nothing yet.
    fn cold(&self) -> Result<Command, TaskError> {
        self.forget()?;
        Ok(self.check(&[]))
    }

    fn forget(&self) -> Result<(), TaskError> {
        match std::fs::remove_dir_all(self.cache()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The time of a command that must end as a check or git may end: with a verdict, not with an error.
    fn timed(&self, command: &mut Command) -> Result<f64, TaskError> {
        let (ms, status) = wall_ms(command)?;
        if matches!(status, 0 | 1) {
            Ok(ms)
        } else {
            Err(TaskError::new(format!("{command:?} ended with {status}")))
        }
    }

    /// The check of HEAD by one who remembers that of HEAD~1.
    fn one_more_commit(&self, runs: usize) -> Result<f64, TaskError> {
        median(runs.min(3), || {
            self.forget()?;
            self.timed(&mut self.check(&["--rev", "HEAD~1"]))?;
            self.timed(&mut self.check(&[]))
        })
    }

    /// The check against a policy of which only a threshold differs from the one before.
    fn edited_threshold(&self, runs: usize) -> Result<f64, TaskError> {
        let policy = self.folder.path().join("policy.kdl");
        let path = policy.to_string_lossy().into_owned();
        let mut edits = 0;
        let check = |threshold: usize| {
            let text = format!(
                "analyze {{\n    investigate policy=\"score > 0.5\"\n    \
                 analysis \"churn\" policy=\"divz(count(value.filter(z, z > 3.{threshold})), count(value)) <= 0.02\"\n    \
                 analysis \"activity\" policy=\"value.days <= {}\"\n}}\n",
                400 + threshold
            );
            std::fs::write(&policy, text)?;
            self.timed(&mut self.check(&["--policy", &path]))
        };
        check(0)?;
        median(runs, || {
            edits += 1;
            check(edits)
        })
    }
}
