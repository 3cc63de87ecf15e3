//! `cargo xtask bench`: whole checks of real histories with the release build, against git on the same history and against the
//! figures that `docs/performance.md` holds. Medians of several runs; ratios are what counts, for machines differ.

mod engine;
mod measure;
mod scenario;
mod table;

use std::path::PathBuf;

use crate::run::{Done, TaskError, cargo, print, root, run};
use scenario::Scenario;

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    part: Option<Part>,
    /// Repositories to check; without any, this project's own.
    repositories: Vec<PathBuf>,
    /// Counted runs of each measure; the median is printed.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Writes the figures into docs/performance.md.
    #[arg(long)]
    save: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Part {
    /// Times the engine on synthetic graphs and on real histories, against its targets.
    Engine(engine::EngineArgs),
}

/// Measures every repository and prints a row for each.
pub(crate) fn bench(args: &BenchArgs) -> Done {
    if let Some(Part::Engine(args)) = &args.part {
        return engine::bench(args);
    }
    if args.runs == 0 {
        return Err(TaskError::new("--runs must be at least 1"));
    }
    let program = release()?;
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

/// The program, built as it is released.
fn release() -> Result<PathBuf, TaskError> {
    run(cargo().args(["build", "--release", "--locked", "--package", "probity"]))?;
    Ok(built().join("probity"))
}

/// Where release builds lie.
fn built() -> PathBuf {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    folder.map_or_else(|| root().join("target"), |folder| root().join(folder)).join("release")
}
