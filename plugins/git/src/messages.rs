//! What the messages of commits begin and end with: the subject, and the paragraphs that hold trailers.

use crate::error::GitError;
use crate::objects::{Reader, Repository};
use crate::segments;
use crate::shapes::{Message, Messages, Segment};
use gix::ObjectId;
use gix::objs::commit::ref_iter::Token;
use gix::objs::{CommitRefIter, Kind};

/// Of a subject this many characters are kept.
const SUBJECT_CHARS: usize = 256;
/// Of the end this many characters are kept, the last ones.
const END_CHARS: usize = 4096;
/// So many paragraphs are the end: trailers, and what tools put below or above them.
const END_PARAGRAPHS: usize = 2;

/// Answers the query `messages`.
pub fn messages(repository: &Repository, key: &Segment) -> Result<Messages, GitError> {
    let commits = segments::each(repository, key, one)?;
    Ok(Messages { commits })
}

fn one(reader: &Reader, id: ObjectId) -> Result<Message, GitError> {
    let data = reader.commit(&id)?;
    for token in CommitRefIter::from_bytes(&data, reader.format()) {
        let malformed = |reason| GitError::Malformed { id, kind: Kind::Commit, reason };
        if let Token::Message(text) = token.map_err(|error| malformed(error.to_string()))? {
            return Ok(message(id.to_string(), &String::from_utf8_lossy(text)));
        }
    }
    Ok(message(id.to_string(), ""))
}

fn message(id: String, text: &str) -> Message {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut paragraphs = lines.split(|line| line.is_empty()).filter(|paragraph| !paragraph.is_empty());
    let subject = paragraphs.next().map(|lines| lines.join(" ")).unwrap_or_default();
    let body: Vec<String> = paragraphs.map(|lines| lines.join("\n")).collect();
    let end = body[body.len().saturating_sub(END_PARAGRAPHS)..].join("\n");
    let skipped = end.chars().count().saturating_sub(END_CHARS);
    Message {
        id,
        subject: subject.chars().take(SUBJECT_CHARS).collect(),
        end: end.chars().skip(skipped).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String) {
        let message = message(String::new(), text);
        (message.subject, message.end)
    }

    #[test]
    fn subject_and_end_are_told_apart_by_empty_lines() {
        let pair = |subject: &str, end: &str| (subject.to_owned(), end.to_owned());
        assert_eq!(parts(""), pair("", ""));
        assert_eq!(parts("One\n"), pair("One", ""));
        assert_eq!(
            parts("\n\nOne\r\nline more\n\n\nBody\n \nKey: x\n"),
            pair("One line more", "Body\nKey: x")
        );
        assert_eq!(parts("One\n\na\n\nb\nc: d\n\ne: f"), pair("One", "b\nc: d\ne: f"));
    }

    #[test]
    fn long_messages_are_cut() {
        let (subject, end) = parts(&format!("{}\n\n{}Z", "ü".repeat(300), "y".repeat(5000)));
        assert_eq!((subject.chars().count(), end.len()), (SUBJECT_CHARS, END_CHARS));
        assert!(end.ends_with('Z'));
    }
}
