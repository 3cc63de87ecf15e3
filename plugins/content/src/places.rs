//! What a finding means where it is: some things are at home in some places.

use probity_sdk::findings::{Finding, Severity};
use probity_sdk::git;

use crate::rules::{DISGUISED_EXECUTABLE, EXECUTABLE, LONG_LINE, PRIVATE_KEY, PRIVATE_USE};

/// Names of what is made by programs or comes from elsewhere.
const MADE: [&str; 14] = [
    ".min.",
    "-min.",
    ".bundle.",
    "dist/",
    "build/",
    "vendor/",
    "vendored/",
    "third_party/",
    "third-party/",
    "node_modules/",
    "generated",
    "minified",
    "bundled",
    "lock",
];
const FONTS: [&str; 5] = ["font", "icon", "theme", "glyph", "nerd"];
const TESTS: [&str; 8] = ["test", "fixture", "example", "sample", "spec", "mock", "doc", "demo"];
/// Extensions of what is only looked at, read or unpacked.
const HARMLESS: [&str; 26] = [
    "png", "jpg", "jpeg", "gif", "svg", "ico", "bmp", "webp", "txt", "md", "rst", "json", "xml", "yml",
    "yaml", "toml", "css", "html", "csv", "pdf", "mp3", "wav", "woff", "woff2", "xz", "gz",
];

/// The finding as it is to be told of its place, if at all. The path may begin in any folder: what is said from there on holds from those
/// around it on too, where it is asked again.
pub(crate) fn judged(mut finding: Finding) -> Option<Finding> {
    let path = finding.path.as_deref().unwrap_or_default().to_ascii_lowercase();
    let within = |words: &[&str]| words.iter().any(|word| path.contains(word));
    match finding.rule.as_str() {
        LONG_LINE if within(&MADE) => return None,
        PRIVATE_USE if within(&FONTS) => return None,
        PRIVATE_KEY if within(&TESTS) => finding.severity = Severity::Low,
        EXECUTABLE if git::extension(&path).is_some_and(|extension| HARMLESS.contains(&extension)) => {
            finding.severity = Severity::High;
            finding.rule = DISGUISED_EXECUTABLE.to_owned();
            finding.message.push_str(", under another name");
        }
        _ => {}
    }
    Some(finding)
}
