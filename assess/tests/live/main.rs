//! A session that outlives its checks, with real, confined processes. This program is its own plugins: started by the
//! sandbox, `main` runs the built-in of that name; otherwise it runs the tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod lab;
mod plugins;
mod tests;
mod tokens;

use std::io::{Write as _, stdout};
use std::panic::catch_unwind;
use std::process::ExitCode;

fn main() -> ExitCode {
    match probity_sandbox::launched() {
        Ok(Some(confined)) => return plugins::run(&confined.arguments),
        Ok(None) => {}
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            return ExitCode::FAILURE;
        }
    }
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let chosen = |name: &str| filter.as_deref().is_none_or(|filter| name.contains(filter));
    let mut all_passed = true;
    for (name, test) in tests::ALL.iter().chain(tokens::ALL).filter(|(name, _)| chosen(name)) {
        let passed = catch_unwind(test).is_ok();
        let _ = writeln!(stdout(), "test {name} ... {}", if passed { "ok" } else { "FAILED" });
        all_passed &= passed;
    }
    if all_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
