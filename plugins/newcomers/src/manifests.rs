//! What a project itself asks for, and how firmly.

use std::collections::BTreeMap;

use probity_sdk::dependencies::{Direct, Manifest};

/// What comes from others and is asked for by the project itself, by name.
pub(crate) fn own(manifest: &Manifest) -> BTreeMap<&str, &Direct> {
    let own = |direct: &&Direct| direct.kind != "indirect" && !is_inner(direct);
    manifest.direct.iter().filter(own).map(|direct| (direct.name.as_str(), direct)).collect()
}

/// Whether a manifest asks for a package, in whatever way.
pub(crate) fn names(manifest: &Manifest, package: &str) -> bool {
    manifest.direct.iter().any(|direct| direct.name == package)
}

/// Whether it lies in the repository itself.
fn is_inner(direct: &Direct) -> bool {
    let source = direct.source.as_deref().unwrap_or_default();
    source.starts_with("path:") || source.starts_with("workspace:")
}

/// Whether what it stands for may change without a word, even with a lock file made anew: any version at all, or whatever lies on a server.
pub(crate) fn is_open(direct: &Direct) -> bool {
    if let Some(source) = &direct.source {
        let commit = |word: &str| word.len() >= 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        return !source.split(|c: char| !c.is_ascii_alphanumeric()).any(commit);
    }
    let requirement = direct.requirement.as_deref().unwrap_or_default().trim();
    let from = requirement.starts_with('>') && !requirement.contains('<');
    from || ["*", "x", "X", "latest", "next", "any"].contains(&requirement)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_is_what_may_become_anything() {
        let direct = |requirement: Option<&str>, source: Option<&str>| Direct {
            name: "a".into(),
            requirement: requirement.map(str::to_owned),
            source: source.map(str::to_owned),
            ..Direct::default()
        };
        for open in ["*", "latest", ">=1"] {
            assert!(is_open(&direct(Some(open), None)), "{open}");
        }
        for closed in ["^1.2", "1", ">=1 <2", "~1.0"] {
            assert!(!is_open(&direct(Some(closed), None)), "{closed}");
        }
        assert!(!is_open(&direct(None, None)));
        assert!(is_open(&direct(None, Some("git:https://h/x.git"))));
        let commit = "https://h/x.git#0123456789abcdef0123456789abcdef01234567";
        assert!(!is_open(&direct(None, Some(&format!("git:{commit}")))));
    }
}
