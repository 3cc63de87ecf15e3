//! The project's own tasks: `cargo xtask --help`. Starts programs and prints; knows nothing of Probity's insides.

mod attacks;
mod bench;
mod generated;
mod layers;
mod licences;
mod run;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks for those who work on Probity.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Format, lints, layers, licences and generated files.
    Check,
    /// Installs what the tests need, runs `check`, then every test.
    Test {
        /// Passed on to `cargo test`, after `--workspace`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Tries every attack on the sandbox, free and confined, as root and as an ordinary user, and prints what came of each.
    Attacks,
    /// Fails where a crate depends on one that its layer must not know.
    Layers,
    /// Fails where a dependency's licence is not among those that Probity accepts.
    Licences,
    /// Writes the generated files (schemas, the command's reference) anew.
    Generate {
        /// Only tells which of them are out of date, and fails if any is.
        #[arg(long)]
        check: bool,
    },
    /// Times the release build on real histories, against git and against the figures of docs/performance.md.
    Bench(bench::BenchArgs),
}

fn main() -> ExitCode {
    let done = match Args::parse().task {
        Task::Check => test::check(),
        Task::Test { rest } => test::test(&rest),
        Task::Attacks => attacks::attacks(),
        Task::Layers => layers::check(),
        Task::Licences => licences::check(),
        Task::Generate { check } => generated::generate(check),
        Task::Bench(args) => bench::bench(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            run::say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
