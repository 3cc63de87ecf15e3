//! Characters that turn the direction of a line.

use super::{Few, Text};
use crate::rules::BIDI_CONTROL;
use probity_sdk::findings::{Finding, Severity};

pub(super) fn find(text: &Text<'_>, found: &mut Vec<Finding>) {
    let mut few = Few::new(found);
    for (line, content) in text.foreign_lines() {
        let worst = content.chars().filter_map(|c| Some((severity(c)?, c))).min();
        if let Some((severity, c)) = worst {
            let message = format!("U+{:04X} turns the direction of the text", u32::from(c));
            if !few.add(Finding::new(BIDI_CONTROL, severity, message).line(line)) {
                return;
            }
        }
    }
}

fn severity(c: char) -> Option<Severity> {
    match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some(Severity::High),
        '\u{200e}' | '\u{200f}' | '\u{61c}' => Some(Severity::Medium),
        _ => None,
    }
}
