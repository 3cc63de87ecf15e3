//! The report as data: `probity schema report` describes it.

use probity_assess::report::Report;

use crate::printer::is_hidden;

/// Indented JSON, the same bytes for the same report.
pub(crate) fn json(report: &Report) -> String {
    let text = serde_json::to_string_pretty(report).expect("a report is made of texts and finite numbers");
    harmless(format!("{text}\n"))
}

/// A whole JSON text on one line, for those who read a stream of reports line by line.
pub(crate) fn line(json: &str) -> String {
    let value: Result<serde_json::Value, _> = serde_json::from_str(json);
    harmless(format!("{}\n", value.expect("a report in JSON is JSON")))
}

/// JSON with the same meaning, in which no character can command a terminal. The first 32 are escaped by JSON itself, but for line
/// breaks, which here are only between its parts; the others can only stand in strings, where an escape may replace them.
pub(super) fn harmless(json: String) -> String {
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
