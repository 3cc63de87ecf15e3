//! Lines of blobs in which given words occur, so that who looks for a few marks in many files is not handed all of their text.

use crate::error::GitError;
use crate::ids;
use crate::objects::{Blob, Reader, Repository, in_order};
use crate::shapes::{BlobLines, Line, Lines, LinesKey};
use gix::ObjectId;
use memchr::memmem::Finder;
use rayon::prelude::*;

/// How many blobs one thread takes at a time.
const BATCH: usize = 32;
/// How many lines of a blob are told at most, the first ones.
const MOST_LINES: usize = 16;
/// How many characters of a line are told.
const LINE_CHARS: usize = 200;

/// Answers the query `lines`.
pub fn lines(repository: &Repository, key: &LinesKey) -> Result<Lines, GitError> {
    let ids = ids::parse_all(&key.blobs)?;
    let finders: Vec<Finder<'_>> =
        key.words.iter().filter(|word| !word.is_empty()).map(|word| Finder::new(word.as_bytes())).collect();
    let blobs = repository.run(ids::format(&ids)?, |readers| {
        let batches = ids.par_chunks(BATCH).map(|batch| {
            readers.with(|reader| batch.iter().map(|id| in_blob(reader, id, &finders)).collect())
        });
        in_order(batches)
    })?;
    Ok(Lines { blobs: blobs.into_iter().filter(|blob: &BlobLines| !blob.lines.is_empty()).collect() })
}

fn in_blob(reader: &Reader, id: &ObjectId, finders: &[Finder<'_>]) -> Result<BlobLines, GitError> {
    let lines = match reader.blob(id)? {
        Blob::Whole(data) => in_text(&data, finders),
        Blob::Huge { .. } => Vec::new(),
    };
    Ok(BlobLines { id: id.to_string(), lines })
}

fn in_text(data: &[u8], finders: &[Finder<'_>]) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut place, mut number) = (0, 1);
    while lines.len() < MOST_LINES {
        let Some(at) = finders.iter().filter_map(|finder| finder.find(&data[place..])).min() else { break };
        let found = place + at;
        number += memchr::memchr_iter(b'\n', &data[place..found]).count() as u64;
        let start = memchr::memrchr(b'\n', &data[..found]).map_or(0, |end| end + 1);
        let end = memchr::memchr(b'\n', &data[found..]).map_or(data.len(), |end| found + end);
        let text = String::from_utf8_lossy(&data[start..end]);
        lines.push(Line { line: number, text: text.trim_end().chars().take(LINE_CHARS).collect() });
        if end == data.len() {
            break;
        }
        (place, number) = (end + 1, number + 1);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, words: &[&str]) -> Vec<(u64, String)> {
        let finders: Vec<Finder<'_>> = words.iter().map(|word| Finder::new(word.as_bytes())).collect();
        in_text(text.as_bytes(), &finders).into_iter().map(|line| (line.line, line.text)).collect()
    }

    #[test]
    fn each_line_with_a_word_is_told_once() {
        let row = |line: u64, text: &str| (line, text.to_owned());
        assert_eq!(found("a\nb x y x\r\n\n y\n", &["x", "y"]), [row(2, "b x y x"), row(4, " y")]);
        assert_eq!(found("x", &["x"]), [row(1, "x")]);
        assert_eq!(found("x\nx", &["x"]), [row(1, "x"), row(2, "x")]);
        assert_eq!(found("abc", &["x"]), []);
        assert_eq!(found("", &["x"]), []);
        assert_eq!(found("abc", &[]), []);
    }

    #[test]
    fn many_and_long_lines_are_cut() {
        let told = found(&format!("{}\n", "x".repeat(1000)).repeat(100), &["x"]);
        assert_eq!((told.len(), told[0].1.len()), (MOST_LINES, LINE_CHARS));
    }
}
