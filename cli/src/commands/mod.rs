//! One file per command. Each takes the context and its arguments, prints through the printer, and returns how it ended.

pub(crate) mod cache;
pub(crate) mod check;
pub(crate) mod determinism;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod learn;
pub(crate) mod pages;
pub(crate) mod permissions;
pub(crate) mod plugin;
pub(crate) mod schema;
pub(crate) mod state;
pub(crate) mod trace;
pub(crate) mod trust;
pub(crate) mod watch;
pub(crate) mod why;

use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;

/// What every command is given.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) printer: Printer,
    pub(crate) verbose: bool,
}

/// How a command ended, or why it could not be done.
pub(crate) type Ended = Result<Exit, CliError>;

impl Context {
    /// Prints a result.
    pub(crate) fn result(&self, text: &str) -> Ended {
        self.printer.result(text).map_err(|e| CliError::failed(&e))?;
        Ok(Exit::Success)
    }
}
