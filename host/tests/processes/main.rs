//! The host with real, confined processes. This program is its own plugins: started by the sandbox, `main` runs the
//! built-in of that name, and started as `native`, the plugin of that name; otherwise it runs the tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "../common/mod.rs"]
mod common;

mod builtins;
mod hostile;
mod tests;

use std::io::{Write as _, stdout};
use std::panic::catch_unwind;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    match probity_sandbox::launched() {
        Ok(Some(confined)) => return builtins::run(&confined.arguments),
        Ok(None) => {}
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            return ExitCode::FAILURE;
        }
    }
    let mut arguments = std::env::args();
    if arguments.next().is_some_and(|program| Path::new(&program).ends_with("native")) {
        return builtins::run(&["native".to_owned()]);
    }
    run_tests(arguments.find(|argument| !argument.starts_with('-')))
}

/// Runs the tests whose name holds `filter`, or all.
fn run_tests(filter: Option<String>) -> ExitCode {
    let chosen = |name: &str| filter.as_deref().is_none_or(|filter| name.contains(filter));
    let mut failed = Vec::new();
    for (name, test) in tests::ALL.iter().filter(|(name, _)| chosen(name)) {
        let passed = catch_unwind(test).is_ok();
        let _ = writeln!(stdout(), "test {name} ... {}", if passed { "ok" } else { "FAILED" });
        if !passed {
            failed.push(*name);
        }
    }
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
