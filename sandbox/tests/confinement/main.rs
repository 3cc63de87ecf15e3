//! What a hostile plugin can do: each attack is first shown to succeed in a free process, then to fail in a confined one.
//!
//! This program is the tests, the hostile plugin and, where a host has to die, the host. Arguments that are no options
//! choose the tests whose names contain one of them.
#![allow(unsafe_code, reason = "attacks are system calls, many of which no library offers")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a test and its runner"
)]

/// The tests of one subject, named after their functions.
macro_rules! tests {
    ($subject:literal: $($test:ident)+) => {
        vec![$((concat!($subject, "::", stringify!($test)).to_owned(), Box::new($test) as Box<dyn Fn()>),)+]
    };
}

mod attacks;
mod cases;
mod compatibility;
mod entries;
mod hostile;
mod keeping;
mod lab;
mod life;
mod refusals;
mod same;
mod sight;
mod table;
mod tracing;
mod users;
mod violations;
mod workloads;

use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::rc::Rc;

type Test = (String, Box<dyn Fn()>);

fn main() -> ExitCode {
    let _early = hostile::started_too_early();
    match probity_sandbox::launched() {
        Ok(Some(confined)) => return hostile::run(&confined.arguments),
        Ok(None) => {}
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == lab::HOSTILE => hostile::run(rest),
        Some((first, rest)) if first == lab::SAME => same::run(rest),
        Some((first, rest)) if first == lab::HOST => life::host(rest),
        _ => run_tests(&arguments),
    }
}

fn run_tests(arguments: &[String]) -> ExitCode {
    // SAFETY: there is no other thread yet.
    unsafe { std::env::set_var(lab::SECRET_VARIABLE, "treasure") };
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let table = Rc::default();
    let tests = [
        attacks::tests(&table),
        entries::tests(),
        life::tests(),
        refusals::tests(),
        users::tests(),
        violations::tests(),
        workloads::tests(),
        compatibility::tests(),
        sight::tests(),
        keeping::tests(),
        tracing::tests(),
    ];
    let tests: Vec<Test> = tests.into_iter().flatten().filter(|(name, _)| chosen(name)).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let passed = run_all(&tests);
    let passed = users::as_both(arguments, &table.borrow()) && passed;
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_all(tests: &[Test]) -> bool {
    let mut failed = Vec::new();
    for (name, test) in tests {
        print!("test {name} ... ");
        let _ = std::io::stdout().flush();
        match panic::catch_unwind(AssertUnwindSafe(test)) {
            Ok(()) => println!("ok"),
            Err(_) => {
                println!("FAILED");
                failed.push(name);
            }
        }
    }
    println!("\n{} passed, {} failed {failed:?}", tests.len() - failed.len(), failed.len());
    failed.is_empty()
}
