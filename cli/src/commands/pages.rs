//! `probity completions` and `probity man`: made from the command line's own definition.

use clap::CommandFactory;

use crate::args::Cli;
use crate::commands::{Context, Ended};
use crate::error::CliError;

pub(crate) fn completions(cx: &Context, shell: clap_complete::Shell) -> Ended {
    let mut page = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "probity", &mut page);
    cx.result(&String::from_utf8_lossy(&page))
}

/// The page of the program, then those of its commands.
pub(crate) fn man(cx: &Context) -> Ended {
    let mut page = Vec::new();
    let mut command = Cli::command();
    // Names the pages of the commands `probity-check` and so on.
    command.build();
    render(&command, &mut page).map_err(|e| CliError::failed(&e))?;
    cx.result(&String::from_utf8_lossy(&page))
}

fn render(command: &clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(page)?;
    command.get_subcommands().filter(|sub| sub.get_name() != "help").try_for_each(|sub| render(sub, page))
}
