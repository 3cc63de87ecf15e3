//! `cargo xtask bench`: whole checks of real histories with the release build, against git on the same history and against the
//! figures that `docs/performance.md` holds. Medians of several runs; ratios are what counts, for machines differ.

mod measure;
mod scenario;
mod table;

use std::path::PathBuf;

use crate::run::{Done, TaskError, cargo, print, root, run};
use scenario::Scenario;

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// Repositories to check; without any, this project's own.
    repositories: Vec<PathBuf>,
    /// Counted runs of each measure; the median is printed.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Writes the figures into docs/performance.md.
    #[arg(long)]
    save: bool,
}

/// Measures every repository and prints a row for each.
pub(crate) fn bench(args: &BenchArgs) -> Done {
    if args.runs == 0 {
        return Err(TaskError::new("--runs must be at least 1"));
    }
    run(cargo().args(["build", "--release", "--locked", "--package", "probity"]))?;
    let program = root().join("target/release/probity");
    let repositories = if args.repositories.is_empty() { vec![root()] } else { args.repositories.clone() };
    let before = table::read(&root().join(table::FILE))?;
    let mut rows = Vec::new();
    for repository in repositories {
        let row = Scenario::new(&program, &repository)?.row(args.runs)?;
        print(&row.shown(before.get(&row.name)));
        rows.push(row);
    }
    if args.save { table::write(&root().join(table::FILE), before, rows) } else { Ok(()) }
}
