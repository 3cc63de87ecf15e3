//! Blanks the comments of a policy: KDL's parser takes longer for them than for all the rest, in every check. And where `\` continues a
//! node, a comment would end it, although the lines behind, which lie deeper than the node, are plainly meant to belong to it.

use std::borrow::Cow;

/// What ends a line in KDL beside a line feed, with or without a carriage return before it. No editor writes these.
const LINE_ENDS: [char; 6] = ['\r', '\u{85}', '\u{b}', '\u{c}', '\u{2028}', '\u{2029}'];

/// The text with blanks in place of the lines that are comments, and with a `\` at the end of those where a node goes on behind them; all
/// else keeps its place. A text that cannot be told apart so simply stays as it is.
pub(super) fn blanked(text: &str) -> Cow<'_, str> {
    if text.contains("\"\"\"") || text.contains("/*") {
        return Cow::Borrowed(text);
    }
    let mut blanked = String::with_capacity(text.len());
    let (mut open, mut node) = (Open::Nothing, 0);
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let content = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
        if content.contains(LINE_ENDS) {
            return Cow::Borrowed(text);
        }
        if open != Open::String && content.trim_start().starts_with("//") {
            if open == Open::Node && next_depth(lines.clone()) <= node {
                open = Open::Nothing;
            }
            let goes_on = open == Open::Node;
            blanked.extend(std::iter::repeat_n(' ', content.len() - usize::from(goes_on)));
            blanked.extend(goes_on.then_some('\\'));
            blanked.push_str(&line[content.len()..]);
            continue;
        }
        blanked.push_str(line);
        if open == Open::Nothing {
            node = depth(line);
        }
        open = match left_open(content, open == Open::String) {
            Some(open) => open,
            None => return Cow::Borrowed(text),
        };
    }
    Cow::Owned(blanked)
}

/// How far a line is indented.
fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The depth of the next line that is no comment; none of an empty one.
fn next_depth<'a>(mut lines: impl Iterator<Item = &'a str>) -> usize {
    let next = lines.find(|line| !line.trim_start().starts_with("//"));
    next.filter(|line| !line.trim().is_empty()).map_or(0, depth)
}

/// What goes on behind the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    /// A node, by a `\` between its parts.
    Node,
    /// A string, by a `\` in it.
    String,
}

/// What a line leaves open. Nothing for a line that is no KDL.
fn left_open(line: &str, in_string: bool) -> Option<Open> {
    let mut rest = line;
    if in_string {
        if line.trim_start().is_empty() {
            return Some(Open::String);
        }
        match behind_string(line)? {
            Some(behind) => rest = behind,
            None => return Some(Open::String),
        }
    }
    while let Some(at) = rest.find(['"', '\\', '/']) {
        let (before, found) = rest.split_at(at);
        rest = if found.starts_with("//") {
            return Some(Open::Nothing);
        } else if let Some(behind) = found.strip_prefix('\\') {
            let behind = behind.trim_start();
            return (behind.is_empty() || behind.starts_with("//")).then_some(Open::Node);
        } else if let Some(string) = found.strip_prefix('"') {
            let hashes = &before[before.trim_end_matches('#').len()..];
            if hashes.is_empty() {
                match behind_string(string)? {
                    Some(behind) => behind,
                    None => return Some(Open::String),
                }
            } else {
                string.split_once(&format!("\"{hashes}"))?.1
            }
        } else {
            &found[1..]
        };
    }
    Some(Open::Nothing)
}

/// What comes behind the quote that ends a string; nothing within if it goes on in the next line, nothing at all if it should and does not.
fn behind_string(string: &str) -> Option<Option<&str>> {
    let mut rest = string;
    loop {
        let (_, found) = rest.split_at(rest.find(['"', '\\'])?);
        let Some(escaped) = found.strip_prefix('\\') else { return Some(Some(&found[1..])) };
        if escaped.trim_start().is_empty() {
            return Some(None);
        }
        rest = &escaped[escaped.chars().next().map_or(0, char::len_utf8)..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_become_blanks_and_all_else_stays_in_its_place() {
        let text = "// é\na 1 // b\n  // c\n\nd \"// e\"\n//";
        assert_eq!(blanked(text), "     \na 1 // b\n      \n\nd \"// e\"\n  ");
        assert_eq!(blanked("// a\r\nb\r\n"), "    \r\nb\r\n");
    }

    #[test]
    fn what_may_be_the_text_of_a_string_or_of_a_longer_comment_stays() {
        for text in [
            "a \"\"\"\n// b\n\"\"\"\n",
            "/*\n// b */ c\n",
            "a \"b \\\n// c\"\n",
            "a \"b \\ \n \n// c \\\n// d\"\n",
            "a \"\\\\\\\"\\\n// c\"\n",
            "a #\"\\\"# \"\\\n// c\"\n",
            "// a\u{2028}b\n",
            "a \"b\n// c\"\n",
            "a #\"b\n// c\"#\n",
            "a \\ b\n// c\n",
        ] {
            assert_eq!(blanked(text), text);
        }
        assert_eq!(blanked("a \\\n  b\n// c\n"), "a \\\n  b\n    \n");
    }

    #[test]
    fn a_node_goes_on_behind_a_comment_between_its_lines() {
        assert_eq!(blanked("a \\\n  // é\n//\n  b\n// c\n"), "a \\\n      \\\n \\\n  b\n    \n");
        assert_eq!(blanked("a \\ // b\n// c\n  d\n"), "a \\ // b\n   \\\n  d\n");
        assert_eq!(
            blanked("a \"b\\\\\" #\"\\\"# \\\r\n// c\r\n d\n"),
            "a \"b\\\\\" #\"\\\"# \\\r\n   \\\r\n d\n"
        );
        // What lies as deep as the node is another one: the last of its lines is left out.
        assert_eq!(blanked("  a \\\n    // b\n  c\n"), "  a \\\n        \n  c\n");
        assert_eq!(blanked("a \\\n  // b\n\n  c\n"), "a \\\n      \n\n  c\n");
        // Nothing goes on behind these.
        assert_eq!(blanked("a // \\\n// c\n"), "a // \\\n    \n");
        assert_eq!(blanked("a \\\n\n// c\n"), "a \\\n\n    \n");
        assert_eq!(blanked("a \"b \\\n c\"\n// d\n"), "a \"b \\\n c\"\n    \n");
    }
}
