//! Running other programs, and saying what is being done.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

/// Why a task did not succeed: a sentence for the person who ran it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct TaskError(String);

impl TaskError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        TaskError(message.into())
    }
}

impl From<std::io::Error> for TaskError {
    fn from(error: std::io::Error) -> Self {
        TaskError(error.to_string())
    }
}

pub(crate) type Done = Result<(), TaskError>;

/// Prints one line for the person.
#[allow(clippy::print_stderr, reason = "a task talks to the person who runs it")]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// Prints one line of a task's result.
#[allow(clippy::print_stdout, reason = "a task's result")]
pub(crate) fn print(line: &str) {
    println!("{line}");
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

/// A command in the root of the workspace.
#[allow(clippy::disallowed_methods, reason = "the ban is for the product")]
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The cargo that runs this task.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a command whose output goes to the terminal.
pub(crate) fn run(command: &mut Command) -> Done {
    say(&format!("$ {}", shown(command)));
    let status =
        command.status().map_err(|e| TaskError::new(format!("cannot start {}: {e}", shown(command))))?;
    if status.success() {
        Ok(())
    } else {
        Err(TaskError::new(format!("{} ended with {status}", shown(command))))
    }
}

/// Runs a command and returns what it printed on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, TaskError> {
    let output =
        command.output().map_err(|e| TaskError::new(format!("cannot start {}: {e}", shown(command))))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(TaskError::new(format!("{} ended with {}\n{stderr}", shown(command), output.status)));
    }
    String::from_utf8(output.stdout).map_err(|e| TaskError::new(format!("{} printed {e}", shown(command))))
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
