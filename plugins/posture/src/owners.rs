//! Who must look at which change: CODEOWNERS, as GitHub and GitLab read it.

use globset::{GlobBuilder, GlobMatcher};
use probity_sdk::findings::{Finding, Severity};
use probity_sdk::prelude::*;

use crate::places::{Places, text};
use crate::rules::{NO_CODE_OWNERS, UNOWNED_AUTOMATION};

const FILES: [&str; 4] = ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];
const WORKFLOWS: [&str; 3] = [".github/workflows/", ".forgejo/workflows/", ".gitea/workflows/"];

pub(crate) fn owners(engine: &Engine, places: &Places) -> Result<Option<Finding>> {
    let Some(file) = places.first(&FILES) else {
        let message = "nothing says who must look at which change";
        return Ok(Some(Finding::new(NO_CODE_OWNERS, Severity::Low, message)));
    };
    let Some(said) = text(engine, file)? else { return Ok(None) };
    let unowned = WORKFLOWS.iter().find(|folder| {
        places.any_in(&[folder]) && !is_owned(&said, &format!("{folder}any-new-workflow.yml"))
    });
    let finding = |folder: &&str| {
        let message = format!("nobody owns {folder}");
        Finding::new(UNOWNED_AUTOMATION, Severity::Low, message).path(&file.path)
    };
    Ok(unowned.map(finding))
}

/// Whether the last pattern that fits a path has owners.
fn is_owned(code_owners: &str, path: &str) -> bool {
    let entry = |line: &str| {
        let line = line.split(" #").next().unwrap_or_default().trim().to_owned();
        let (pattern, owners) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
        // GitLab's sections in brackets, with owners for the lines below them, are no patterns.
        let is_pattern = !pattern.is_empty() && !pattern.starts_with(['#', '[', '^']);
        let fits = is_pattern && matchers(pattern).iter().any(|matcher| matcher.is_match(path));
        fits.then(|| !owners.trim().is_empty())
    };
    code_owners.lines().filter_map(entry).next_back().unwrap_or(false)
}

/// As in .gitignore: a pattern with a slash before its end begins at the top, and what fits a folder fits all in it.
fn matchers(pattern: &str) -> Vec<GlobMatcher> {
    let folder = pattern.trim_end_matches('/');
    let anchored = folder.contains('/');
    let folder = folder.trim_start_matches('/');
    let top = if anchored { folder.to_owned() } else { format!("**/{folder}") };
    let mut globs = vec![format!("{top}/**")];
    if !pattern.ends_with('/') {
        globs.push(top);
    }
    if pattern == "/" {
        globs = vec!["**".to_owned()];
    }
    let glob = |glob: &String| GlobBuilder::new(glob).literal_separator(true).build().ok();
    globs.iter().filter_map(glob).map(|glob| glob.compile_matcher()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(code_owners: &str) -> bool {
        is_owned(code_owners, ".github/workflows/release.yml")
    }

    #[test]
    fn the_last_pattern_that_fits_decides() {
        for owners in [
            "* @a",
            "/.github/ @a",
            ".github/ @a",
            ".github @a",
            "/.github/workflows/* @a",
            "*.yml @a",
            "** @a",
        ] {
            assert!(owned(owners), "{owners}");
        }
        for owners in
            ["", "# * @a", "/src/ @a", "* @a\n/.github/", "workflows.yml @a", "/workflows/ @a", "*.md @a"]
        {
            assert!(!owned(owners), "{owners}");
        }
        assert!(owned("* @a # all\n/src/ @b"));
    }
}
