//! Where the files by which a project is built speak of other files, and whether they decode them.

use std::borrow::Cow;
use std::collections::HashMap;

use probity_sdk::prelude::*;
use probity_sdk_objects::Blob;

use crate::lines::Lines;
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
///
/// # Errors
/// Those of `wanted`, which is asked all along: a file may be long, and speak of many others.
pub(crate) fn in_blob(blob: &Blob, paths: &[String], wanted: &dyn Fn() -> Result<()>) -> Result<Vec<Use>> {
    match blob {
        Blob::Whole(bytes) if bytes.len() <= MOST_BYTES => {
            in_text(&String::from_utf8_lossy(bytes), paths, wanted)
        }
        _ => Ok(Vec::new()),
    }
}

fn in_text(text: &str, paths: &[String], wanted: &dyn Fn() -> Result<()>) -> Result<Vec<Use>> {
    let mut search = Search { all: Lines::of(text), decoding: None, folders: HashMap::new(), wanted };
    let mut uses = Vec::new();
    for path in paths {
        let first = search.first(&readable(path))?;
        uses.extend(first.map(|(line, decoded)| Use { path: path.clone(), line, decoded }));
    }
    Ok(uses)
}

/// A text in which files are looked for, one after the other.
struct Search<'a> {
    all: Lines,
    /// What of it decodes something: found out for the first file or folder that it speaks of.
    decoding: Option<Decoding>,
    /// For folders the first line that decodes files by a pattern and speaks of the folder.
    folders: HashMap<String, Option<u32>>,
    wanted: &'a dyn Fn() -> Result<()>,
}

/// The lines that decode something.
#[derive(Default)]
struct Decoding {
    all: Lines,
    /// Those with a pattern.
    patterns: Lines,
}

impl Search<'_> {
    /// The first line that speaks of the file at `path` by its name, or the first that decodes it, by that or by a pattern in its folder;
    /// and whether it decodes it.
    fn first(&mut self, path: &str) -> Result<Option<(u32, bool)>> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = folder.rsplit('/').next().unwrap_or(folder);
        let pattern = self.pattern(folder)?;
        let wanted = self.wanted;
        let Some(named) = self.all.first(name, wanted)? else { return Ok(pattern.map(|line| (line, true))) };
        let by_name = self.decoding()?.all.first(name, wanted)?;
        let decoded = by_name.into_iter().chain(pattern).min();
        Ok(Some(decoded.map_or((named, false), |line| (line, true))))
    }

    fn pattern(&mut self, folder: &str) -> Result<Option<u32>> {
        if let Some(known) = self.folders.get(folder) {
            return Ok(*known);
        }
        let wanted = self.wanted;
        let line = match self.all.first(folder, wanted)? {
            Some(_) => self.decoding()?.patterns.first(folder, wanted)?,
            None => None,
        };
        self.folders.insert(folder.to_owned(), line);
        Ok(line)
    }

    fn decoding(&mut self) -> Result<&Decoding> {
        let decoding = match self.decoding.take() {
            Some(known) => known,
            None => Decoding::of(&self.all, self.wanted)?,
        };
        Ok(self.decoding.insert(decoding))
    }
}

impl Decoding {
    fn of(lines: &Lines, wanted: &dyn Fn() -> Result<()>) -> Result<Self> {
        let mut decoding = Self::default();
        for (number, line) in lines.iter() {
            wanted()?;
            if decodes(line) {
                decoding.all.push(number, line);
                if line.contains('*') {
                    decoding.patterns.push(number, line);
                }
            }
        }
        Ok(decoding)
    }
}

fn decodes(line: &str) -> bool {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'));
    words.into_iter().any(|word| DECODERS.contains(&word))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn uses(text: &str, paths: &[&str]) -> Vec<Use> {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        in_text(text, &paths, &|| Ok(())).unwrap()
    }

    fn found(text: &str) -> Vec<(u32, bool)> {
        uses(text, &["tests/files/bad-3.xz"]).into_iter().map(|of| (of.line, of.decoded)).collect()
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

    #[test]
    fn who_no_longer_wants_to_know_is_heeded_between_files_and_within_one() {
        let after = |most: u32, text: &str, paths: usize| {
            let asked = Cell::new(0);
            let wanted = || {
                asked.set(asked.get() + 1);
                if asked.get() > most { Err(failed("cancelled")) } else { Ok(()) }
            };
            in_text(text, &vec!["files/bad-3.xz".to_owned(); paths], &wanted).is_err()
        };
        assert!(!after(100, "nothing", 1) && after(100, "nothing", 200));
        assert!(after(100, &"xbad-3.xz\n".repeat(200), 1));
        assert!(after(100, &format!("files {}", "\na".repeat(200)), 1));
    }

    /// The same, a line and a path at a time.
    fn slowly(text: &str, path: &str) -> Option<(u32, bool)> {
        let within = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
        let alone = |line: &str, (at, word): (usize, &str)| {
            !within(line[..at].chars().next_back()) && !within(line[at + word.len()..].chars().next())
        };
        let mentions = |line: &str, word: &str| {
            !word.is_empty() && line.match_indices(word).any(|found| alone(line, found))
        };
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = folder.rsplit('/').next().unwrap_or(folder);
        let mut named = None;
        for (number, line) in Lines::of(text).iter() {
            let by_name = mentions(line, name);
            if decodes(line) && (by_name || line.contains('*') && mentions(line, folder)) {
                return Some((number, true));
            }
            named = named.or(by_name.then_some((number, false)));
        }
        named
    }

    proptest::proptest! {
        #[test]
        fn no_place_is_missed(text in r"(files|tests|bad|b|-|\.|/|\*| |\n|\r\n|\\\n|xz|sed|tr|é|x){0,60}") {
            let paths = ["tests/files/bad.xz", "b/x", "bad", "a/tests/sed", "é/.", "files/-", "b/x\nbad", "xz/bb"];
            let expected = paths.iter().filter_map(|path| {
                slowly(&text, path).map(|(line, decoded)| Use { path: (*path).to_owned(), line, decoded })
            });
            proptest::prop_assert_eq!(uses(&text, &paths), expected.collect::<Vec<_>>());
        }
    }
}
