//! The files that speak of how a project is run: they lie in the topmost folder, or in one of few others.

use probity_sdk::git::{FileKind, Folder, Target, Text, TextKey, TreeFile, path};
use probity_sdk::prelude::*;

/// The folders beside the topmost one in which forges look.
const FOLDERS: [&str; 8] =
    [".circleci", ".forgejo", ".gitea", ".github", ".gitlab", "LICENSES", "LICENCES", "docs"];

/// The files in these places, by their paths.
pub(crate) struct Places {
    files: Vec<TreeFile>,
}

impl Places {
    /// # Errors
    /// Abstains if there are no files.
    pub(crate) fn read(engine: &Engine, target: &Target) -> Result<Self> {
        let Folder { mut files, folders } = Folder::read(engine, &target.tree, 0)?;
        if files.is_empty() && folders.is_empty() {
            return Err(abstain("the tree is empty"));
        }
        for folder in folders.into_iter().filter(|folder| FOLDERS.contains(&folder.path.as_str())) {
            let inner = Folder::read(engine, &folder.id, 1)?;
            let below = inner.folders.into_iter().map(|below| (below.path, below.id)).collect::<Vec<_>>();
            let place = |file: TreeFile| TreeFile { path: path::joined(&folder.path, &file.path), ..file };
            files.extend(inner.files.into_iter().map(place));
            for (name, id) in below.into_iter().filter(|(name, _)| name == "workflows") {
                let place = path::joined(&folder.path, &name);
                let inner = Folder::read(engine, &id, 2)?.files.into_iter();
                files.extend(inner.map(|file| TreeFile { path: path::joined(&place, &file.path), ..file }));
            }
        }
        Ok(Self { files })
    }

    /// The first file at one of these paths, capitals or not; a path ends before the extension.
    pub(crate) fn first(&self, paths: &[&str]) -> Option<&TreeFile> {
        paths.iter().find_map(|wanted| self.files.iter().find(|file| is_at(&file.path, wanted)))
    }

    /// Whether a file lies in one of these folders.
    pub(crate) fn any_in(&self, folders: &[&str]) -> bool {
        self.files.iter().any(|file| folders.iter().any(|folder| file.path.starts_with(folder)))
    }
}

/// Whether a file's path is this one, an extension, or a word after `-` or `.`, aside.
fn is_at(file: &str, wanted: &str) -> bool {
    let Some(start) = file.get(..wanted.len()) else { return false };
    let rest = &file[wanted.len()..];
    let ends = rest.is_empty() || rest.starts_with('.') || rest.starts_with('-');
    start.eq_ignore_ascii_case(wanted) && ends && !rest.contains('/')
}

/// What a file says. `None` if it is no text, or no regular file.
pub(crate) fn text(engine: &Engine, file: &TreeFile) -> Result<Option<String>> {
    if !matches!(file.kind, FileKind::File | FileKind::Executable) {
        return Ok(None);
    }
    let text: Text = engine.query("git/text", &TextKey { blob: file.id.clone() })?;
    Ok(text.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_capitals_and_extensions() {
        for file in ["SECURITY.md", "security", "Security.rst", "SECURITY-policy.md"] {
            assert!(is_at(file, "security"), "{file}");
        }
        for file in ["securityx", "security/a.md", "docs/security.md", "secur"] {
            assert!(!is_at(file, "security"), "{file}");
        }
        assert!(is_at(".github/SECURITY.md", ".github/security"));
    }
}
