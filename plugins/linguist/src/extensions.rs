//! Which files are source: a question of the file's extension alone.
//!
//! Case does not matter (`BOOT.S`, `plot.R`), and only the last part of a name counts (`x.tar.gz` has the extension
//! `gz`), so that the answer for a path and the answer for the extensions found in a diff cannot differ.

use std::collections::BTreeSet;

use probity_sdk::linguist::SourceFiles;

use crate::config::Config;

const PROGRAMMING_LANGUAGES: &str = include_str!("../data/source-extensions.txt");

/// The built-in list, with the additions and exceptions of the configuration. An exception wins over an addition.
pub(crate) fn source_files(config: &Config) -> SourceFiles {
    let mut extensions: BTreeSet<String> = built_in().map(str::to_owned).collect();
    extensions.extend(config.extra_extensions.extensions());
    for name in config.excluded_extensions.extensions() {
        extensions.remove(&name);
    }
    SourceFiles { extensions, without_extension: config.without_extension, case_sensitive: false }
}

/// What Hipcheck counts, whatever the configuration: the same list with `.md`, which it takes for a machine description of GCC, and `.E`; and
/// case matters.
pub(crate) fn hipcheck_files() -> SourceFiles {
    let extensions = built_in().chain(["E", "md"]).map(str::to_owned).collect();
    SourceFiles { extensions, without_extension: true, case_sensitive: true }
}

fn built_in() -> impl Iterator<Item = &'static str> {
    PROGRAMMING_LANGUAGES.lines().filter(|line| !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use probity_sdk::config::Names;

    use super::*;

    fn by_default(path: &str) -> bool {
        source_files(&Config::default()).contains(path)
    }

    #[test]
    fn programs_are_source_and_documents_and_data_are_not() {
        for path in ["src/main.rs", "a/b/c.py", "x.c", "Makefile", "bin/run", "LICENSE", ".gitignore"] {
            assert!(by_default(path), "{path}");
        }
        for path in ["README.md", "a.json", "b.yml", "index.html", "logo.png", "notes.txt", "trailing."] {
            assert!(!by_default(path), "{path}");
        }
    }

    #[test]
    fn case_does_not_hide_a_source_file() {
        assert!(by_default("boot/START.S"));
        assert!(by_default("plot.R"));
        assert!(by_default("Evil.PY"));
    }

    #[test]
    fn only_the_last_part_of_the_file_name_counts() {
        assert!(!by_default("module.rs/data.csv"));
        assert!(by_default("v1.2/tool"));
        assert!(!by_default("a.rs.orig"));
    }

    #[test]
    fn a_quoted_path_is_read_through_its_quotes() {
        assert!(by_default(r#""sources/caf\351.rs""#));
        assert!(!by_default(r#""caf\351.txt""#));
    }

    #[test]
    fn hipcheck_counts_markdown_and_minds_the_case() {
        let files = hipcheck_files();
        for path in ["README.md", "a.E", "a.rs", "Makefile"] {
            assert!(files.contains(path), "{path}");
        }
        for path in ["a.RS", "README.MD", "a.json"] {
            assert!(!files.contains(path), "{path}");
        }
    }

    #[test]
    fn configuration_adds_and_takes_away() {
        let config = Config {
            extra_extensions: Names(vec![".Foo".into(), "md".into()]),
            excluded_extensions: Names(vec!["rs".into()]),
            without_extension: false,
        };
        let files = source_files(&config);
        assert!(files.contains("a.foo") && files.contains("README.md"));
        assert!(!files.contains("a.rs") && !files.contains("Makefile"));
    }

    #[test]
    fn the_built_in_list_is_sorted_lower_case_and_without_compounds() {
        let list: Vec<&str> = built_in().collect();
        assert!(list.len() > 700);
        assert!(list.is_sorted_by(|a, b| a < b));
        let is_bare =
            |name: &&str| !name.is_empty() && !name.contains('.') && **name == name.to_ascii_lowercase();
        assert!(list.iter().all(is_bare));
    }
}
