//! Object ids in keys: text to id, one format for a whole key.

use crate::error::GitError;
use gix::ObjectId;
use gix::hash::Kind;

pub use gix::hash::Kind as Format;

/// The id that `text` names.
pub fn parse(text: &str) -> Result<ObjectId, GitError> {
    let canonical = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match ObjectId::from_hex(text.as_bytes()) {
        Ok(id) if canonical => Ok(id),
        _ => Err(GitError::BadId { text: text.chars().take(80).collect() }),
    }
}

/// The ids that `texts` name.
pub fn parse_all(texts: &[String]) -> Result<Vec<ObjectId>, GitError> {
    texts.iter().map(|text| parse(text)).collect()
}

/// The one format of all `ids`; SHA-1 if there are none.
pub fn format<'a>(ids: impl IntoIterator<Item = &'a ObjectId>) -> Result<Kind, GitError> {
    let mut ids = ids.into_iter();
    let Some(first) = ids.next() else { return Ok(Kind::Sha1) };
    if ids.all(|id| id.kind() == first.kind()) { Ok(first.kind()) } else { Err(GitError::MixedFormats) }
}

/// The id that a blob of these bytes has. Forged collisions of SHA-1 are refused.
pub fn of_blob(format: Kind, bytes: &[u8]) -> Result<ObjectId, GitError> {
    gix::objs::compute_hash(format, gix::objs::Kind::Blob, bytes)
        .map_err(|error| GitError::Collision { id: format.null(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_lower_case_ids_are_accepted() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(parse(id).unwrap().to_string(), id);
        for text in ["", "0123", &id.to_uppercase(), "HEAD", "0123456789abcdef0123456789abcdef0123456g"] {
            assert!(matches!(parse(text), Err(GitError::BadId { .. })), "{text}");
        }
    }

    #[test]
    fn the_id_of_content_is_the_one_that_git_gives() {
        let id = of_blob(Kind::Sha1, b"hello\n").unwrap().to_string();
        assert_eq!(id, "ce013625030ba8dba906f756967f9e9ca394464a");
        let id = of_blob(Kind::Sha256, b"").unwrap().to_string();
        assert_eq!(id, "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813");
    }

    #[test]
    fn formats_do_not_mix() {
        let short = parse(&"1".repeat(40)).unwrap();
        let long = parse(&"1".repeat(64)).unwrap();
        assert_eq!(format([&short]).unwrap(), Kind::Sha1);
        assert_eq!(format([&long, &long]).unwrap(), Kind::Sha256);
        assert!(matches!(format([&short, &long]), Err(GitError::MixedFormats)));
    }
}
