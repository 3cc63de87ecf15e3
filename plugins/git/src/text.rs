//! What blobs hold, as text, for plugins that read manifests and configuration files.

use crate::error::GitError;
use crate::ids;
use crate::objects::{Blob, Repository};
use crate::shapes::{Text, TextKey};

/// Longer text is not handed on: nobody wrote it by hand, and it would be held by everybody who asks.
const LONGEST_BYTES: usize = 8 * 1024 * 1024;

/// Answers the query `text`.
pub fn text(repository: &Repository, key: &TextKey) -> Result<Text, GitError> {
    let id = ids::parse(&key.blob)?;
    let blob = repository.run(id.kind(), |readers| readers.with(|reader| reader.blob(&id)))?;
    Ok(match blob {
        Blob::Huge { size, .. } => Text { size, text: None },
        Blob::Whole(data) => Text { size: data.len() as u64, text: readable(&data) },
    })
}

fn readable(data: &[u8]) -> Option<String> {
    if data.len() > LONGEST_BYTES || memchr::memchr(0, data).is_some() {
        return None;
    }
    std::str::from_utf8(data).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_of_a_bearable_length_is_handed_on() {
        assert_eq!(readable("ü\r\n".as_bytes()), Some("ü\r\n".to_owned()));
        assert_eq!(readable(b""), Some(String::new()));
        assert_eq!(readable(b"caf\xe9"), None);
        assert_eq!(readable(b"a\0b"), None);
        assert!(readable(&vec![b'a'; LONGEST_BYTES]).is_some());
        assert_eq!(readable(&vec![b'a'; LONGEST_BYTES + 1]), None);
    }
}
