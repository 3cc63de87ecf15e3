//! Submodules: where other repositories come from.

use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::git::{Folder, Target};
use probity_sdk::prelude::*;

use crate::places::text;
use crate::rules::{COMMAND_SUBMODULE, PLAIN_SUBMODULE, UNREADABLE_SUBMODULES};

const FILE: &str = ".gitmodules";

/// What is found in .gitmodules.
///
/// # Errors
/// Abstains if there is none.
pub(crate) fn submodules(engine: &Engine, target: &Target) -> Result<Vec<Finding>> {
    let folder = Folder::read(engine, &target.tree, 0)?;
    let Some(file) = folder.files.iter().find(|file| file.path == FILE) else {
        return Err(abstain("there are no submodules"));
    };
    Ok(match text(engine, file)? {
        Some(said) => found(&said),
        None => vec![
            Finding::new(UNREADABLE_SUBMODULES, Severity::Medium, "it is no regular file with text")
                .path(FILE),
        ],
    })
}

fn found(gitmodules: &str) -> Vec<Finding> {
    let lines = (1..).zip(gitmodules.lines());
    lines.filter_map(|(number, line)| Some(judged(line)?.path(FILE).line(number))).collect()
}

/// A line of git's configuration: `key = value`, the value in quotes or not.
fn judged(line: &str) -> Option<Finding> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim().to_ascii_lowercase();
    let value = value.trim().trim_matches('"');
    let lower = value.to_ascii_lowercase();
    match key.as_str() {
        "url" | "path" if value.starts_with('-') || lower.starts_with("ext::") => {
            let message = format!("{} is taken for an option or a command", shortened(value));
            Some(Finding::new(COMMAND_SUBMODULE, Severity::High, message))
        }
        "url" if lower.starts_with("http://") || lower.starts_with("git://") => {
            let message = format!("{} is fetched without encryption", shortened(value));
            Some(Finding::new(PLAIN_SUBMODULE, Severity::Medium, message))
        }
        "update" if value.starts_with('!') => {
            let message = format!("{} is a command", shortened(value));
            Some(Finding::new(COMMAND_SUBMODULE, Severity::High, message))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_judged_by_how_they_begin() {
        let said = "[submodule \"a\"]\n\tpath = a\n\turl = https://example.org/a\n[submodule \"b\"]\n\tURL = \"http://example.org/b\"\n\
                    [submodule \"c\"]\n\turl = --upload-pack=touch x\n\tupdate = !make\n[submodule \"d\"]\n\turl = ../d\n";
        let told: Vec<(String, Option<u32>)> = found(said).into_iter().map(|of| (of.rule, of.line)).collect();
        let expected = [(PLAIN_SUBMODULE, 5), (COMMAND_SUBMODULE, 7), (COMMAND_SUBMODULE, 8)];
        assert_eq!(told, expected.map(|(rule, line)| (rule.to_owned(), Some(line))));
    }
}
