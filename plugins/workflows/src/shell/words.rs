//! Splits a script into commands and words, far enough to tell what is run from what is text.

/// So deeply may commands be in commands. What is deeper is taken for text.
const DEEPEST: usize = 12;

/// A command with what it is given.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Command {
    /// The line that it begins on, counted from 0.
    pub(crate) line: usize,
    /// Its words without quotes; `>` stands before a file that is written, and `<<` for a here document.
    pub(crate) words: Vec<String>,
    /// The scripts whose output it is given, `$(…)` and `<(…)`, and what is written for it in a here document.
    pub(crate) nested: Vec<Vec<Command>>,
    /// Whether its output goes into the next one.
    pub(crate) piped: bool,
}

/// The commands of a script, in order.
pub(crate) fn commands(text: &str) -> Vec<Command> {
    let chars: Vec<char> = text.chars().collect();
    let mut reader = Reader { chars: &chars, at: 0, line: 0, depth: 0 };
    let mut all = Vec::new();
    while reader.at < chars.len() {
        // A closing sign without an opening one ends a script early; what follows is another.
        all.extend(reader.script(None));
    }
    all
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
    line: usize,
    depth: usize,
}

/// The command that is being read.
#[derive(Default)]
struct Reading {
    done: Vec<Command>,
    command: Command,
    word: Option<String>,
    /// Names that end the here documents after this line.
    documents: Vec<String>,
}

impl Reading {
    fn end_word(&mut self) {
        if let Some(word) = self.word.take() {
            self.command.words.push(word);
        }
    }

    fn end_command(&mut self, piped: bool) {
        self.end_word();
        let mut command = std::mem::take(&mut self.command);
        if !command.words.is_empty() || !command.nested.is_empty() {
            command.piped = piped;
            self.done.push(command);
        }
    }
}

impl Reader<'_> {
    fn peek(&self, further: usize) -> Option<char> {
        self.chars.get(self.at + further).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek(0) == Some(c);
        if found {
            self.next();
        }
        found
    }

    /// Reads up to `close`, or to the end.
    fn script(&mut self, close: Option<char>) -> Vec<Command> {
        let mut reading = Reading::default();
        while let Some(c) = self.peek(0) {
            if reading.word.is_none() && reading.command.words.is_empty() && reading.command.nested.is_empty()
            {
                reading.command.line = self.line;
            }
            self.next();
            match c {
                _ if Some(c) == close => break,
                ' ' | '\t' | '\r' => reading.end_word(),
                '\n' => {
                    reading.end_command(false);
                    self.here_documents(&mut reading);
                }
                '#' if reading.word.is_none() => self.skip_line(),
                ';' => reading.end_command(false),
                '|' => {
                    let or = self.take('|');
                    self.take('&');
                    reading.end_command(!or);
                }
                '&' if self.peek(0) == Some('>') => {}
                '&' => {
                    self.take('&');
                    reading.end_command(false);
                }
                '(' => reading.end_command(false),
                ')' => reading.end_command(reading.command.piped),
                '{' | '}' if reading.word.is_none() && self.peek(0).is_none_or(char::is_whitespace) => {
                    reading.end_command(false);
                }
                '<' | '>' => self.redirection(c, &mut reading),
                _ => {
                    let mut word = reading.word.take().unwrap_or_default();
                    self.part_of_word(c, &mut word, &mut reading.command);
                    reading.word = Some(word);
                }
            }
        }
        reading.end_command(false);
        reading.done
    }

    fn skip_line(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.next();
        }
    }

    fn redirection(&mut self, c: char, reading: &mut Reading) {
        // A number before it names a stream.
        if reading.word.as_ref().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
            reading.word = None;
        }
        reading.end_word();
        if self.take('(') {
            self.nest(')', &mut reading.command);
        } else if c == '>' {
            self.take('>');
            if !self.take('&') {
                reading.command.words.push(">".to_owned());
            }
        } else if self.take('<') && !self.take('<') {
            self.take('-');
            let mut name = String::new();
            while let Some(c) = self.peek(0).filter(|c| !c.is_whitespace() && !";|&)".contains(*c)) {
                self.next();
                if !"'\"\\".contains(c) {
                    name.push(c);
                }
            }
            reading.documents.push(name);
            // Marked, since only a shell runs it.
            reading.command.words.push("<<".to_owned());
        }
    }

    /// The here documents that begin on this line. They are scripts of the command before.
    fn here_documents(&mut self, reading: &mut Reading) {
        for name in std::mem::take(&mut reading.documents) {
            let (first, start) = (self.line, self.at);
            let mut end = self.at;
            while self.at < self.chars.len() {
                end = self.at;
                self.skip_line();
                let line: String = self.chars[end..self.at].iter().collect();
                self.next();
                if line.trim() == name {
                    break;
                }
                end = self.at;
            }
            if let Some(command) = reading.done.last_mut()
                && self.depth < DEEPEST
            {
                let mut document =
                    Reader { chars: &self.chars[start..end], at: 0, line: first, depth: self.depth + 1 };
                let mut nested = Vec::new();
                while document.at < document.chars.len() {
                    nested.extend(document.script(None));
                }
                command.nested.push(nested);
            }
        }
    }

    fn nest(&mut self, close: char, command: &mut Command) {
        if self.depth < DEEPEST {
            self.depth += 1;
            let nested = self.script(Some(close));
            self.depth -= 1;
            command.nested.push(nested);
        }
    }

    fn part_of_word(&mut self, c: char, word: &mut String, command: &mut Command) {
        match c {
            '\\' => {
                if let Some(next) = self.next().filter(|next| *next != '\n') {
                    word.push(next);
                }
            }
            '\'' => {
                while let Some(c) = self.next().filter(|c| *c != '\'') {
                    word.push(c);
                }
            }
            '"' => self.double_quoted(word, command),
            '`' => self.nest('`', command),
            '$' => self.dollar(word, command),
            _ => word.push(c),
        }
    }

    fn double_quoted(&mut self, word: &mut String, command: &mut Command) {
        while let Some(c) = self.next() {
            match c {
                '"' => return,
                '\\' => word.extend(self.next()),
                '`' => self.nest('`', command),
                '$' => self.dollar(word, command),
                _ => word.push(c),
            }
        }
    }

    fn dollar(&mut self, word: &mut String, command: &mut Command) {
        word.push('$');
        if self.take('(') {
            self.nest(')', command);
        } else if self.take('{') {
            word.push('{');
            while let Some(c) = self.next() {
                word.push(c);
                if c == '}' || c == '\n' {
                    return;
                }
            }
        }
    }
}
