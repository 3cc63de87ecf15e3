//! Reads an expression with CEL's own parser and finds the places of its parts.
//!
//! The parser marks only the operator or bracket of a part; here these become ranges that cover the whole part, so
//! that messages can quote it.

use std::ops::Range;

use cel::common::ast::{IdedExpr, SourceInfo};
use cel::parser::{ParseErrors, Parser};

use super::error::Mistake;

/// Longest expression, in bytes. Bounds the depth of chains such as `a + b + …` as well.
pub(super) const MAX_LENGTH: usize = 2048;
/// Deepest nesting of brackets; the parser's own limit.
const MAX_NESTING: u16 = 64;

/// A read expression.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) root: IdedExpr,
    info: SourceInfo,
}

impl Parsed {
    /// Where its parts are in the text that it was read from.
    pub(super) fn places<'a>(&'a self, text: &'a str) -> Places<'a> {
        Places { text, info: &self.info }
    }
}

/// Reads the text; at most one mistake is told, since those after the first are mostly its consequences.
pub(super) fn parse(text: &str) -> Result<Parsed, Mistake> {
    if text.len() > MAX_LENGTH {
        let message = format!("the expression is longer than {MAX_LENGTH} bytes");
        return Err(Mistake::new(0..text.len(), message, "too long"));
    }
    if text.trim().is_empty() {
        return Err(Mistake::new(0..text.len(), "the expression is empty", "nothing here")
            .hint("an example: value <= 3"));
    }
    let parser = Parser::new().max_recursion_depth(MAX_NESTING).error_recovery_limit(1);
    match parser.parse_with_source_info(text) {
        Ok((root, info)) => Ok(Parsed { root, info }),
        Err(errors) => Err(first_mistake(text, &errors)),
    }
}

/// Where the parts of an expression are.
pub(super) struct Places<'a> {
    text: &'a str,
    info: &'a SourceInfo,
}

impl Places<'_> {
    /// The operator, bracket, name or literal that stands for a part.
    pub(super) fn token(&self, id: u64) -> Range<usize> {
        let Some((first, last)) = self.info.offset_for(id) else { return 0..self.text.len() };
        let start = boundary(self.text, first as usize);
        start..boundary(self.text, last as usize + 1).max(start)
    }

    /// The whole part: its token, what belongs to it, and the brackets that these leave open.
    pub(super) fn whole<'r>(
        &self,
        id: u64,
        parts: impl IntoIterator<Item = &'r Range<usize>>,
    ) -> Range<usize> {
        let token = self.token(id);
        let covered =
            parts.into_iter().fold(token, |all, part| all.start.min(part.start)..all.end.max(part.end));
        self.balanced(covered)
    }

    /// The part with the name that stands directly before it, as that of a function before its bracket.
    pub(super) fn with_name(&self, part: Range<usize>, name: &str) -> Range<usize> {
        let before = self.text[..part.start].trim_end();
        match before.strip_suffix(name) {
            Some(rest) => rest.len()..part.end,
            None => part,
        }
    }

    /// The part with the field that follows its dot.
    pub(super) fn with_field(&self, part: Range<usize>, field: &str) -> Range<usize> {
        let after = self.text[part.end..].trim_start();
        match after.strip_prefix(field) {
            Some(rest) => part.start..self.text.len() - rest.len(),
            None => part,
        }
    }

    pub(super) fn quote(&self, part: &Range<usize>) -> &str {
        self.text.get(part.clone()).unwrap_or_default()
    }

    /// Widens a part until its brackets match. Brackets in string literals may widen it too far, which only
    /// shows in a message.
    fn balanced(&self, part: Range<usize>) -> Range<usize> {
        let (mut missing_left, mut open) = (0usize, 0usize);
        for byte in self.text.as_bytes()[part.clone()].iter() {
            match byte {
                b'(' | b'[' => open += 1,
                b')' | b']' if open > 0 => open -= 1,
                b')' | b']' => missing_left += 1,
                _ => {}
            }
        }
        let bytes = self.text.as_bytes();
        let (mut start, mut end) = (part.start, part.end);
        while missing_left > 0 && start > 0 {
            start -= 1;
            missing_left -= usize::from(matches!(bytes[start], b'(' | b'['));
        }
        while open > 0 && end < bytes.len() {
            open -= usize::from(matches!(bytes[end], b')' | b']'));
            end += 1;
        }
        boundary(self.text, start)..boundary(self.text, end)
    }
}

/// The next place from a byte on where a character starts, at most the text's end.
fn boundary(text: &str, byte: usize) -> usize {
    (byte..text.len()).find(|byte| text.is_char_boundary(*byte)).unwrap_or(text.len())
}

fn first_mistake(text: &str, errors: &ParseErrors) -> Mistake {
    let Some(error) = errors.errors.first() else {
        return Mistake::new(0..text.len(), "the expression cannot be read", "here");
    };
    let start = position(text, error.pos);
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    let message = plain(&error.msg);
    let mistake = Mistake::new(start..start + length, message, "here");
    if text.trim_start().starts_with('(') && text.contains('$') {
        return mistake
            .hint("this looks like a policy expression of Hipcheck; here `(lte $ 3)` is `value <= 3`");
    }
    mistake
}

/// The byte of a line and column, both counted from 1; columns are characters.
fn position(text: &str, (line, column): (isize, isize)) -> usize {
    let (Ok(line), Ok(column)) = (usize::try_from(line - 1), usize::try_from(column - 1)) else { return 0 };
    let before: usize = text.split_inclusive('\n').take(line).map(|line| line.chars().count()).sum();
    text.char_indices().nth(before.saturating_add(column)).map_or(text.len(), |(byte, _)| byte)
}

/// The parser's message in plain words.
fn plain(message: &str) -> String {
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let quoted = || message.split('\'').nth(1).unwrap_or_default();
    let words = if message.contains("Recursion limit") {
        format!("the expression is nested more than {MAX_NESTING} deep")
    } else if message.contains("input '<EOF>'") || message.contains("at '<EOF>'") {
        "the expression ends too early".to_owned()
    } else if message.starts_with("token recognition error") {
        "these characters have no meaning in an expression".to_owned()
    } else if message.starts_with("extraneous input") || message.starts_with("mismatched input") {
        format!("`{}` is not expected here", quoted())
    } else if message.starts_with("invalid int literal") || message.starts_with("invalid double literal") {
        "this number is too large".to_owned()
    } else {
        message.to_owned()
    };
    words.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
