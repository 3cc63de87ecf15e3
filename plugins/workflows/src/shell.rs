//! Shell scripts: what they fetch and run without a look at what it is.
//!
//! The text is split into commands as a shell does it (`words`), so that what is quoted or commented is not taken for a command. No
//! shell is run, and no variable known.

mod fetched;
mod installs;
mod programs;
mod words;

use words::Command;

/// What a script does that somebody elsewhere decides.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) sort: Sort,
    /// The line of the text, counted from 0.
    pub(crate) line: usize,
    /// The address or package.
    pub(crate) what: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Runs what a server sends.
    Run,
    /// Installs what a branch holds.
    Install,
}

/// What a script does, in the order of its lines.
pub(crate) fn acts(text: &str) -> Vec<Act> {
    let commands = words::commands(text);
    let mut acts = Vec::new();
    fetched::find(&commands, &mut acts);
    walk(&commands, &mut |command| installs::find(command, &mut acts));
    acts.retain(|act| act.sort == Sort::Install || !programs::is_fixed(&act.what));
    acts.sort_by(|a, b| (a.line, &a.what).cmp(&(b.line, &b.what)));
    acts.dedup();
    acts
}

/// The line, counted from 0, of the first command that is one of these programs with this as its first word.
pub(crate) fn first_call(text: &str, calls: &[(&str, &str)]) -> Option<usize> {
    let mut first = None;
    walk(&words::commands(text), &mut |command| {
        let called = programs::program(command).is_some_and(|(name, arguments)| {
            let word = arguments.iter().find(|argument| !argument.starts_with('-'));
            word.is_some_and(|word| calls.contains(&(name.as_str(), word.as_str())))
        });
        if called && first.is_none() {
            first = Some(command.line);
        }
    });
    first
}

/// Whether anybody on the way can change what is sent.
pub(crate) fn is_plain(address: &str) -> bool {
    address.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"))
}

fn walk<'a>(commands: &'a [Command], see: &mut dyn FnMut(&'a Command)) {
    for command in commands {
        see(command);
        command.nested.iter().for_each(|nested| walk(nested, see));
    }
}

#[cfg(test)]
mod tests;
