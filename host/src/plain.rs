//! Text of a plugin, made fit to be shown: no control characters, nothing that reorders a line, a limited length.

/// `text` without control characters (line ends and tabs stay) and marks that change the direction of writing,
/// cut to `max` bytes.
pub(crate) fn plain(text: &str, max: usize) -> String {
    let mut shown: String = text.chars().filter(|c| is_harmless(*c)).collect();
    if shown.len() > max {
        shown.truncate(shown.floor_char_boundary(max));
        shown.push('…');
    }
    shown
}

fn is_harmless(c: char) -> bool {
    let reorders =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    matches!(c, '\n' | '\t') || !(c.is_control() || reorders)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn escape_codes_and_direction_marks_do_not_get_through() {
        assert_eq!(plain("a\u{1b}]0;title\u{7}\u{9b}31mb\r\n\tc\u{202e}d\u{0}", 99), "a]0;title31mb\n\tcd");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(plain("aäöü", 4), "aä…");
    }
}
