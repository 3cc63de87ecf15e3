//! Finds what is fetched and run: through a pipe, through a substitution, or through a file that nothing is compared with.

use super::programs::{self, Runs};
use super::words::Command;
use super::{Act, Sort};

/// So many commands after `iex` are looked at, and so many files that were fetched are known at a time.
const BESIDE: usize = 16;
const FILES: usize = 256;

/// Adds what these commands fetch and run.
pub(super) fn find(commands: &[Command], acts: &mut Vec<Act>) {
    through_pipes(commands, acts);
    through_files(commands, acts);
    for (at, command) in commands.iter().enumerate() {
        through_substitution(command, &commands[at + 1..], acts);
        // The text of a here document is run by a shell alone.
        let document = command.words.iter().any(|word| word == "<<");
        let shell = programs::program(command).is_none_or(|(name, _)| name == "ssh")
            || programs::runs(command).is_some();
        if !document || shell {
            command.nested.iter().for_each(|nested| find(nested, acts));
        }
    }
}

fn act(line: usize, what: String) -> Act {
    Act { sort: Sort::Run, line, what }
}

fn through_pipes(commands: &[Command], acts: &mut Vec<Act>) {
    let mut source: Option<(usize, String)> = None;
    for command in commands {
        if let Some((line, address)) = &source
            && programs::runs(command) == Some(Runs::Input)
        {
            acts.push(act(*line, address.clone()));
            source = None;
        }
        if let Some(address) = programs::fetched(command) {
            source = Some((command.line, address));
        }
        if !command.piped {
            source = None;
        }
    }
}

fn through_substitution(command: &Command, after: &[Command], acts: &mut Vec<Act>) {
    if programs::runs(command).is_none() {
        return;
    }
    // In PowerShell `iex (irm …)`: the parenthesis is a command of its own.
    let iex =
        programs::program(command).is_some_and(|(name, _)| name == "iex" || name == "invoke-expression");
    let beside = after.iter().take(BESIDE).take_while(|next| iex && next.line == command.line);
    for inner in command.nested.iter().flatten().chain(beside.clone()) {
        if let Some(address) = programs::fetched(inner) {
            acts.push(act(inner.line, address));
        }
    }
    // `(New-Object Net.WebClient).DownloadString('…')`: the address is the third.
    let mut words = beside
        .flat_map(|command| &command.words)
        .skip_while(|word| !word.to_ascii_lowercase().contains("downloadstring"));
    if let Some(address) = words.find(|word| word.contains("://")) {
        acts.push(act(command.line, address.clone()));
    }
}

fn through_files(commands: &[Command], acts: &mut Vec<Act>) {
    let mut files: Vec<(String, usize, String)> = Vec::new();
    for command in commands {
        if programs::verifies(command) {
            // It is not followed which file is compared with what: who compares at all takes care.
            files.clear();
        }
        if let Some(file) = run_file(command)
            && let Some(at) = files.iter().position(|(known, ..)| *known == bare(&file))
        {
            let (_, line, address) = files.remove(at);
            acts.push(act(line, address));
        }
        if let Some(address) = programs::fetched(command)
            && let Some(file) = programs::written(command, &address)
            && !command.piped
            && file != "-"
            && file != "/dev/null"
        {
            if files.len() == FILES {
                files.remove(0);
            }
            files.push((bare(&file), command.line, address));
        }
    }
}

fn bare(file: &str) -> String {
    file.strip_prefix("./").unwrap_or(file).to_owned()
}

/// The file that a command runs, or lets be run.
fn run_file(command: &Command) -> Option<String> {
    if let Some(Runs::File(file)) = programs::runs(command) {
        return Some(file);
    }
    let (name, arguments) = programs::program(command)?;
    if name == "chmod" && arguments.first().is_some_and(|mode| mode.contains('x') || mode.contains('7')) {
        return arguments.last().cloned();
    }
    command
        .words
        .iter()
        .find(|word| word.starts_with("./") || word.starts_with('/'))
        .filter(|word| word.to_ascii_lowercase().ends_with(&name))
        .cloned()
}
