//! `cargo xtask check` and `cargo xtask test`: what a change must pass. The second one calls the first.

use crate::run::{Done, TaskError, cargo, command, output, run, say};
use crate::{generated, layers, licences};

/// Programs that the tests call, and the Debian package that brings each.
const PROGRAMS: &[(&str, &str)] = &[
    ("git", "git"),
    ("strace", "strace"),
    ("python3", "python3"),
    ("node", "nodejs"),
    ("musl-gcc", "musl-tools"),
];

/// Everything that needs no test to run.
pub(crate) fn check() -> Done {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    layers::check()?;
    licences::check()?;
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))?;
    generated::generate(true)
}

/// Installs what is missing, checks, and runs every test of the workspace.
pub(crate) fn test(rest: &[String]) -> Done {
    install()?;
    check()?;
    run(cargo().args(["test", "--workspace", "--locked"]).args(rest))
}

/// The parts of the toolchain that the checks use; a minimal installation lacks them.
const COMPONENTS: &[(&str, &str)] = &[("fmt", "rustfmt"), ("clippy", "clippy")];

fn install() -> Done {
    for (subcommand, component) in COMPONENTS {
        if output(cargo().args([subcommand, "--version"])).is_err() {
            run(command("rustup").args(["component", "add", component]))?;
        }
    }
    programs()
}

fn programs() -> Done {
    let missing: Vec<&str> =
        PROGRAMS.iter().filter(|(program, _)| !is_installed(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    say(&format!("installing {}", missing.join(", ")));
    run(command("apt-get").arg("update"))
        .and_then(|()| {
            run(command("apt-get").args(["install", "--yes", "--no-install-recommends"]).args(&missing))
        })
        .map_err(|e| {
            TaskError::new(format!("{e}\nhint: install {} yourself, then run this again", missing.join(", ")))
        })
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
