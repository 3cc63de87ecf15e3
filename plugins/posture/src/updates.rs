//! Whether newer dependencies are proposed by a tool, and not on their first day.

use probity_sdk::dependencies::Listing;
use probity_sdk::findings::{Finding, Severity};
use probity_sdk::prelude::*;

use crate::places::{Places, text};
use crate::rules::{NO_COOLDOWN, NO_UPDATES};

const DEPENDABOT: [&str; 1] = [".github/dependabot"];
const RENOVATE: [&str; 6] = [
    "renovate",
    ".renovaterc",
    ".github/renovate",
    ".gitlab/renovate",
    ".github/.renovaterc",
    ".gitlab/.renovaterc",
];
const WAITS: [&str; 4] = ["cooldown", "minimumReleaseAge", "stabilityDays", "config:best-practices"];

/// Nothing where there is nothing to update.
pub(crate) fn updates(engine: &Engine, places: &Places, manifests: &Listing) -> Result<Option<Finding>> {
    if manifests.files.is_empty() && !places.any_in(&[".github/workflows/"]) {
        return Ok(None);
    }
    let Some(file) = places.first(&DEPENDABOT).or_else(|| places.first(&RENOVATE)) else {
        let message = "nothing proposes newer dependencies";
        return Ok(Some(Finding::new(NO_UPDATES, Severity::Low, message)));
    };
    let Some(said) = text(engine, file)? else { return Ok(None) };
    let finding = || {
        Finding::new(NO_COOLDOWN, Severity::Low, "releases are proposed on their first day").path(&file.path)
    };
    Ok((!waits(&said)).then(finding))
}

/// Whether a line that is no comment says that releases are waited for.
fn waits(said: &str) -> bool {
    let spoken = |line: &&str| !line.trim_start().starts_with(['#', '/']);
    said.lines().filter(spoken).any(|line| WAITS.iter().any(|word| line.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cooldown_in_a_comment_is_none() {
        assert!(waits("updates:\n  - cooldown:\n      default-days: 7"));
        assert!(waits("{ \"minimumReleaseAge\": \"3 days\" }"));
        assert!(!waits("# cooldown: later\nupdates: []"));
    }
}
