//! Which files are source, as `linguist` says.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::Path;

use serde::Deserialize;

/// The answer of `linguist/source_extensions`; extensions are in lower case.
#[derive(Debug, Deserialize)]
pub(crate) struct SourceFiles {
    extensions: HashSet<String>,
    without_extension: bool,
}

impl SourceFiles {
    /// Whether the file of this path is source. A quoted path is read through its quotes: the escapes within neither
    /// add nor hide a dot or a slash.
    pub(crate) fn contains(&self, path: &str) -> bool {
        let bare = path.strip_prefix('"').and_then(|path| path.strip_suffix('"')).unwrap_or(path);
        self.contains_extension(Path::new(bare).extension().and_then(OsStr::to_str))
    }

    /// Whether files of this extension, or without one, are source.
    pub(crate) fn contains_extension(&self, extension: Option<&str>) -> bool {
        match extension {
            Some(extension) => self.extensions.contains(&extension.to_ascii_lowercase()),
            None => self.without_extension,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_source_by_the_last_part_of_its_name() {
        let files: SourceFiles =
            serde_json::from_str(r#"{"extensions":["rs","s"],"without_extension":false}"#).unwrap();
        for path in ["src/a.rs", "boot.S", r#""caf\351.rs""#] {
            assert!(files.contains(path), "{path}");
        }
        for path in ["a.rs.txt", "x.rs/notes.md", "Makefile"] {
            assert!(!files.contains(path), "{path}");
        }
        assert!(files.contains_extension(Some("RS")) && !files.contains_extension(None));
    }
}
