//! What is read of the answers of `dependencies/file`.

use std::collections::BTreeMap;

use probity_sdk::prelude::*;

/// Key of `dependencies/file`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct FileKey {
    pub(crate) blob: String,
    pub(crate) format: String,
}

/// What a manifest says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Manifest {
    #[serde(default)]
    direct: Vec<Direct>,
}

/// A dependency that a manifest asks for.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Direct {
    name: String,
    #[serde(default)]
    pub(crate) requirement: Option<String>,
    kind: String,
    #[serde(default)]
    pub(crate) source: Option<String>,
    #[serde(default)]
    pub(crate) line: Option<u64>,
}

impl Manifest {
    /// What comes from others and is asked for by the project itself, by name.
    pub(crate) fn own(&self) -> BTreeMap<&str, &Direct> {
        let own = |direct: &&Direct| direct.kind != "indirect" && !direct.is_inner();
        self.direct.iter().filter(own).map(|direct| (direct.name.as_str(), direct)).collect()
    }

    /// Whether it asks for a package, in whatever way.
    pub(crate) fn names(&self, package: &str) -> bool {
        self.direct.iter().any(|direct| direct.name == package)
    }
}

impl Direct {
    /// Whether it lies in the repository itself.
    fn is_inner(&self) -> bool {
        let source = self.source.as_deref().unwrap_or_default();
        source.starts_with("path:") || source.starts_with("workspace:")
    }

    /// Whether what it stands for may change without a word, even with a lock file made anew: any version at all, or whatever lies on a server.
    pub(crate) fn is_open(&self) -> bool {
        if let Some(source) = &self.source {
            let commit = |word: &str| word.len() >= 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
            return !source.split(|c: char| !c.is_ascii_alphanumeric()).any(commit);
        }
        let requirement = self.requirement.as_deref().unwrap_or_default().trim();
        let from = requirement.starts_with('>') && !requirement.contains('<');
        from || ["*", "x", "X", "latest", "next", "any"].contains(&requirement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_is_what_may_become_anything() {
        let direct = |requirement: Option<&str>, source: Option<&str>| Direct {
            name: "a".into(),
            requirement: requirement.map(str::to_owned),
            kind: "normal".into(),
            source: source.map(str::to_owned),
            line: None,
        };
        for open in ["*", "latest", ">=1"] {
            assert!(direct(Some(open), None).is_open(), "{open}");
        }
        for closed in ["^1.2", "1", ">=1 <2", "~1.0"] {
            assert!(!direct(Some(closed), None).is_open(), "{closed}");
        }
        assert!(!direct(None, None).is_open());
        assert!(direct(None, Some("git:https://h/x.git")).is_open());
        let commit = "https://h/x.git#0123456789abcdef0123456789abcdef01234567";
        assert!(!direct(None, Some(&format!("git:{commit}"))).is_open());
    }
}
