//! What the content of a blob is to somebody who would read it.

use std::collections::BTreeSet;

use probity_sdk::prelude::*;
use probity_sdk_objects::Blob;

/// Text has no NUL byte among so many first ones.
const SNIFFED_BYTES: usize = 8000;
/// Bits of entropy a byte beyond which content is packed or encrypted.
const PACKED_BITS: f64 = 7.5;
const BYTE_ORDER_MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe"];

/// Key of `blob`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlobKey {
    /// The blob.
    pub(crate) blob: String,
}

/// Key of `unreadable`: those of many blobs whose ids begin alike, so that a further one changes one group of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    /// The blobs, in order.
    pub(crate) blobs: Vec<String>,
}

impl Group {
    /// The groups of these blobs.
    pub(crate) fn all<'a>(blobs: impl Iterator<Item = &'a str>) -> Vec<Group> {
        let blobs: BTreeSet<&str> = blobs.collect();
        let mut groups: Vec<Group> = Vec::new();
        for blob in blobs {
            let of = |blob: &str| blob.as_bytes().first().copied();
            match groups.last_mut().filter(|group| of(&group.blobs[0]) == of(blob)) {
                Some(group) => group.blobs.push(blob.to_owned()),
                None => groups.push(Group { blobs: vec![blob.to_owned()] }),
            }
        }
        groups
    }

    /// The key of each.
    pub(crate) fn keys(&self) -> Vec<BlobKey> {
        self.blobs.iter().map(|blob| BlobKey { blob: blob.clone() }).collect()
    }

    /// Those of them that are no text, given what each of them is.
    pub(crate) fn unreadable(self, looks: impl Iterator<Item = Result<Look>>) -> Result<Vec<Unreadable>> {
        let told = self.blobs.into_iter().zip(looks).map(|(blob, look)| Ok(Unreadable { blob, look: look? }));
        told.filter(|told| !told.as_ref().is_ok_and(|told| told.look.kind == Kind::Text)).collect()
    }
}

/// A blob that is no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Unreadable {
    /// The blob.
    pub(crate) blob: String,
    /// What it is to somebody who would read it.
    pub(crate) look: Look,
}

/// Value of `blob`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Look {
    /// Its size in bytes.
    pub(crate) size: u64,
    pub(crate) kind: Kind,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Somebody can read it.
    Text,
    /// A picture, a sound, a film or a font, by its first bytes.
    Media,
    /// Nobody can read it.
    Opaque,
}

pub(crate) fn look(blob: &Blob) -> Look {
    match blob {
        Blob::Whole(bytes) => Look { size: bytes.len() as u64, kind: kind(bytes) },
        Blob::Huge { size, head } => {
            Look { size: *size, kind: if is_media(head) { Kind::Media } else { Kind::Opaque } }
        }
    }
}

fn kind(bytes: &[u8]) -> Kind {
    if is_media(bytes) {
        return Kind::Media;
    }
    if BYTE_ORDER_MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        // UTF-16 has NUL bytes. What is packed has no such pattern.
        return if entropy(bytes) > PACKED_BITS { Kind::Opaque } else { Kind::Text };
    }
    let head = &bytes[..bytes.len().min(SNIFFED_BYTES)];
    let opaque = memchr::memchr(0, head).is_some() || controls(bytes) || entropy(bytes) > PACKED_BITS;
    if opaque { Kind::Opaque } else { Kind::Text }
}

/// Whether it is no UTF-8 and has control characters that no text in another encoding has.
fn controls(bytes: &[u8]) -> bool {
    let control = |byte: &u8| *byte < 0x20 && !b"\t\n\x0b\x0c\r\x1b".contains(byte);
    bytes.iter().any(control) && std::str::from_utf8(bytes).is_err()
}

/// Bits a byte, 0 to 8.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u64; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let all = bytes.len() as f64;
    let share = |count: &&u64| **count > 0;
    counts.iter().filter(share).map(|count| *count as f64 / all).map(|p| -p * libm::log2(p)).sum()
}

fn is_media(bytes: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 17] = [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF87a",
        b"GIF89a",
        b"II*\0",
        b"MM\0*",
        b"\0\0\x01\0",
        b"OggS",
        b"fLaC",
        b"ID3",
        b"wOFF",
        b"wOF2",
        b"OTTO",
        b"\0\x01\0\0\0",
        b"\x1aE\xdf\xa3",
        b"8BPS",
        b"qoif",
    ];
    let riff = bytes.starts_with(b"RIFF")
        && bytes
            .get(8..12)
            .is_some_and(|form| [b"WEBP", b"WAVE", b"AVI "].iter().any(|known| *known == form));
    let boxed = bytes.get(4..8) == Some(b"ftyp");
    riff || boxed || BEGINNINGS.iter().any(|beginning| bytes.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_further_blob_changes_one_group() {
        let groups = |blobs: &[&str]| -> Vec<String> {
            Group::all(blobs.iter().copied()).iter().map(|group| group.blobs.join(" ")).collect()
        };
        assert_eq!(groups(&["b2", "a1", "b1", "a1", "f"]), ["a1", "b1 b2", "f"]);
        assert_eq!(groups(&["b2", "a1", "b1", "f", "f0"]), ["a1", "b1 b2", "f f0"]);
        assert_eq!(groups(&[]), [""; 0]);
    }

    #[test]
    fn what_can_be_read_is_told_from_what_cannot() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        let packed: Vec<u8> = (0..4096).map(|_| random().max(1)).collect();
        let marked = [&b"\xff\xfe"[..], &packed].concat();
        for (bytes, expected) in [
            (&b""[..], Kind::Text),
            (b"plain\n", Kind::Text),
            (b"caf\xe9\r\n\tlatin 1", Kind::Text),
            (b"\xff\xfea\0b\0", Kind::Text),
            (b"\x1b[1m\x01 in UTF-8", Kind::Text),
            (b"x\x01\xe9\x02", Kind::Opaque),
            (b"a\0b", Kind::Opaque),
            (&packed, Kind::Opaque),
            (&marked, Kind::Opaque),
            (b"\x89PNG\r\n\x1a\n\0\0", Kind::Media),
            (b"RIFF\0\0\0\0WEBP", Kind::Media),
        ] {
            assert_eq!(kind(bytes), expected, "{:?}", &bytes[..bytes.len().min(20)]);
        }
    }

    #[test]
    fn entropy_is_that_of_the_bytes() {
        assert_eq!(entropy(b"aaaa"), 0.0);
        assert_eq!(entropy(b"abab"), 1.0);
        assert_eq!(entropy(&(0..=255).collect::<Vec<u8>>()), 8.0);
    }
}
