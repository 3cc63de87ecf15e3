//! What newcomers changed of how the project is built, and what of it they told git to ignore.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::git::{Text, TextKey, TouchedFile};
use probity_sdk::prelude::*;

use crate::newcomers::{Newcomer, Newcomers};
use crate::paths::Interest;
use crate::rules::{HIDDEN_BUILD_INPUT, NEWCOMER_BUILD_EDIT};

/// Whose edits of the build are told.
const EDIT_DAYS: i64 = 731;
/// How many texts are asked for at once.
const AT_ONCE: usize = 32;
/// Build inputs that tools make, and that are ignored everywhere.
const GENERATED: [&str; 14] = [
    "aclocal.m4",
    "libtool.m4",
    "ltargz.m4",
    "ltdl.m4",
    "ltoptions.m4",
    "ltsugar.m4",
    "ltversion.m4",
    "lt~obsolete.m4",
    "lt*.m4",
    "intltool.m4",
    "gtk-doc.m4",
    "cmake_install.cmake",
    "ctesttestfile.cmake",
    "cmakelists.txt.user",
];

pub(crate) fn findings(engine: &Engine, told: &Newcomers) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for change in told.changes.iter().filter(|change| change.days < EDIT_DAYS) {
        for file in change.files.iter().filter(|file| Interest::of(&file.path).build) {
            let message = format!("{}: it is a file by which the project is built", change.told());
            let finding = Finding::new(NEWCOMER_BUILD_EDIT, Severity::Low, message);
            findings.push(finding.path(&file.path).commit(&change.id));
        }
    }
    let mut ignoring: Vec<(&Newcomer, &TouchedFile)> = Vec::new();
    for change in &told.changes {
        ignoring.extend(
            change.files.iter().filter(|file| Interest::of(&file.path).ignore).map(|file| (change, file)),
        );
    }
    let texts = texts(engine, ignoring.iter().map(|(_, file)| *file))?;
    for (change, file) in ignoring {
        findings.extend(hidden(change, file, &texts));
    }
    Ok(findings)
}

/// The texts of all versions of these files; of what is no text, nothing.
fn texts<'a>(
    engine: &Engine,
    files: impl Iterator<Item = &'a TouchedFile>,
) -> Result<BTreeMap<String, String>> {
    let blobs: BTreeSet<String> =
        files.flat_map(|file| file.before.iter().chain(&file.after)).cloned().collect();
    let keys: Vec<TextKey> = blobs.into_iter().map(|blob| TextKey { blob }).collect();
    let mut texts = BTreeMap::new();
    for (key, text) in keys.iter().zip(engine.query_windowed::<Text, _>("git/text", &keys, AT_ONCE)) {
        texts.insert(key.blob.clone(), text?.text.unwrap_or_default());
    }
    Ok(texts)
}

/// The patterns that a change adds and that hide what a build would read.
fn hidden(change: &Newcomer, file: &TouchedFile, texts: &BTreeMap<String, String>) -> Vec<Finding> {
    let text = |blob: &String| texts.get(blob).map_or("", String::as_str);
    let before: HashSet<&str> =
        file.before.iter().flat_map(|blob| text(blob).lines().map(str::trim)).collect();
    let after = file.after.as_ref().map_or("", text);
    let mut findings = Vec::new();
    for (line, pattern) in (1..).zip(after.lines().map(str::trim)) {
        let Some(hides) = hides(pattern).filter(|_| !before.contains(pattern)) else { continue };
        let severity = match hides {
            Hides::Generated => Severity::Low,
            Hides::Script if change.alone => Severity::Medium,
            Hides::Script => Severity::Low,
            Hides::Input if change.alone => Severity::High,
            Hides::Input => Severity::Medium,
        };
        let message = format!("{}: {} is ignored from then on", change.told(), shortened(pattern));
        let finding = Finding::new(HIDDEN_BUILD_INPUT, severity, message);
        findings.push(finding.path(&file.path).line(line).commit(&change.id));
    }
    findings
}

/// What a pattern hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hides {
    Input,
    Script,
    Generated,
}

fn hides(pattern: &str) -> Option<Hides> {
    if pattern.starts_with(['#', '!']) {
        return None;
    }
    let name = pattern.rsplit('/').next().unwrap_or(pattern).to_lowercase();
    if GENERATED.contains(&name.as_str()) {
        return Some(Hides::Generated);
    }
    let (_, extension) = name.rsplit_once('.')?;
    match extension {
        "m4" | "ac" | "am" | "cmake" => Some(Hides::Input),
        "sh" => Some(Hides::Script),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_known_by_what_they_hide() {
        for (pattern, expected) in [
            ("build-to-host.m4", Some(Hides::Input)),
            ("/m4/*.M4", Some(Hides::Input)),
            ("cmake/*.cmake", Some(Hides::Input)),
            ("aclocal.m4", Some(Hides::Generated)),
            ("run.sh", Some(Hides::Script)),
            ("#x.m4", None),
            ("!x.m4", None),
            ("*.o", None),
            ("m4/", None),
            ("", None),
        ] {
            assert_eq!(hides(pattern), expected, "{pattern}");
        }
    }
}
