//! The engine by itself: one process for each figure, on one store.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::measure::{median, wall_ms};
use super::table::Table;
use crate::run::{TaskError, command, output};

/// The synthetic graph of one size, and where its store lies.
pub(super) struct Graph<'a> {
    program: &'a Path,
    store: PathBuf,
    size: u64,
}

impl<'a> Graph<'a> {
    /// The store is that of a check whose cache folder is `cache`.
    pub(super) fn new(program: &'a Path, cache: &Path, size: u64) -> Graph<'a> {
        Graph { program, store: cache.join("store"), size }
    }

    /// Cold, unchanged, an input changed, the items' plugin upgraded; each in a process of its own.
    pub(super) fn measure(&self, runs: usize, table: &mut Table) -> Result<(), TaskError> {
        let cold = self.task("fill")?;
        let per_memo = |name: &str| number(&cold, name) / number(&cold, "executed");
        table.add(
            "cold, until answered, µs for each memo",
            "≤ 20, ≤ 120 where the disk is waited for",
            per_memo("answered_us"),
        );
        table.add("cold, until committed, µs for each memo", "≤ 120", per_memo("flushed_us"));

        let again = self.task("fill")?;
        expect(&again, "executed", 0.0)?;
        let ms = median(runs, || Ok(wall_ms(&mut self.command("fill"))?.0))?;
        table.add("unchanged, the engine as a whole process, ms", "≤ 25, 50, 100", ms);
        table.add("its memory, MB", "the same for all", number(&again, "peak_kb") / 1e3);

        let day = self.task("day")?;
        table.add("an input of one item changed: queries that ran", "1", number(&day, "executed"));
        table.add("the same, ms", "less than cold", number(&day, "answered_us") / 1e3);

        let upgrade = self.task("upgrade")?;
        table.add(
            "plugin upgraded, equal answers: callers that ran",
            "0",
            number(&upgrade, "executed_above"),
        );
        let ratio = number(&upgrade, "flushed_us") / number(&cold, "flushed_us");
        table.add("the same, time of cold, where a query costs nothing", "—", ratio);
        Ok(())
    }

    /// A hit in the session, µs.
    pub(super) fn hit_us(&self) -> Result<f64, TaskError> {
        Ok(number(&self.task("hit")?, "hit_ns") / 1e3)
    }

    /// Queries of 2 ms, up to 33 at a time (one on the asker's own thread): the ideal time in per cent of the real one; and the time
    /// when all are remembered, run again and answer the same, as a part of that.
    pub(super) fn parallel(&self) -> Result<(f64, f64), TaskError> {
        let cold = number(&self.task("parallel")?, "answered_us");
        let again = self.task("revalidate")?;
        expect(&again, "executed", self.size as f64)?;
        Ok((self.size as f64 * 2e3 / 33.0 / cold * 100.0, number(&again, "answered_us") / cold))
    }

    fn command(&self, task: &str) -> std::process::Command {
        let mut graph = command(self.program);
        graph.arg(task).arg(&self.store).arg(self.size.to_string());
        graph
    }

    fn task(&self, task: &str) -> Result<Value, TaskError> {
        let printed = output(&mut self.command(task))?;
        serde_json::from_str(&printed)
            .map_err(|e| TaskError::new(format!("graph {task} printed no JSON: {e}")))
    }
}

pub(super) fn number(figures: &Value, name: &str) -> f64 {
    figures[name].as_f64().unwrap_or(f64::NAN)
}

/// What must hold for the figures to mean anything.
pub(super) fn expect(figures: &Value, name: &str, value: f64) -> Result<(), TaskError> {
    match number(figures, name) {
        found if found == value => Ok(()),
        found => Err(TaskError::new(format!(
            "{name} is {found}, not {value}: what was to be measured did not happen"
        ))),
    }
}
