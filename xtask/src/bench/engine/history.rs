//! Whole checks of a real history by a program whose store holds the synthetic graph besides.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::graph::{expect, number};
use super::measure::{median, wall_ms};
use super::table::Table;
use crate::run::{TaskError, command, output, root};

/// One repository, checked with one cache.
pub(super) struct History<'a> {
    program: &'a Path,
    repository: PathBuf,
    cache: &'a Path,
    /// Policies, and a plugin that is upgraded.
    folder: TempDir,
}

impl<'a> History<'a> {
    pub(super) fn new(program: &'a Path, repository: &Path, cache: &'a Path) -> Result<Self, TaskError> {
        let repository = repository
            .canonicalize()
            .map_err(|e| TaskError::new(format!("cannot open {}: {e}", repository.display())))?;
        Ok(History { program, repository, cache, folder: tempfile::tempdir()? })
    }

    /// Cold, one more commit, unchanged, a threshold edited, a plugin upgraded, in this order.
    pub(super) fn measure(&self, runs: usize, table: &mut Table) -> Result<(), TaskError> {
        let name = self.repository.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut add =
            |what: &str, target: &str, figure: f64| table.add(&format!("{name}: {what}"), target, figure);
        let cold = self.check(&["--rev", "HEAD~1"])?;
        add("cold check, ms", "", number(&cold, "wall_ms"));
        let more = self.check(&[])?;

        let again = self.check(&[])?;
        expect(&again, "plugin_processes", 0.0)?;
        expect(&again, "executed", 0.0)?;
        let again_ms = median(runs, || Ok(wall_ms(&mut self.command(&[]))?.0))?;
        add("unchanged check, whole process, ms", "≤ 25, 50, 100", again_ms);
        add("one more commit, ms over unchanged", "≤ 100", number(&more, "wall_ms") - again_ms);

        let policy = |days: u32| {
            self.policy(
                "threshold.kdl",
                &format!("analysis \"activity\" policy=\"value.days <= {days}\"\n"),
                "",
            )
        };
        self.check(&["--policy", &policy(400)?])?;
        let edited = self.check(&["--policy", &policy(401)?])?;
        add("threshold edited: plugin calls", "0", number(&edited, "plugin_calls"));

        let before = self.check(&["--policy", &self.upgraded("")?])?;
        let after = self.check(&["--policy", &self.upgraded("\n# Another version, the same answers.\n")?])?;
        expect(&before, "executed", 3.0)?;
        add("plugin upgraded: queries that ran (its own are 3)", "3", number(&after, "executed"));
        Ok(())
    }

    fn command(&self, further: &[&str]) -> Command {
        let mut check = command(self.program);
        check.arg("check").arg(&self.repository).args(["--stats", "--now", "2026-11-21"]).args(further);
        check
            .env("PROBITY_CACHE_DIR", self.cache)
            .env("PROBITY_CONFIG_DIR", self.folder.path().join("config"));
        check
    }

    /// The line of `--stats` of one check, which must end with a verdict.
    fn check(&self, further: &[&str]) -> Result<Value, TaskError> {
        let mut check = self.command(further);
        let done = check.stdin(Stdio::null()).output()?;
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let stats =
            said.lines().find(|line| line.starts_with('{')).and_then(|line| serde_json::from_str(line).ok());
        match (stats, done.status.code()) {
            (Some(stats), Some(0 | 1)) => Ok(stats),
            _ => Err(TaskError::new(format!("{check:?} ended with {}\n{said}", done.status))),
        }
    }

    /// A policy of one analysis; returns its path.
    fn policy(&self, name: &str, analysis: &str, plugins: &str) -> Result<String, TaskError> {
        let file = self.folder.path().join(name);
        std::fs::write(
            &file,
            format!("{plugins}analyze {{\n  investigate policy=\"score > 0.5\"\n  {analysis}}}\n"),
        )?;
        Ok(file.to_string_lossy().into_owned())
    }

    /// A policy with a plugin in Python to whose program `more` was added.
    fn upgraded(&self, more: &str) -> Result<String, TaskError> {
        let (from, to) = (root().join("tests/plugins/sample"), self.folder.path().join("sample"));
        std::fs::create_dir_all(&to)?;
        std::fs::copy(from.join("plugin.kdl"), to.join("plugin.kdl"))?;
        let text = std::fs::read_to_string(from.join("sample.py"))?;
        std::fs::write(to.join("sample.py"), text + more)?;
        let hash = output(command(self.program).args(["plugin", "hash"]).arg(&to))?;
        let plugins = format!(
            "plugins {{\n  plugin \"acme/tools/sample\" path=\"sample\" sha256={:?}\n}}\n",
            hash.trim()
        );
        self.policy("sample.kdl", "analysis \"name\" plugin=\"acme/tools/sample\"\n", &plugins)
    }
}
