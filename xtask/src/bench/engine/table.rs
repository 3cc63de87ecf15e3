//! The figures beside their targets, a column for each size of the graph.

use std::path::Path;

use super::graph::Graph;
use crate::bench::table::FILE;
use crate::run::{Done, TaskError, root};

const BEGIN: &str = "<!-- engine: written by `cargo xtask bench engine --save` -->";
const END: &str = "<!-- end of engine -->";
/// What the grain of the engine is measured on.
const GRAIN: u64 = 10_000;

/// A table that grows row by row, size by size.
pub(super) struct Table {
    sizes: Vec<u64>,
    rows: Vec<Row>,
}

struct Row {
    what: String,
    target: String,
    figures: Vec<f64>,
}

impl Table {
    pub(super) fn new(sizes: &[u64]) -> Table {
        Table { sizes: sizes.to_vec(), rows: Vec::new() }
    }

    /// Adds the figure of the next size to a row, which is made with the first.
    pub(super) fn add(&mut self, what: &str, target: &str, figure: f64) {
        match self.rows.iter_mut().find(|row| row.what == what) {
            Some(row) => row.figures.push(figure),
            None => self.rows.push(Row { what: what.into(), target: target.into(), figures: vec![figure] }),
        }
    }

    /// What does not depend on the size of the store.
    pub(super) fn grain(&mut self, sizes: &[u64], program: &Path) -> Done {
        let folder = tempfile::tempdir()?;
        let graph = |name: &str| Graph::new(program, &folder.path().join(name), GRAIN);
        let hit = graph("hit").hit_us()?;
        let (parallel, again) = graph("parallel").parallel()?;
        for _ in sizes {
            self.add("a hit in the session, asked by name, µs", "≤ 5", hit);
            self.add("parallel efficiency, 10,000 queries of 2 ms, %", "≥ 80", parallel);
            self.add("these re-validated, all answers equal, time of cold", "≤ 1", again);
        }
        Ok(())
    }

    pub(super) fn shown(&self) -> String {
        let sizes: String = self.sizes.iter().map(|size| format!(" {size} memos |")).collect();
        let lines: String = self.rows.iter().map(Row::line).collect();
        format!("| | target |{sizes}\n|---|---|{}\n{lines}", "---|".repeat(self.sizes.len()))
    }

    /// Puts the table into its place in the file, in place of the last one.
    pub(super) fn save(&self) -> Done {
        let file = root().join(FILE);
        let text = std::fs::read_to_string(&file)?;
        let missing = || TaskError::new(format!("{} has no place for the engine's figures", file.display()));
        let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
        let (_, after) = rest.split_once(END).ok_or_else(missing)?;
        std::fs::write(&file, format!("{before}{BEGIN}\n{}{END}{after}", self.shown()))?;
        Ok(())
    }
}

impl Row {
    fn line(&self) -> String {
        let figures: String = self.figures.iter().map(|figure| format!(" {} |", short(*figure))).collect();
        format!("| {} | {} |{figures}\n", self.what, self.target)
    }
}

/// Three digits that count.
fn short(figure: f64) -> String {
    match figure.abs() {
        size if size < 100.0 && figure.fract() == 0.0 => format!("{figure:.0}"),
        size if size < 10.0 => format!("{figure:.2}"),
        size if size < 100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn rows_grow_by_size_and_counts_have_no_digits_to_spare() {
        let mut table = Table::new(&[10, 20]);
        for figure in [0.0, 1234.5] {
            table.add("time, ms", "≤ 5", figure);
            table.add("ratio", "≤ 1", 0.5);
        }
        assert_eq!(
            table.shown(),
            "| | target | 10 memos | 20 memos |\n|---|---|---|---|\n| time, ms | ≤ 5 | 0 | 1234 |\n| ratio | ≤ 1 | 0.50 | 0.50 |\n"
        );
    }
}
