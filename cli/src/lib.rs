//! The command line of Probity: arguments, commands, renderers, exit status. What an editor would need too lies in `assess`.
//!
//! [`main`] first looks whether this process was started as a plugin: then it is confined already, and runs that plugin's code.

mod args;
mod builtin;
mod commands;
mod error;
mod exit;
mod paths;
mod printer;
mod progress;
mod render;
mod size;
mod subject;
mod watch;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use args::{Cli, Command};
use commands::{Context, Ended};
use exit::Exit;
use printer::Printer;

/// The whole program.
pub fn main() -> ExitCode {
    probity_sandbox::share_one_heap();
    match probity_sandbox::launched() {
        Ok(None) => person(),
        Ok(Some(confined)) => plugin(&confined.arguments),
        // Half confined is not confined: nothing of the plugin runs.
        Err(error) => {
            Printer::log(&format!("cannot confine this process: {error}"));
            Exit::Failed.into()
        }
    }
}

/// Runs as the built-in plugin that the host named.
fn plugin(arguments: &[String]) -> ExitCode {
    let name = arguments.first().map(String::as_str).unwrap_or_default();
    builtin::run(name).unwrap_or_else(|| {
        Printer::log(&format!("there is no built-in plugin {name:?}"));
        Exit::Failed.into()
    })
}

/// Runs as the command that a person or a script gave.
fn person() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; clap knows which stream each belongs on.
            let status = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            return if error.print().is_ok() { status.into() } else { Exit::Failed.into() };
        }
    };
    let printer = Printer::new(&cli.global);
    log(&cli);
    match dispatch(&Context { printer, verbose: cli.global.verbose > 0 }, &cli.command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            printer.error(&error.shown(printer.colored_stderr()));
            error.exit().into()
        }
    }
}

fn dispatch(cx: &Context, command: &Command) -> Ended {
    match command {
        Command::Check(args) if args.watch => commands::watch::watch(cx, args),
        Command::Check(args) => commands::check::check(cx, args),
        Command::Init(args) => commands::init::init(cx, args),
        Command::Trust(args) => commands::trust::trust(cx, args),
        Command::Explain(args) => commands::explain::explain(cx, args),
        Command::Why(args) => commands::why::why(cx, args),
        Command::Plugin(command) => commands::plugin::plugin(cx, command),
        Command::Schema(args) => commands::schema::schema(cx, args),
        Command::State(args) => commands::state::state(cx, args),
        Command::Cache(command) => commands::cache::cache(cx, command),
        Command::Doctor => commands::doctor::doctor(cx),
        Command::Completions { shell } => commands::pages::completions(cx, *shell),
        Command::Man => commands::pages::man(cx),
    }
}

/// Our own log, for those who look for a fault: `-v`, `-vv`.
fn log(cli: &Cli) {
    let level = match cli.global.verbose {
        0 => return,
        1 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    // Libraries write about their inside; ours is what says where a check's time goes.
    let ours = Targets::new().with_default(tracing::Level::WARN).with_target("probity", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}
