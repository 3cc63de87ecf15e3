//! The lines of a text as a build reads them, and which of them is the first to mention something.

use memchr::memmem;
use probity_sdk::prelude::*;

/// Lines, those that end in a backslash joined with the next, in one text: what is in none of them is ruled out at once.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// Each with a line break after it; empty ones, which mention nothing, are left out.
    text: String,
    /// Where each begins in `text`, and its number, from 1; where lines are joined, that of the first.
    starts: Vec<(usize, u32)>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let mut lines = Self::default();
        let mut open = false;
        for (number, line) in (1..).zip(text.lines()) {
            let (part, continues) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
            if !open && (continues || !part.is_empty()) {
                lines.starts.push((lines.text.len(), number));
            }
            lines.text.push_str(part);
            if (open || !part.is_empty()) && !continues {
                lines.text.push('\n');
            }
            open = continues;
        }
        if open {
            lines.text.push('\n');
        }
        lines
    }

    /// Adds a line after all others. It holds no line break.
    pub(crate) fn push(&mut self, number: u32, line: &str) {
        self.starts.push((self.text.len(), number));
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        self.starts.iter().zip(self.text.split('\n')).map(|((_, number), line)| (*number, line))
    }

    /// The number of the first line in which `word` stands by itself, and not within a longer name.
    ///
    /// # Errors
    /// Those of `wanted`.
    pub(crate) fn first(&self, word: &str, wanted: &dyn Fn() -> Result<()>) -> Result<Option<u32>> {
        // The name of a file may have a line break in it. No line does.
        if word.is_empty() || word.contains('\n') {
            return Ok(None);
        }
        let within = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
        wanted()?;
        for at in memmem::find_iter(self.text.as_bytes(), word) {
            wanted()?;
            let (before, after) = (&self.text[..at], &self.text[at + word.len()..]);
            if !within(before.chars().next_back()) && !within(after.chars().next()) {
                return Ok(Some(self.number(at)));
            }
        }
        Ok(None)
    }

    /// The number of the line that the byte at this place of the text is in.
    fn number(&self, at: usize) -> u32 {
        let later = self.starts.partition_point(|(start, _)| *start <= at);
        self.starts[later.saturating_sub(1)].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_keep_their_numbers() {
        let told = |text: &str| -> Vec<String> {
            Lines::of(text).iter().map(|(number, line)| format!("{number} {line}")).collect()
        };
        assert_eq!(told("a\n\nb \\\n\\\n c\r\nd\n"), ["1 a", "3 b  c", "6 d"]);
        assert_eq!(told("\\\na\n\\\n\n\nb\\"), ["1 a", "3 ", "6 b"]);
        assert_eq!(told("\n\n"), [""; 0]);
    }

    #[test]
    fn a_word_stands_by_itself() {
        let lines = Lines::of("xab ab-\nab\n\n \\\nb a");
        let first = |word: &str| lines.first(word, &|| Ok(())).unwrap();
        assert_eq!(["ab", "b", "a", "ab\n", ""].map(first), [Some(2), Some(4), Some(4), None, None]);
    }
}
