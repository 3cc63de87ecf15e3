//! Words of two scripts that look like words of one.

use probity_sdk::findings::{Finding, Severity};
use unicode_script::{Script, UnicodeScript};
use unicode_security::{MixedScript, skeleton};

use super::{Few, Text};
use crate::rules::LOOKALIKE_WORD;

pub(super) fn find(text: &Text<'_>, found: &mut Vec<Finding>) {
    let mut few = Few::new(found);
    for (line, content) in text.foreign_lines() {
        let words = content.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        if let Some(word) = words.filter(|word| !word.is_ascii()).find(|word| is_lookalike(word)) {
            let message = format!("{} looks like a word in Latin letters, and is none", shown(word));
            if !few.add(Finding::new(LOOKALIKE_WORD, Severity::Medium, message).line(line)) {
                return;
            }
        }
    }
}

/// Whether a word has Latin letters and others, all of which look like Latin ones. Greek ones do not count: formulas have them beside Latin ones.
fn is_lookalike(word: &str) -> bool {
    let latin = word.chars().any(|c| c.is_ascii_alphabetic());
    let greek = word.chars().any(|c| c.script() == Script::Greek);
    latin
        && !greek
        && word.chars().count() > 2
        && !word.is_single_script()
        && skeleton(word).all(|c| c.is_ascii())
}

/// A word with its foreign characters by their numbers, so that the difference is seen.
fn shown(word: &str) -> String {
    let mut shown = String::new();
    for c in word.chars().take(40) {
        if c.is_ascii() { shown.push(c) } else { shown.extend(c.escape_unicode()) }
    }
    shown
}
