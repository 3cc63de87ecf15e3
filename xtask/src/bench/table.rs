//! The table of figures in `docs/performance.md`: read to compare with, written with `--save`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::run::{Done, TaskError};

/// The file that holds the table, relative to the root.
pub(in crate::bench) const FILE: &str = "docs/performance.md";

const BEGIN: &str = "<!-- figures: written by `cargo xtask bench --save` -->";
const END: &str = "<!-- end of figures -->";
const HEAD: &str = "| history | commits | git log, s | cold, s | cold / git | cold, MB | unchanged, ms | one more commit, ms | threshold edited, ms |\n\
                    |---|---|---|---|---|---|---|---|---|\n";

/// The figures of one repository.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) commits: u64,
    pub(super) git_ms: f64,
    pub(super) cold_ms: f64,
    pub(super) cold_mb: f64,
    pub(super) again_ms: f64,
    pub(super) commit_ms: f64,
    pub(super) edited_ms: f64,
}

impl Row {
    fn line(&self) -> String {
        format!(
            "| {} | {} | {:.2} | {:.2} | {:.2} | {:.0} | {:.1} | {:.0} | {:.1} |\n",
            self.name,
            self.commits,
            self.git_ms / 1e3,
            self.cold_ms / 1e3,
            self.cold_ms / self.git_ms,
            self.cold_mb,
            self.again_ms,
            self.commit_ms,
            self.edited_ms
        )
    }

    fn parse(line: &str) -> Option<Row> {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let [name, commits, git, cold, _ratio, mb, again, commit, edited] = cells[..] else { return None };
        let number = |cell: &str| cell.parse::<f64>().ok();
        Some(Row {
            name: name.to_owned(),
            commits: commits.parse().ok()?,
            git_ms: number(git)? * 1e3,
            cold_ms: number(cold)? * 1e3,
            cold_mb: number(mb)?,
            again_ms: number(again)?,
            commit_ms: number(commit)?,
            edited_ms: number(edited)?,
        })
    }

    /// The figures for a person, each with its ratio to the one of `before`.
    pub(super) fn shown(&self, before: Option<&Row>) -> String {
        let than = |now: f64, field: fn(&Row) -> f64| match before {
            Some(row) if field(row) > 0.0 => format!(" ({:.2} of the last)", now / field(row)),
            _ => String::new(),
        };
        format!(
            "{}: {} commits\n  git log --numstat      {:9.1} ms{}\n  cold check             {:9.1} ms{}, {:.2} of git\n  \
             memory, all processes  {:9.1} MB{}\n  unchanged re-check     {:9.1} ms{}\n  one more commit        {:9.1} ms{}\n  \
             threshold edited       {:9.1} ms{}",
            self.name,
            self.commits,
            self.git_ms,
            than(self.git_ms, |row| row.git_ms),
            self.cold_ms,
            than(self.cold_ms, |row| row.cold_ms),
            self.cold_ms / self.git_ms,
            self.cold_mb,
            than(self.cold_mb, |row| row.cold_mb),
            self.again_ms,
            than(self.again_ms, |row| row.again_ms),
            self.commit_ms,
            than(self.commit_ms, |row| row.commit_ms),
            self.edited_ms,
            than(self.edited_ms, |row| row.edited_ms),
        )
    }
}

/// The rows of the file's table by name.
pub(super) fn read(file: &Path) -> Result<BTreeMap<String, Row>, TaskError> {
    let text = std::fs::read_to_string(file)?;
    let rows = parts(&text).map_or("", |(_, rows, _)| rows);
    Ok(rows.lines().filter_map(Row::parse).map(|row| (row.name.clone(), row)).collect())
}

/// Puts the rows into the file's table, in place of those of the same name.
pub(super) fn write(file: &Path, mut rows: BTreeMap<String, Row>, fresh: Vec<Row>) -> Done {
    rows.extend(fresh.into_iter().map(|row| (row.name.clone(), row)));
    let text = std::fs::read_to_string(file)?;
    let (before, _, after) =
        parts(&text).ok_or_else(|| TaskError::new(format!("{} has no place for figures", file.display())))?;
    let mut rows: Vec<Row> = rows.into_values().collect();
    rows.sort_by_key(|row| row.commits);
    let table: String = rows.iter().map(Row::line).collect();
    std::fs::write(file, format!("{before}{BEGIN}\n{HEAD}{table}{END}{after}"))?;
    Ok(())
}

fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (rows, after) = rest.split_once(END)?;
    Some((before, rows, after))
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn a_row_is_read_back_as_it_was_written() {
        let row = Row {
            name: "history".into(),
            commits: 4625,
            git_ms: 1530.0,
            cold_ms: 1080.0,
            cold_mb: 95.0,
            again_ms: 12.5,
            commit_ms: 80.0,
            edited_ms: 14.0,
        };
        assert_eq!(row.line(), "| history | 4625 | 1.53 | 1.08 | 0.71 | 95 | 12.5 | 80 | 14.0 |\n");
        assert_eq!(Row::parse(&row.line()), Some(row));
    }
}
