//! The shapes of what the plugin `linguist` gives: which files are source.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::git;

/// The extensions that make a file source; value of `linguist/source_extensions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceFiles {
    /// Sorted, in lower case, without a dot. Extensions are to be compared in lower case.
    pub extensions: BTreeSet<String>,
    /// Whether a file without an extension is source.
    pub without_extension: bool,
    /// Whether extensions are to be compared as they are written. Only Hipcheck does so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub case_sensitive: bool,
}

impl SourceFiles {
    /// Whether the file of this path is source; a path that is not UTF-8 is quoted as git quotes it.
    pub fn contains(&self, path: &str) -> bool {
        self.contains_extension(git::extension(path))
    }

    /// Whether files of this extension, or without one, are source.
    pub fn contains_extension(&self, extension: Option<&str>) -> bool {
        match extension {
            Some(extension) if self.case_sensitive => self.extensions.contains(extension),
            Some(extension) => self.extensions.contains(&extension.to_ascii_lowercase()),
            None => self.without_extension,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(without_extension: bool) -> SourceFiles {
        SourceFiles {
            extensions: ["rs", "s"].map(String::from).into(),
            without_extension,
            case_sensitive: false,
        }
    }

    #[test]
    fn a_file_is_source_by_the_last_part_of_its_name() {
        let files = files(true);
        for path in ["src/a.rs", "boot.S", "Makefile", ".gitignore", r#""caf\351.rs""#] {
            assert!(files.contains(path), "{path}");
        }
        for path in ["a.rs.txt", "x.rs/notes.md", r#""a.rs\377""#] {
            assert!(!files.contains(path), "{path}");
        }
    }

    #[test]
    fn files_without_extension_are_source_only_where_the_answer_says_so() {
        assert!(files(true).contains_extension(None));
        assert!(!files(false).contains("Makefile") && !files(false).contains_extension(None));
        assert!(files(false).contains_extension(Some("RS")));
    }

    #[test]
    fn case_matters_only_where_the_answer_says_so() {
        let exact = SourceFiles { case_sensitive: true, ..files(true) };
        assert!(exact.contains("boot.s") && !exact.contains("boot.S"));
    }

    #[test]
    fn the_answer_is_written_sorted_and_read_in_any_order() {
        let read: SourceFiles =
            serde_json::from_str(r#"{"extensions":["s","rs"],"without_extension":true}"#).unwrap();
        assert_eq!(read, files(true));
        assert_eq!(
            serde_json::to_string(&read).unwrap(),
            r#"{"extensions":["rs","s"],"without_extension":true}"#
        );
    }
}
