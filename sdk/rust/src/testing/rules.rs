//! What holds of every list of rules.

use std::collections::BTreeSet;

use crate::findings::Rule;

/// Checks that each rule has an id of its own, says how bad it is, and where that is written down.
///
/// # Panics
/// When one does not.
pub fn assert_rules(rules: &[Rule]) {
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), rules.len(), "two rules have the same id");
    for Rule { id, text, reference, .. } in rules {
        assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{id}");
        assert!(["high", "medium", "low"].iter().any(|severity| text.starts_with(severity)), "{id}");
        assert!(reference.starts_with("https://"), "{id}");
    }
}
