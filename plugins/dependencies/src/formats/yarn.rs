//! `yarn.lock`: the form of Yarn 1, which is Yarn's own, and that of later versions, which is YAML.

use crate::read::{ReadError, yaml};
use crate::shapes::{Locked, Said};

pub(super) fn lock(text: &str) -> Result<Said, ReadError> {
    if text.lines().any(|line| line.starts_with("__metadata:")) { berry(text) } else { Ok(classic(text)) }
}

fn classic(text: &str) -> Said {
    let mut said = Said::default();
    for line in text.lines() {
        let line = line.trim_end();
        let indent = line.len() - line.trim_start().len();
        match indent {
            0 if line.ends_with(':') => {
                let first = line.trim_end_matches(':').split(", ").next().unwrap_or_default();
                said.locked.push(Locked { name: name(unquoted(first)), ..Locked::default() });
            }
            2 => {
                if let (Some(locked), Some((word, value))) =
                    (said.locked.last_mut(), line.trim().split_once(' '))
                {
                    let value = Some(unquoted(value).to_owned());
                    match word {
                        "version" => locked.version = value,
                        "resolved" => locked.source = value,
                        "integrity" => locked.integrity = value,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    said
}

fn berry(text: &str) -> Result<Said, ReadError> {
    let root = yaml::read(text)?;
    let mut said = Said::default();
    for (key, package) in root.members().iter().filter(|(key, _)| key != "__metadata") {
        let resolution = package.text("resolution");
        // The project's own packages are not locked.
        if resolution.is_some_and(|resolution| resolution.contains("@workspace:")) {
            continue;
        }
        let first = key.split(", ").next().unwrap_or_default();
        said.locked.push(Locked {
            name: name(resolution.unwrap_or(first)),
            version: package.text("version").map(str::to_owned),
            source: resolution.map(str::to_owned),
            integrity: package.text("checksum").map(str::to_owned),
            dev: false,
        });
    }
    Ok(said)
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches('"')
}

/// The name in `name@range` and `@scope/name@npm:range`; the real one of an alias, `alias@npm:name@range`.
fn name(pattern: &str) -> String {
    let split = |pattern: &str| {
        let at = pattern.char_indices().skip(1).find(|(_, char)| *char == '@').map(|(at, _)| at);
        at.map_or((pattern.to_owned(), String::new()), |at| {
            (pattern[..at].to_owned(), pattern[at + 1..].to_owned())
        })
    };
    let (own, range) = split(pattern);
    match range.strip_prefix("npm:").map(split) {
        Some((real, range)) if !range.is_empty() => real,
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_from_patterns() {
        for (pattern, expected) in [
            ("a@^1", "a"),
            ("@s/a@^1", "@s/a"),
            ("a@npm:^1", "a"),
            ("x@npm:@s/a@^1", "@s/a"),
            ("a", "a"),
            ("", ""),
        ] {
            assert_eq!(name(pattern), expected, "{pattern}");
        }
    }
}
