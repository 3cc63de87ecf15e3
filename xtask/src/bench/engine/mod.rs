//! `cargo xtask bench engine`: the engine by itself on a synthetic graph of several sizes, and whole checks of real histories whose
//! store holds that graph besides. The targets stand beside the figures.

mod graph;
mod history;
mod table;

use std::path::PathBuf;

use super::measure;
use crate::run::{Done, TaskError, cargo, print, run, say};
use graph::Graph;
use history::History;
use table::Table;

/// Options of the engine's benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct EngineArgs {
    /// Repositories to check besides; each needs two commits at least.
    repositories: Vec<PathBuf>,
    /// Sizes of the synthetic graph, in memos.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000", value_name = "MEMOS")]
    sizes: Vec<u64>,
    /// Counted runs of what is fast; the median is printed.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Measures this program in place of a release build.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Writes the table into docs/performance.md.
    #[arg(long)]
    save: bool,
}

/// Measures everything and prints the table.
pub(crate) fn bench(args: &EngineArgs) -> Done {
    if args.runs == 0 || args.sizes.is_empty() {
        return Err(TaskError::new("--runs and --sizes must not be empty"));
    }
    let graph = example()?;
    let program = match &args.program {
        Some(program) => program.canonicalize()?,
        None => super::release()?,
    };
    let mut table = Table::new(&args.sizes);
    for size in &args.sizes {
        say(&format!("a graph of {size} memos"));
        let cache = tempfile::tempdir()?;
        let graph = Graph::new(&graph, cache.path(), *size);
        graph.measure(args.runs, &mut table)?;
        for repository in &args.repositories {
            History::new(&program, repository, cache.path())?.measure(args.runs, &mut table)?;
        }
    }
    table.grain(&args.sizes, &graph)?;
    print(&table.shown());
    if args.save { table.save() } else { Ok(()) }
}

/// The synthetic graph as a program, built with optimisation.
fn example() -> Result<PathBuf, TaskError> {
    run(cargo().args([
        "build",
        "--release",
        "--locked",
        "--package",
        "probity-engine",
        "--example",
        "graph",
    ]))?;
    Ok(super::built().join("examples/graph"))
}
