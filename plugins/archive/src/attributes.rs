//! What `.gitattributes` of the tree say of archives: `export-ignore` and `export-subst`.

use globset::{GlobBuilder, GlobMatcher};
use probity_sdk::git::path;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::listing::folders;

/// More lines no tree needs, and each is held as an automaton.
pub(crate) const MOST_LINES: usize = 2000;

/// The lines that speak of archives, weaker ones first.
#[derive(Debug, Default)]
pub(crate) struct Attributes(Vec<Line>);

#[derive(Debug)]
struct Line {
    /// Where the file lies, without a slash at the end.
    folder: Vec<u8>,
    matcher: GlobMatcher,
    /// It fits folders only.
    of_folder: bool,
    ignore: Option<bool>,
    subst: Option<bool>,
}

impl Attributes {
    /// Of these files: the path and the text of each. Those deeper in the tree are stronger. `None` if they are more than
    /// [`MOST_LINES`].
    pub(crate) fn of(mut files: Vec<(String, String)>) -> Option<Attributes> {
        files.sort_by_key(|(file, _)| (file.matches('/').count(), file.clone()));
        let lines: Vec<Line> = files.iter().flat_map(lines).take(MOST_LINES + 1).collect();
        (lines.len() <= MOST_LINES).then_some(Attributes(lines))
    }

    /// Whether an archive leaves the file out.
    pub(crate) fn ignores(&self, path: &[u8]) -> bool {
        self.last(path, false, |line| line.ignore)
            || folders(path).any(|folder| self.last(folder, true, |line| line.ignore))
    }

    /// Whether an archive has something put into the file.
    pub(crate) fn substitutes(&self, path: &[u8]) -> bool {
        self.last(path, false, |line| line.subst)
    }

    fn last(&self, path: &[u8], is_folder: bool, of: impl Fn(&Line) -> Option<bool>) -> bool {
        let fits = |line: &&Line| {
            let inner = match &line.folder[..] {
                b"" => Some(path),
                folder => path.strip_prefix(folder).and_then(|rest| rest.strip_prefix(b"/")),
            };
            (is_folder || !line.of_folder)
                && inner.is_some_and(|inner| line.matcher.is_match(OsStr::from_bytes(inner)))
        };
        self.0.iter().rev().filter(|line| of(line).is_some()).find(fits).and_then(of).unwrap_or(false)
    }
}

fn lines((file, text): &(String, String)) -> impl Iterator<Item = Line> {
    let folder = file.strip_suffix("/.gitattributes").unwrap_or_default();
    let folder = path::bytes(folder).into_owned();
    text.lines().filter_map(move |text| line(&folder, text))
}

fn line(folder: &[u8], text: &str) -> Option<Line> {
    let text = text.trim();
    let (pattern, attributes) = text.split_once(char::is_whitespace)?;
    if pattern.starts_with(['#', '!', '"', '[']) {
        return None;
    }
    let said = |name: &str| {
        let of = |word: &str| match word.strip_suffix(name) {
            Some("") => Some(true),
            Some("-" | "!") => Some(false),
            _ => None,
        };
        attributes.split_whitespace().filter_map(of).next_back()
    };
    let (ignore, subst) = (said("export-ignore"), said("export-subst"));
    if ignore.is_none() && subst.is_none() {
        return None;
    }
    let of_folder = pattern.ends_with('/');
    let pattern = pattern.trim_end_matches('/');
    let glob = match pattern.strip_prefix('/') {
        Some(anchored) => anchored.to_owned(),
        None if pattern.contains('/') => pattern.to_owned(),
        None => format!("**/{pattern}"),
    };
    // Braces are none of git's.
    let glob = glob.replace('{', "[{]").replace('}', "[}]");
    let matcher = GlobBuilder::new(&glob).literal_separator(true).build().ok()?.compile_matcher();
    Some(Line { folder: folder.to_vec(), matcher, of_folder, ignore, subst })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(files: &[(&str, &str)]) -> Attributes {
        let files = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        Attributes::of(files).unwrap()
    }

    #[test]
    fn no_more_lines_are_held_than_any_tree_needs() {
        let said = |lines: usize| {
            let text = "* text\n".repeat(lines) + &"a*b*c export-ignore\n".repeat(lines);
            Attributes::of(vec![(".gitattributes".to_owned(), text)])
        };
        assert!(said(MOST_LINES).is_some());
        assert!(said(MOST_LINES + 1).is_none());
    }

    #[test]
    fn a_file_is_left_out_by_its_name_or_by_a_folder_of_it() {
        let said = attributes(&[
            (
                ".gitattributes",
                "*.o export-ignore\ntests/ export-ignore\n/doc export-ignore\na/*.c export-ignore\n# b export-ignore\nc text",
            ),
            ("sub/.gitattributes", "keep.o -export-ignore\nx export-ignore=\n"),
        ]);
        for path in ["a.o", "deep/a.o", "tests/a", "sub/tests/x/y", "doc", "doc/a/b", "a/b.c"] {
            assert!(said.ignores(path.as_bytes()), "{path}");
        }
        for path in ["tests", "sub/doc", "a/b/c.c", "sub/keep.o", "sub/x", "b", "c", "a.ox"] {
            assert!(!said.ignores(path.as_bytes()), "{path}");
        }
        assert!(!said.substitutes(b"a.o"));
        assert!(attributes(&[(".gitattributes", "version.* export-subst")]).substitutes(b"src/version.c"));
    }
}
