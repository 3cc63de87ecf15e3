//! Data as JSON: `probity schema` describes it. The same bytes for the same data.

use serde::Serialize;

use crate::printer::is_hidden;

/// How the text is laid out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Layout {
    /// For one who reads it.
    Indented,
    /// All on one line, for those who read a stream of reports line by line.
    Line,
}

/// What is made of texts and finite numbers, as JSON.
pub(crate) fn json(data: &impl Serialize, layout: Layout) -> String {
    let text = match layout {
        Layout::Indented => serde_json::to_string_pretty(data),
        Layout::Line => serde_json::to_string(data),
    };
    harmless(format!("{}\n", text.expect("texts and finite numbers are JSON")))
}

/// JSON with the same meaning, in which no character can command a terminal. The first 32 are escaped by JSON itself, but for line
/// breaks, which here are only between its parts; the others can only stand in strings, where an escape may replace them.
fn harmless(json: String) -> String {
    let dangerous = |c: char| is_hidden(c) && !c.is_ascii_whitespace();
    if !json.contains(dangerous) {
        return json;
    }
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if dangerous(c) { safe.push_str(&format!("\\u{:04x}", u32::from(c))) } else { safe.push(c) }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn what_commands_a_terminal_is_escaped_and_means_the_same() {
        let text = serde_json::to_string("a\u{9b}31m\u{7f}\u{202e}\u{1b}é").expect("text");
        let safe = harmless(format!("{text}\n"));
        assert_eq!(safe, "\"a\\u009b31m\\u007f\\u202e\\u001bé\"\n");
        assert_eq!(serde_json::from_str::<String>(&safe).expect("JSON"), "a\u{9b}31m\u{7f}\u{202e}\u{1b}é");
    }
}
