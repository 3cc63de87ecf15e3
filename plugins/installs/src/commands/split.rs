//! Splits a line into commands and words, and finds the program that is really started.

/// A command, and whether its output goes into the next.
#[derive(Debug, Default)]
pub(super) struct Command {
    pub(super) words: Vec<String>,
    pub(super) piped: bool,
}

/// The words from the program on that is really started.
pub(super) fn program(words: &[String]) -> &[String] {
    let mut words = words;
    while let Some((first, rest)) = words.split_first() {
        let assigns = first
            .split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && !name.contains(['/', '-', '.']));
        match base_name(first).as_str() {
            "env" | "cross-env" | "cross-env-shell" | "sudo" | "exec" | "command" | "nohup" | "time"
            | "dotenv" | "(" | "{" | "!" | "if" | "then" | "else" | "do" | "start" | "call" | "is-ci" => {
                words = rest
            }
            // An option of what stood before.
            _ if assigns || first.starts_with('-') => words = rest,
            _ => break,
        }
    }
    words
}

/// Splits a line at the signs between commands, heeding quotes.
pub(super) fn commands(line: &str) -> Vec<Command> {
    let mut done = Vec::new();
    let mut command = Command::default();
    let mut word: Option<String> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                while let Some(inner) = chars.next().filter(|inner| *inner != c) {
                    // A quote within such quotes has a backslash before it, as within JSON.
                    let hidden = inner == '\\' && c == '"';
                    word.push(if hidden { chars.next().unwrap_or(inner) } else { inner });
                }
            }
            '\\' if chars.peek().is_some_and(|next| "\"' \\".contains(*next)) => {
                word.get_or_insert_default().extend(chars.next());
            }
            '|' | '&' | ';' | '\n' | '(' | ')' | '`' => {
                command.words.extend(word.take());
                command.piped = c == '|' && chars.peek() != Some(&'|');
                done.push(std::mem::take(&mut command));
            }
            _ if c.is_whitespace() => command.words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    command.words.extend(word);
    done.push(command);
    done
}

/// Without folders, in lower case.
pub(super) fn base_name(word: &str) -> String {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word).to_ascii_lowercase();
    name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
}
