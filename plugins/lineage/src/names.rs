//! What the names of tags tell: which name one version, and of which line of releases.

use std::collections::BTreeSet;

/// The part of a name that is the version begins at the first digit behind a blank place: the beginning, or a sign that joins words. A `v` or
/// the like may come before it. `None` if there is none with two numbers at least.
fn version(name: &str) -> Option<(&str, &str)> {
    let bytes = name.as_bytes();
    let begins = |at: usize| match name[..at].chars().next_back() {
        None => true,
        Some('v' | 'V' | 'r') => at < 2 || !bytes[at - 2].is_ascii_alphanumeric(),
        Some(before) => !before.is_alphanumeric() && before != '.',
    };
    let starts = bytes.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(|(at, _)| at);
    let mut found = starts.filter(|at| begins(*at)).map(|at| name.split_at(at));
    found.find(|(_, version)| numbers(version) >= 2)
}

/// How many numbers a version begins with, joined by points (or, as in old names, by `_` or `-`).
fn numbers(version: &str) -> usize {
    let number = |part: &&str| part.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    version.split(['.', '_', '-']).take_while(number).count()
}

/// The line of releases that a tag belongs to, if it names one version: its name before the version, without `v` or whatever joins them.
pub(crate) fn line(name: &str) -> Option<&str> {
    version(name)
        .map(|(before, _)| before.trim_end_matches(['v', 'V']).trim_end_matches(['-', '_', '/', '@', '.']))
}

/// Whether a tag is meant to stay: it names one version, and no other tag goes on from its name, as v1.2.3 does from v1.2.
pub(crate) fn is_fixed(name: &str, others: &BTreeSet<&str>) -> bool {
    let longer = format!("{name}.");
    let goes_on = others.range(longer.as_str()..).next().is_some_and(|other| {
        other
            .strip_prefix(&longer)
            .is_some_and(|rest| rest.bytes().next().is_some_and(|byte| byte.is_ascii_digit()))
    });
    version(name).is_some() && !goes_on
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_their_lines_are_told_from_other_names() {
        for (name, expected) in [
            ("v1.2.3", Some("")),
            ("1.2", Some("")),
            ("release-1.0.2k", Some("release")),
            ("tokio-util-0.7.1", Some("tokio-util")),
            ("crates/a@2.0.0", Some("crates/a")),
            ("OpenSSL_1_0_2", Some("OpenSSL")),
            ("log4j-2.17.1", Some("log4j")),
            ("2024-05-01", Some("")),
            ("foo/v1.2.3", Some("foo")),
            ("v4", None),
            ("nightly", None),
            ("latest", None),
            ("rev7.x", None),
            ("", None),
        ] {
            assert_eq!(line(name), expected, "{name}");
        }
    }

    #[test]
    fn a_tag_from_whose_name_others_go_on_floats() {
        let names = BTreeSet::from(["v1", "v1.2", "v1.2.3", "v1.20", "v2.0", "v2.0-rc1"]);
        assert!(!is_fixed("v1", &names) && !is_fixed("v1.2", &names));
        assert!(is_fixed("v1.2.3", &names) && is_fixed("v1.20", &names) && is_fixed("v2.0", &names));
    }
}
