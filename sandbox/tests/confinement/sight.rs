//! What a plugin sees beside what it is told is what the documentation says.

use crate::Test;
use crate::cases::{host_name, user_id};
use crate::lab::{Lab, SECRET_VARIABLE, Way};
use probity_sandbox::Level;

pub(crate) fn tests() -> Vec<Test> {
    tests!("sight": what_can_be_seen_is_documented)
}

const DOCUMENTATION: &str = include_str!("../../../docs/sandbox.md");

/// What it sees in each of its answers, as the rows of the table.
fn what_can_be_seen_is_documented() {
    let seen = |level: Option<Level>| {
        let lab = Lab::at(level.unwrap_or(Level::Standard));
        let (granted, other, host) = (lab.text("granted"), lab.text("home"), std::process::id().to_string());
        let arguments = ["look", &granted, &other, &host_name(), &user_id(), &host, SECRET_VARIABLE];
        let way = if level.is_some() { Way::Itself } else { Way::Free };
        lab.run(way, &arguments).output
    };
    let [free, standard, full] = [None, Some(Level::Standard), Some(Level::Full)].map(seen);
    let mut count = 0;
    for ((free, standard), full) in free.lines().zip(standard.lines()).zip(full.lines()) {
        let Some((what, without)) = free.rsplit_once(": ") else { continue };
        let told = |line: &str| line.strip_prefix(what).unwrap().trim_start_matches(": ").to_owned();
        // Else nothing would be shown by its being hidden.
        assert_eq!(without, "seen", "{what}");
        let row = format!("| {what} | {} | {} |", told(standard), told(full));
        assert!(DOCUMENTATION.contains(&row), "docs/sandbox.md lacks {row}");
        count += 1;
    }
    assert_eq!(count, 16);
}
