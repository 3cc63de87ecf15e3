//! Files as data: JSON, TOML, YAML and XML by libraries that are kept up, each behind a few lines that bound what hostile text can do.

pub(crate) mod json;
pub(crate) mod toml;
pub(crate) mod xml;
pub(crate) mod yaml;

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadError {
    /// It does not have the form that its name promises.
    #[error("it is malformed: {0}")]
    Malformed(String),
    /// A name that must be there once is there again.
    #[error("it says {0:?} twice, and readers differ in what they take")]
    Twice(String),
    /// Things within things within things.
    #[error("it is nested deeper than {0} levels")]
    TooDeep(usize),
    /// It has no place for what is looked for.
    #[error("it is not {0}")]
    Other(&'static str),
}

/// How many characters of a library's words are kept.
const LONGEST_REASON: usize = 200;

impl ReadError {
    /// The first line of a library's words.
    pub(crate) fn malformed(error: impl std::fmt::Display) -> Self {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        Self::Malformed(line.chars().take(LONGEST_REASON).collect())
    }
}

/// Lines of a text from the places of bytes in it. The places must be asked for in ascending order to be found quickly.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The line of the byte at `place`, counted from 1.
    pub(crate) fn line(&mut self, place: usize) -> u64 {
        let place = place.min(self.text.len());
        if place < self.at {
            (self.at, self.line) = (0, 1);
        }
        let skipped = &self.text.as_bytes()[self.at..place];
        self.line += skipped.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = place;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_forwards_and_backwards() {
        let mut lines = Lines::of("a\nb\n\nc");
        assert_eq!([0, 2, 5, 1, 99].map(|place| lines.line(place)), [1, 2, 4, 1, 4]);
    }
}
