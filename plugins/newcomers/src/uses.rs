//! Where the files by which a project is built speak of other files, and whether they decode them.

use std::borrow::Cow;

use probity_sdk::prelude::*;
use probity_sdk_objects::Blob;

use crate::paths::readable;

/// Longer files are not written by hand.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// Programs that make something else of a file's content.
const DECODERS: [&str; 19] = [
    "tr", "sed", "dd", "head", "tail", "xz", "unxz", "xzcat", "lzma", "unlzma", "gzip", "gunzip", "zcat",
    "bzip2", "bunzip2", "zstd", "base64", "xxd", "openssl",
];

/// Key of `uses`. Who asks about many files borrows: the same paths go with each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsesKey<'a> {
    /// The file by which something is built.
    pub(crate) blob: Cow<'a, str>,
    /// The files in question, sorted.
    pub(crate) paths: Cow<'a, [String]>,
}

/// A place where one of them is spoken of. An element of the value of `uses`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Use {
    /// The file that is spoken of.
    pub(crate) path: String,
    /// The line, from 1; where one continues the line before, that one.
    pub(crate) line: u32,
    /// Whether the line decodes it.
    pub(crate) decoded: bool,
}

/// The first place for each file, or the first that decodes it.
pub(crate) fn in_blob(blob: &Blob, paths: &[String]) -> Vec<Use> {
    match blob {
        Blob::Whole(bytes) if bytes.len() <= MOST_BYTES => in_text(&String::from_utf8_lossy(bytes), paths),
        _ => Vec::new(),
    }
}

fn in_text(text: &str, paths: &[String]) -> Vec<Use> {
    let lines: Vec<(u32, String)> = logical_lines(text);
    let found = |path: &String| {
        let readable = readable(path);
        let mut named: Option<u32> = None;
        for (number, line) in &lines {
            match spoken_of(line, &readable) {
                Some(true) => return Some(Use { path: path.clone(), line: *number, decoded: true }),
                Some(false) => named = named.or(Some(*number)),
                None => {}
            }
        }
        named.map(|line| Use { path: path.clone(), line, decoded: false })
    };
    paths.iter().filter_map(found).collect()
}

/// Whether a line speaks of the file at `path`, by its name or by a pattern in its folder that is decoded; and whether it decodes it.
fn spoken_of(line: &str, path: &str) -> Option<bool> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if mentions(line, name) {
        return Some(decodes(line));
    }
    let folder = folder.rsplit('/').next().unwrap_or(folder);
    let pattern = !folder.is_empty() && line.contains('*') && mentions(line, folder) && decodes(line);
    pattern.then_some(true)
}

fn decodes(line: &str) -> bool {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
    words.into_iter().any(|word| DECODERS.contains(&word))
}

/// Whether `word` stands in `line` by itself, and not within a longer name.
fn mentions(line: &str, word: &str) -> bool {
    let within = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
    !word.is_empty()
        && line.match_indices(word).any(|(at, _)| {
            !within(line[..at].chars().next_back()) && !within(line[at + word.len()..].chars().next())
        })
}

/// Lines, those that end in a backslash joined with the next.
fn logical_lines(text: &str) -> Vec<(u32, String)> {
    let mut lines: Vec<(u32, String)> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(text.lines()) {
        let (part, continues) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match lines.last_mut().filter(|_| open) {
            Some((_, before)) => before.push_str(part),
            None => lines.push((number, part.to_owned())),
        }
        open = continues;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(u32, bool)> {
        let uses = in_text(text, &["tests/files/bad-3.xz".to_owned()]);
        uses.into_iter().map(|of| (of.line, of.decoded)).collect()
    }

    #[test]
    fn a_file_is_spoken_of_by_its_name_or_by_a_pattern_that_is_decoded() {
        assert_eq!(found("all:\n\tcp tests/files/bad-3.xz x\n"), [(2, false)]);
        assert_eq!(found("EXTRA = a \\\n  bad-3.xz\n\ntr a b < $(srcdir)/bad-3.xz | xz -d\n"), [(4, true)]);
        assert_eq!(found("x=$(sed -n p $top/tests/files/*-3.*)"), [(1, true)]);
        assert_eq!(found("cp tests/files/* out"), []);
        assert_eq!(found("# not-bad-3.xz bad-3.xz2 xz"), []);
        assert_eq!(found("xz -d other/*"), []);
    }
}
