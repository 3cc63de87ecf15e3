//! Characters that nobody sees, or that mean nothing.

use super::{Few, Text};
use crate::rules::{CONTROL_CHARACTER, INVISIBLE_CHARACTER, PRIVATE_USE};
use probity_sdk::findings::{Finding, Severity};

/// So many variation selectors stand in a row in no honest text.
const ROW: usize = 4;

pub(super) fn find(text: &Text<'_>, found: &mut Vec<Finding>) {
    let mut invisible = Vec::new();
    let mut few = Few::new(&mut invisible);
    for (line, content) in text.foreign_lines() {
        if let Some((severity, what)) = unseen(&content, line == 1)
            && !few.add(Finding::new(INVISIBLE_CHARACTER, severity, what).line(line))
        {
            break;
        }
    }
    found.append(&mut invisible);
    each(
        text,
        found,
        PRIVATE_USE,
        "means nothing by any standard",
        |c| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}' | '\u{100000}'..='\u{10fffd}'),
    );
    each(text, found, CONTROL_CHARACTER, "is a control that terminals obey", |c| {
        matches!(c, '\u{80}'..='\u{9f}')
    });
}

fn each(text: &Text<'_>, found: &mut Vec<Finding>, rule: &str, what: &str, is: impl Fn(char) -> bool) {
    let mut few = Few::new(found);
    for (line, content) in text.foreign_lines() {
        if let Some(c) = content.chars().find(|c| is(*c)) {
            let message = format!("U+{:04X} {what}", u32::from(c));
            if !few.add(Finding::new(rule, Severity::Medium, message).line(line)) {
                return;
            }
        }
    }
}

/// The worst of what nobody sees in a line.
fn unseen(line: &str, first: bool) -> Option<(Severity, String)> {
    let told = |c: char| format!("U+{:04X} is not to be seen", u32::from(c));
    let mut worst: Option<(Severity, String)> = None;
    let mut row = 0;
    let mut flag = false;
    for (at, c) in line.char_indices() {
        row = if matches!(c, '\u{fe00}'..='\u{fe0f}') { row + 1 } else { 0 };
        let severity = match c {
            // The flags of England and its neighbours are a black flag and tags that name the country.
            '\u{e0020}'..='\u{e007f}' if flag => None,
            '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}' => Some(Severity::High),
            _ if row == ROW => Some(Severity::High),
            '\u{feff}' if first && at == 0 => None,
            '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{3164}' | '\u{ffa0}' | '\u{115f}' | '\u{1160}' => {
                Some(Severity::Medium)
            }
            _ => None,
        };
        flag = c == '\u{1f3f4}' || (flag && matches!(c, '\u{e0020}'..='\u{e007e}'));
        if let Some(severity) = severity
            && worst.as_ref().is_none_or(|(known, _)| severity < *known)
        {
            worst = Some((severity, told(c)));
        }
    }
    worst
}
