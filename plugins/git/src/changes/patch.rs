//! A change as Hipcheck sees it, for comparison with its numbers: every blob is text, whatever its bytes, and what is counted is the whole
//! patch, with its headers, prefixes and the lines around a change.
//!
//! The form of the patch is that of a well-known builder of unified diffs, its oddities included: up to six lines lead in to a change that
//! is near to the beginning, and an empty line follows each line that has an end of its own (which adds nothing to count).

use super::lines::{Texts, line_count};
use std::fmt::Write as _;
use std::ops::Range;

/// Lines around a change.
const CONTEXT: u32 = 3;

/// How a text changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Patch {
    pub(super) text: String,
    pub(super) additions: u32,
    pub(super) deletions: u32,
}

/// What turns one text into the other.
pub(super) fn patch(old: &[u8], new: &[u8]) -> Patch {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let (before, after): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let mut builder = Builder { before: &before, after: &after, ..Builder::default() };
    if old == new {
        return builder.finish();
    }
    let texts = Texts::of(old.as_bytes(), new.as_bytes());
    if before.is_empty() || after.is_empty() {
        builder.change(0..count(&before), 0..count(&after));
        return builder.finish();
    }
    let (mut in_old, mut in_new) = (Place::of(&old), Place::of(&new));
    texts.hunks(|removed, added| {
        let (removed_start, added_start) = (in_old.line(removed.text), in_new.line(added.text));
        builder.change(removed_start..removed_start + removed.lines, added_start..added_start + added.lines);
    });
    builder.finish()
}

/// Finds out at which lines of a text its parts begin, which come in their order.
struct Place<'a> {
    whole: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Place<'a> {
    fn of(whole: &'a str) -> Self {
        Self { whole: whole.as_bytes(), at: 0, line: 0 }
    }

    fn line(&mut self, part: &[u8]) -> u32 {
        let place = (part.as_ptr() as usize).saturating_sub(self.whole.as_ptr() as usize);
        self.line += line_count(&self.whole[self.at..place]);
        self.at = place;
        self.line
    }
}

fn count(lines: &[&str]) -> u32 {
    u32::try_from(lines.len()).unwrap_or(u32::MAX)
}

#[derive(Default)]
struct Builder<'a> {
    before: &'a [&'a str],
    after: &'a [&'a str],
    /// Up to here the old text was gone through.
    position: u32,
    hunk: Hunk,
    patch: String,
    additions: u32,
    deletions: u32,
}

#[derive(Default)]
struct Hunk {
    text: String,
    before_start: u32,
    before_lines: u32,
    after_start: u32,
    after_lines: u32,
}

impl Builder<'_> {
    fn change(&mut self, before: Range<u32>, after: Range<u32>) {
        if before.start - self.position > 2 * CONTEXT {
            self.flush();
            self.position = before.start - CONTEXT;
            (self.hunk.before_start, self.hunk.after_start) = (self.position, after.start - CONTEXT);
        }
        self.keep(before.start);
        let (removed, added) = (before.end - before.start, after.end - after.start);
        self.position = before.end;
        self.hunk.before_lines += removed;
        self.hunk.after_lines += added;
        self.deletions += removed;
        self.additions += added;
        print(&mut self.hunk.text, self.before, before, '-');
        print(&mut self.hunk.text, self.after, after, '+');
    }

    /// Adds unchanged lines up to `end`.
    fn keep(&mut self, end: u32) {
        let kept = end - self.position;
        print(&mut self.hunk.text, self.before, self.position..end, ' ');
        self.position = end;
        self.hunk.before_lines += kept;
        self.hunk.after_lines += kept;
    }

    fn flush(&mut self) {
        if self.hunk.before_lines == 0 && self.hunk.after_lines == 0 {
            return;
        }
        self.keep((self.position + CONTEXT).min(count(self.before)));
        let Hunk { text, before_start, before_lines, after_start, after_lines } =
            std::mem::take(&mut self.hunk);
        let (before_start, after_start) = (before_start + 1, after_start + 1);
        writeln!(self.patch, "@@ -{before_start},{before_lines} +{after_start},{after_lines} @@")
            .expect("a string takes all text");
        self.patch.push_str(&text);
    }

    fn finish(mut self) -> Patch {
        self.flush();
        Patch { text: self.patch, additions: self.additions, deletions: self.deletions }
    }
}

fn print(text: &mut String, lines: &[&str], range: Range<u32>, prefix: char) {
    for line in &lines[range.start as usize..range.end as usize] {
        text.push(prefix);
        text.push_str(line);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str) -> String {
        let patch = patch(old.as_bytes(), new.as_bytes());
        format!("{} {}\n{}", patch.additions, patch.deletions, patch.text.replace("\n\n", "\n"))
    }

    /// Lines a, b, c and so on.
    fn lines(letters: &str) -> String {
        letters.chars().map(|letter| format!("{letter}\n")).collect()
    }

    #[test]
    fn texts_that_appear_or_go_are_one_hunk() {
        assert_eq!(told("", "a\nb"), "2 0\n@@ -1,0 +1,2 @@\n+a\n+b\n");
        assert_eq!(told("a\nb\n", ""), "0 2\n@@ -1,2 +1,0 @@\n-a\n-b\n");
        assert_eq!(told("a\n", "a\n"), "0 0\n");
        assert_eq!(told("", ""), "0 0\n");
    }

    #[test]
    fn changes_have_lines_around_them_and_share_a_hunk_if_they_are_near() {
        let (old, new) = (lines("abcdefghijklmnopqrst"), lines("abcXefghijklmnopqrYt"));
        assert_eq!(
            told(&old, &new),
            "2 2\n@@ -1,7 +1,7 @@\n a\n b\n c\n-d\n+X\n e\n f\n g\n@@ -16,5 +16,5 @@\n p\n q\n r\n-s\n+Y\n t\n"
        );
        let new = lines("abcXefghijYlmnopqrst");
        assert_eq!(
            told(&old, &new),
            "2 2\n@@ -1,14 +1,14 @@\n a\n b\n c\n-d\n+X\n e\n f\n g\n h\n i\n j\n-k\n+Y\n l\n m\n n\n"
        );
    }

    #[test]
    fn up_to_six_lines_lead_in_at_the_beginning() {
        assert_eq!(
            told(&lines("abcdefg"), &lines("abcdefX")),
            "1 1\n@@ -1,7 +1,7 @@\n a\n b\n c\n d\n e\n f\n-g\n+X\n"
        );
        assert_eq!(
            told(&lines("abcdefgh"), &lines("abcdefgX")),
            "1 1\n@@ -5,4 +5,4 @@\n e\n f\n g\n-h\n+X\n"
        );
    }

    #[test]
    fn every_blob_is_text() {
        let patch = patch(b"\0\xff\n", b"\0\xfe\nx");
        // Both bytes that are no text become the same mark, so that the line is the same.
        assert_eq!((patch.additions, patch.deletions), (1, 0));
        assert_eq!(patch.text, "@@ -1,1 +1,2 @@\n \0\u{fffd}\n\n+x\n");
    }
}
