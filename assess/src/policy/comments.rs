//! Blanks the comments of a policy: KDL's parser takes longer for them than for all the rest, in every check.

use std::borrow::Cow;

/// What ends a line in KDL beside a line feed. A comment with one of these in it is left as it is.
const LINE_ENDS: [char; 6] = ['\r', '\u{85}', '\u{b}', '\u{c}', '\u{2028}', '\u{2029}'];

/// The text with blanks in place of the lines that are comments; all else keeps its place. Where text of many lines could look like a
/// comment, it stays as it is.
pub(super) fn blanked(text: &str) -> Cow<'_, str> {
    if text.contains("\"\"\"") || text.contains("/*") {
        return Cow::Borrowed(text);
    }
    let mut blanked = String::with_capacity(text.len());
    // A string goes on behind a backslash and blanks.
    let mut goes_on = false;
    for line in text.split_inclusive('\n') {
        let (content, end) = line.strip_suffix('\n').map_or((line, ""), |content| (content, "\n"));
        if !goes_on && content.trim_start().starts_with("//") && !content.contains(LINE_ENDS) {
            blanked.extend(std::iter::repeat_n(' ', content.len()));
            blanked.push_str(end);
        } else {
            blanked.push_str(line);
            goes_on = content.trim_end().ends_with('\\') || (goes_on && content.trim().is_empty());
        }
    }
    Cow::Owned(blanked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_become_blanks_and_all_else_stays_in_its_place() {
        let text = "// é\na 1 // b\n  // c\n\nd \"// e\"\n//";
        assert_eq!(blanked(text), "     \na 1 // b\n      \n\nd \"// e\"\n  ");
    }

    #[test]
    fn what_may_be_the_text_of_a_string_or_of_a_longer_comment_stays() {
        for text in [
            "a \"\"\"\n// b\n\"\"\"\n",
            "/*\n// b */ c\n",
            "a \"b \\\n// c\"\n",
            "a \"b \\ \n \n// c \\\n// d\"\n",
            "// a\r\nb\n",
            "// a\u{2028}b\n",
        ] {
            assert_eq!(blanked(text), text);
        }
        assert_eq!(blanked("a \\\n  b\n// c\n"), "a \\\n  b\n    \n");
    }
}
