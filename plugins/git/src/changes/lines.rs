//! The line diff of two texts, with the result of git's default algorithm.
//!
//! That algorithm (Myers, with git's heuristics) begins by setting aside the lines that both texts begin and end
//! with, but still counts how often a line occurs in the whole texts. Most changes are small, so the common ends are
//! found byte by byte, and of their lines only those that also occur between them are told apart.

use gix::diff::blob::{Algorithm, Diff, Token};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

/// Two texts, divided at the ends of the whole lines that they have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Texts<'a> {
    /// Lines at the beginning of both.
    prefix: &'a [u8],
    /// What the old text has between the common ends.
    pub(super) old: &'a [u8],
    /// What the new text has between the common ends.
    pub(super) new: &'a [u8],
    /// Lines at the end of both.
    suffix: &'a [u8],
}

/// Consecutive lines of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run<'a> {
    pub(super) text: &'a [u8],
    pub(super) lines: u32,
}

impl<'a> Texts<'a> {
    pub(super) fn of(old: &'a [u8], new: &'a [u8]) -> Self {
        let common = common_prefix(old, new);
        let (prefix, old) = old.split_at(memchr::memrchr(b'\n', &old[..common]).map_or(0, |end| end + 1));
        let new = &new[prefix.len()..];
        let common = common_suffix(old, new);
        let starts_line = |text: &[u8]| text.len() == common || text[text.len() - common - 1] == b'\n';
        let partial = if starts_line(old) && starts_line(new) {
            0
        } else {
            memchr::memchr(b'\n', &old[old.len() - common..]).map_or(common, |end| end + 1)
        };
        let common = common - partial;
        let (old, suffix) = old.split_at(old.len() - common);
        Self { prefix, old, new: &new[..new.len() - common], suffix }
    }

    /// Calls `each` with the removed and the added lines of each changed place, in order.
    pub(super) fn hunks(self, mut each: impl FnMut(Run<'a>, Run<'a>)) {
        let (old, new) = (Lines::of(self.old), Lines::of(self.new));
        let mut names = Names::default();
        let old_tokens: Vec<Token> = old.iter().map(|line| names.name(line)).collect();
        let only_old = names.count();
        let new_tokens: Vec<Token> = new.iter().map(|line| names.name(line)).collect();
        if old_tokens.is_empty() || new_tokens.iter().all(|token| token.0 >= only_old) {
            // Nothing in common, so nothing to align: all was replaced.
            return each(old.run(0..old.count()), new.run(0..new.count()));
        }
        let (prefix, suffix) = (names.known(self.prefix), names.known(self.suffix));
        let before = [&prefix[..], &old_tokens, &suffix].concat();
        let after = [&prefix[..], &new_tokens, &suffix].concat();
        let mut diff = Diff::default();
        diff.compute_with(Algorithm::Myers, &before, &after, names.count() + 1);
        let skipped = prefix.len() as u32;
        let own = |lines: Range<u32>| lines.start - skipped..lines.end - skipped;
        for hunk in diff.hunks() {
            each(old.run(own(hunk.before)), new.run(own(hunk.after)));
        }
    }
}

/// Numbers for lines, equal for equal lines.
#[derive(Default)]
struct Names<'a>(HashMap<&'a [u8], u32, foldhash::fast::RandomState>);

impl<'a> Names<'a> {
    fn count(&self) -> u32 {
        self.0.len() as u32
    }

    fn name(&mut self, line: &'a [u8]) -> Token {
        let next = self.count();
        match self.0.entry(line) {
            Entry::Occupied(known) => Token(*known.get()),
            Entry::Vacant(new) => Token(*new.insert(next)),
        }
    }

    /// The names of the lines of `text`. Lines without one all get the same further name: being common to both
    /// texts, they are compared with nothing but themselves.
    fn known(&self, text: &[u8]) -> Vec<Token> {
        let name = |line| Token(self.0.get(line).copied().unwrap_or(self.count()));
        Lines::of(text).iter().map(name).collect()
    }
}

/// How many lines `text` has; one without a line end at its end counts, as in git.
pub(super) fn line_count(text: &[u8]) -> u32 {
    let ends = memchr::memchr_iter(b'\n', text).count();
    let open = text.last().is_some_and(|last| *last != b'\n');
    u32::try_from(ends).unwrap_or(u32::MAX).saturating_add(u32::from(open))
}

/// A text and where its lines begin; the end of the text comes last.
struct Lines<'a> {
    text: &'a [u8],
    bounds: Vec<u32>,
}

impl<'a> Lines<'a> {
    /// `text` is at most 32 MiB long, so its places fit.
    fn of(text: &'a [u8]) -> Self {
        let mut bounds = Vec::with_capacity(text.len() / 24 + 2);
        bounds.push(0);
        bounds.extend(memchr::memchr_iter(b'\n', text).map(|end| end as u32 + 1));
        if text.last().is_some_and(|last| *last != b'\n') {
            bounds.push(text.len() as u32);
        }
        Self { text, bounds }
    }

    fn count(&self) -> u32 {
        self.bounds.len() as u32 - 1
    }

    fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        self.bounds.windows(2).map(|line| &self.text[line[0] as usize..line[1] as usize])
    }

    fn run(&self, lines: Range<u32>) -> Run<'a> {
        let bound = |line: u32| self.bounds[line as usize] as usize;
        Run { text: &self.text[bound(lines.start)..bound(lines.end)], lines: lines.end - lines.start }
    }
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    const WORD: usize = 32;
    let words = a.chunks_exact(WORD).zip(b.chunks_exact(WORD)).take_while(|(a, b)| a == b).count();
    let start = words * WORD;
    start + a[start..].iter().zip(&b[start..]).take_while(|(a, b)| a == b).count()
}

fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    const WORD: usize = 32;
    let words = a.rchunks_exact(WORD).zip(b.rchunks_exact(WORD)).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - words * WORD], &b[..b.len() - words * WORD]);
    words * WORD + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gix::diff::blob::InternedInput;

    fn middle(old: &str, new: &str) -> (String, String) {
        let texts = Texts::of(old.as_bytes(), new.as_bytes());
        assert_eq!([texts.prefix, texts.old, texts.suffix].concat(), old.as_bytes());
        assert_eq!([texts.prefix, texts.new, texts.suffix].concat(), new.as_bytes());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(texts.old), text(texts.new))
    }

    #[test]
    fn only_whole_common_lines_are_set_aside() {
        let pair = |old: &str, new: &str| (old.to_owned(), new.to_owned());
        assert_eq!(middle("a\nb\nc\n", "a\nx\nc\n"), pair("b\n", "x\n"));
        assert_eq!(middle("ab\ncd\n", "ab\nce\n"), pair("cd\n", "ce\n"));
        assert_eq!(middle("xa\nb\n", "ya\nb\n"), pair("xa\n", "ya\n"));
        assert_eq!(middle("a\n", "a\na\n"), pair("", "a\n"));
        assert_eq!(middle("a\nb\n", "xa\nb\n"), pair("a\n", "xa\n"));
        assert_eq!(middle("a", "a\n"), pair("a", "a\n"));
        assert_eq!(middle("b\na", "a"), pair("b\n", ""));
        assert_eq!(middle("a\nb", "a\n"), pair("b", ""));
        assert_eq!(middle("", "a"), pair("", "a"));
    }

    /// Texts of few different lines, so that they often occur again; the same ones in each run.
    fn random_texts() -> Vec<String> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let mut text = move || {
            let lines = random(60);
            let mut text: String =
                (0..lines).map(|_| format!("{}\n", "x".repeat(random(9) as usize))).collect();
            if random(3) == 0 {
                text.push('y');
            }
            text
        };
        (0..60).map(|_| text()).collect()
    }

    #[test]
    fn setting_lines_aside_changes_no_hunk() {
        let texts = random_texts();
        for (old, new) in texts.iter().flat_map(|old| texts.iter().map(move |new| (old, new))) {
            let input = InternedInput::new(old.as_bytes(), new.as_bytes());
            let mut expected = Vec::new();
            for hunk in Diff::compute(Algorithm::Myers, &input).hunks() {
                expected.push((hunk.before.len() as u32, hunk.after.len() as u32));
            }
            let mut hunks = Vec::new();
            if old != new {
                Texts::of(old.as_bytes(), new.as_bytes()).hunks(|removed, added| {
                    assert_eq!(line_count(removed.text), removed.lines);
                    assert_eq!(line_count(added.text), added.lines);
                    hunks.push((removed.lines, added.lines));
                });
            }
            assert_eq!(hunks, expected, "{old:?} to {new:?}");
        }
    }
}
