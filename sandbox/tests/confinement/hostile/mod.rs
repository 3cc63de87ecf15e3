//! The hostile plugin: one function for each attack. It prints `through` if the attack succeeded.

mod files;
mod filling;
mod kernel;
mod metadata;
mod naming;
mod network;
mod others;
mod pretence;
mod privileges;
mod processes;
mod programs;
mod resources;
mod seclusion;
mod sight;
mod work;

use std::io::{self, Write};
use std::process::ExitCode;

pub(crate) type Attack = fn(&[&str]) -> io::Result<()>;

/// The name of a program that has more than one thread before it is a launcher.
pub(crate) const EARLY_THREAD: &str = "early-thread";

pub(crate) fn started_too_early() -> Option<std::thread::JoinHandle<()>> {
    let asked = std::env::args().next().is_some_and(|name| name == EARLY_THREAD);
    asked.then(|| std::thread::spawn(std::thread::park))
}

pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some((name, rest)) = arguments.split_first() else { return ExitCode::FAILURE };
    let tables =
        [files::ATTACKS, network::ATTACKS, processes::ATTACKS, resources::ATTACKS, pretence::ATTACKS];
    let more = [kernel::ATTACKS, metadata::ATTACKS, others::ATTACKS, privileges::ATTACKS];
    let tables = tables.into_iter().chain(more).chain([
        seclusion::ATTACKS,
        filling::ATTACKS,
        programs::ATTACKS,
        sight::LOOK,
        naming::NAMING,
        work::WORK,
    ]);
    let Some((_, attack)) = tables.flatten().find(|(known, _)| known == name) else {
        eprintln!("there is no attack {name}");
        return ExitCode::FAILURE;
    };
    match attack(rest) {
        Ok(()) => {
            let _ = io::stdout().write_all(b"through\n");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stdout(), "denied: {error}");
            ExitCode::from(3)
        }
    }
}

/// The last error if `result` is negative.
fn check(result: impl Into<i64>) -> io::Result<i64> {
    let result = result.into();
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn effect(seen: bool) -> io::Result<()> {
    if seen { Ok(()) } else { Err(io::Error::other("it had no effect")) }
}

fn text(string: &str) -> std::ffi::CString {
    std::ffi::CString::new(string).unwrap()
}
