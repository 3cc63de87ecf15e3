//! A file of the archive that the tree does not have.

use probity_sdk::findings::{Finding, Severity, shortened};
use serde_json::Value;

use crate::changed::{HOOKS, of_manifest};
use crate::compare::Case;
use crate::listing::Is;
use crate::roles::Role;
use crate::rules::{EXTRA_BUILD_FILE, EXTRA_FILE};

/// What is to be said of it, and of its content.
pub(crate) fn finding(case: &Case<'_>, content: &[u8]) -> Finding {
    let (binary, shell) = match case.is {
        Is::File { binary, shell } => (*binary, *shell),
        Is::Link { .. } => (false, false),
    };
    let of_build = |severity, message: String| case.finding(EXTRA_BUILD_FILE, severity, message);
    let plain = |severity, message: &str| case.finding(EXTRA_FILE, severity, message);
    match case.role {
        Role::Generated if case.autotools => of_build(
            Severity::Low,
            "autotools generate a file of this name, which runs at the build: it cannot be compared with the tree; make it anew (autoreconf -fi)".to_owned(),
        ),
        Role::Macro { copied: true } => of_build(
            Severity::Medium,
            format!(
                "the tree does not have this macro file, which becomes a part of configure; autotools copy one of this name{}: compare it with theirs of that serial",
                serial(content)
            ),
        ),
        Role::Macro { copied: false } => of_build(
            Severity::High,
            format!("the tree does not have this macro file, which becomes a part of configure{}", serial(content)),
        ),
        Role::Runs | Role::Generated => of_build(Severity::High, "the tree does not have this file, which runs when this is built or installed".to_owned()),
        Role::PackageJson => match hook(content) {
            Some(hook) => of_build(
                Severity::High,
                format!("the tree does not have this manifest, which has npm run its script {hook}"),
            ),
            None => match of_manifest(b"{}", content) {
                Some(what) => plain(Severity::Medium, &format!("the tree does not have this manifest, which {what}")),
                None => plain(Severity::Low, "the tree does not have this manifest, which has npm run nothing"),
            },
        },
        _ if shell => of_build(Severity::High, "the tree does not have this script for a shell".to_owned()),
        _ if binary => plain(Severity::Medium, "the tree does not have this file, which is binary"),
        Role::Code => plain(Severity::Medium, "the tree does not have this file, which is code"),
        Role::Plain if content.starts_with(b"#!") => plain(Severity::Medium, "the tree does not have this script"),
        Role::Plain => plain(Severity::Low, "the tree does not have this file"),
    }
}

/// The number by which macro files of autotools tell their version, in words.
fn serial(content: &[u8]) -> String {
    let head = String::from_utf8_lossy(&content[..content.len().min(4096)]).into_owned();
    let number = head.lines().take(20).find_map(|line| {
        let (_, after) = line.split_once("serial ")?;
        line.starts_with(['#', 'd']).then(|| after.split_whitespace().next().map(shortened)).flatten()
    });
    number.map_or_else(String::new, |number| format!(" (it calls itself serial {number:?})"))
}

fn hook(content: &[u8]) -> Option<&'static str> {
    let Ok(manifest) = serde_json::from_slice::<Value>(content) else {
        return Some("unknown, since it cannot be read");
    };
    HOOKS.into_iter().find(|hook| !manifest["scripts"][*hook].is_null())
}
