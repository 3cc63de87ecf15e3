//! The only place that writes to standard output and standard error, and the only one that knows colour and quiet.

use std::io::{self, IsTerminal, Write};

use crate::args::{Color, Global};

/// Where everything goes that a person or a program reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    quiet: bool,
    colored_stdout: bool,
    colored_stderr: bool,
}

impl Printer {
    pub(crate) fn new(global: &Global) -> Printer {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colored = |terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color,
        };
        Printer {
            quiet: global.quiet,
            colored_stdout: colored(io::stdout().is_terminal()),
            colored_stderr: colored(io::stderr().is_terminal()),
        }
    }

    /// True where the result may be coloured.
    pub(crate) fn colored_stdout(&self) -> bool {
        self.colored_stdout
    }

    /// True where what is said beside the result may be coloured.
    pub(crate) fn colored_stderr(&self) -> bool {
        self.colored_stderr
    }

    /// True if progress may be drawn: a person looks at standard error and wants to hear.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// The result: all of it, or an error (a closed pipe is not one).
    pub(crate) fn result(&self, text: &str) -> io::Result<()> {
        self.heard(text).map(drop)
    }

    /// One of many results. `false` once nobody reads them any more.
    pub(crate) fn heard(&self, text: &str) -> io::Result<bool> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Something worth knowing beside the result.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.error(text);
        }
    }

    /// A line of a plugin's log, for those who are not told to be quiet about it.
    pub(crate) fn log(line: &str) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    /// Something that must be said. Where standard error is gone there is no one left to tell.
    pub(crate) fn error(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{}", text.trim_end_matches('\n'));
    }
}

/// Text that a stranger wrote, made safe for a terminal: what is hidden is shown as an escape.
pub(crate) fn tame(text: &str) -> String {
    let tamed =
        |c: char| if is_hidden(c) { Tamed::Escaped(c.escape_unicode()) } else { Tamed::Plain(Some(c)) };
    text.chars().flat_map(tamed).collect()
}

/// The same for a text of several lines, a stack trace perhaps: each line but the first after `indent`.
pub(crate) fn tame_lines(text: &str, indent: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| tame(&line.replace('\t', "    "))).collect();
    lines.join(&format!("\n{indent}"))
}

/// Prose of a plugin, tamed and wrapped at 100 columns, each line after `indent`. Its own line breaks stay.
pub(crate) fn paragraphs(text: &str, indent: &str) -> String {
    let options = textwrap::Options::new(100).initial_indent(indent).subsequent_indent(indent);
    text.lines().map(|line| textwrap::fill(&tame(line), &options)).collect::<Vec<_>>().join("\n")
}

/// Characters that a terminal obeys rather than shows: controls (escape codes and line breaks among them), and what turns the
/// direction of a line.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

enum Tamed {
    Plain(Option<char>),
    Escaped(std::char::EscapeUnicode),
}

impl Iterator for Tamed {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Tamed::Plain(c) => c.take(),
            Tamed::Escaped(escape) => escape.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{tame, tame_lines};

    #[test]
    fn a_stack_trace_keeps_its_lines_and_cannot_forge_one_of_ours() {
        assert_eq!(tame_lines("a\n\tb\r\nPASS\u{1b}[2J", "    "), "a\n        b\n    PASS\\u{1b}[2J");
    }

    #[test]
    fn what_could_move_the_cursor_or_turn_the_line_is_shown_as_an_escape() {
        assert_eq!(tame("a\u{1b}[31mred\u{202e}\nb é"), "a\\u{1b}[31mred\\u{202e}\\u{a}b é");
    }
}
