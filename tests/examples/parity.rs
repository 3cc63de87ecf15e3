//! Prints the numbers of all metrics with `compat` for a repository, to be held against `tests/parity/hipcheck.py`:
//!
//! ```text
//! cargo run -p probity-tests --example parity -- REPOSITORY 2026-11-21
//! ```
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a program for the developer")]

#[path = "../parity/world.rs"]
mod world;

use std::path::Path;
use std::process::Command;

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [repository, day] = arguments.as_slice() else {
        return Err("usage: parity REPOSITORY YYYY-MM-DD".into());
    };
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(repository).args(arguments).output();
        let output = output.map_err(|error| format!("git cannot be run: {error}"))?;
        Ok::<_, String>(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let git_dir = git(&["rev-parse", "--absolute-git-dir"])?;
    let world = world::World::new(
        Path::new(&git_dir),
        &git(&["rev-parse", "HEAD"])?,
        &git(&["rev-parse", "HEAD^{tree}"])?,
        day,
    );
    let numbers = world::numbers(&world).map_err(|error| error.message().to_owned())?;
    println!("{numbers}");
    Ok(())
}
