//! The text of an expression without what has no meaning: blanks and comments outside string literals.
//! The policy's digest is made of it, so that laying out an expression anew is no change of the policy.

/// The expression with its meaning alone. Blanks stay where two words would else run together.
pub(crate) fn canonical(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut blank = false;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(length) = literal_length(rest, out.chars().last()) {
            length
        } else if rest.starts_with("//") {
            blank = true;
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
            continue;
        } else if first.is_whitespace() {
            blank = true;
            rest = &rest[first.len_utf8()..];
            continue;
        } else {
            first.len_utf8()
        };
        if blank && out.chars().last().is_some_and(|last| would_join(last, first)) {
            out.push(' ');
        }
        blank = false;
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// Whether two characters could become one word or one operator: `a in b`, `3 - -1`.
fn would_join(one: char, two: char) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || "_.'\"".contains(c);
    let is_operator = |c: char| "-=<>!&|/".contains(c);
    (is_word(one) && is_word(two)) || (is_operator(one) && is_operator(two))
}

/// Bytes of the string literal at the start of the text, prefix included.
fn literal_length(text: &str, before: Option<char>) -> Option<usize> {
    let inside_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let prefix = text.find(|c: char| !"rRbB".contains(c))?;
    if prefix > 2 || (prefix > 0 && inside_word) {
        return None;
    }
    let raw = text[..prefix].contains(['r', 'R']);
    let body = &text[prefix..];
    let quote = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quote| body.starts_with(quote))?;
    let mut at = quote.len();
    while at < body.len() {
        if body[at..].starts_with(quote) {
            return Some(prefix + at + quote.len());
        }
        let mut characters = body[at..].chars();
        let first = characters.next()?;
        at += first.len_utf8();
        if first == '\\' && !raw {
            at += characters.next().map_or(0, char::len_utf8);
        }
    }
    Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn layout_goes_and_literals_stay() {
        assert_eq!(canonical("count( value ) <= 3 // three\n"), "count(value)<=3");
        assert_eq!(canonical("count(value)<= 3"), "count(value)<=3");
        assert_eq!(canonical("'a b' in value"), "'a b' in value");
        assert_eq!(canonical(r"r'\' == '  '"), r"r'\'=='  '");
        assert_eq!(canonical("'a // b'"), "'a // b'");
        assert_eq!(canonical("3 - -1"), "3- -1");
        assert_eq!(canonical("\"\"\"a ' \"b\"\"\" + 'c'"), "\"\"\"a ' \"b\"\"\"+'c'");
    }
}
