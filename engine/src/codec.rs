//! The bytes of an outcome and of a request, and their compression.
//!
//! An outcome's digest is that of these bytes, so a blob proves itself when it is read.

use std::io::Read;

use crate::trace::LogicalKey;
use crate::{Answer, Digest, Key, Outcome, Refusal, Request};

/// Blobs from this size on are compressed, bytes.
const COMPRESSED_FROM: usize = 1024;
/// No blob unpacks to more, bytes: a damaged store must not exhaust memory.
const MAX_BLOB: u64 = 1 << 30;
/// Seldom is something compressed to less than a part in so many.
const USUAL_RATIO: usize = 64;
/// The fastest level of zstd's default range: the writer competes with plugins for cores.
const LEVEL: i32 = 1;

/// The digest of an outcome: of its value and concerns, or of the whole refusal.
pub(crate) fn outcome_digest(outcome: &Outcome) -> Digest {
    with_parts(outcome, Digest::of_parts)
}

/// The bytes whose digest is [`outcome_digest`].
pub(crate) fn encode_outcome(outcome: &Outcome) -> Vec<u8> {
    with_parts(outcome, join)
}

/// `None` for bytes that are no outcome.
pub(crate) fn decode_outcome(bytes: &[u8]) -> Option<Outcome> {
    let parts = split(bytes)?;
    match *parts.as_slice() {
        [b"answer", value, concerns] => Some(Outcome::Answered(Answer {
            value: std::str::from_utf8(value).ok()?.into(),
            concerns: std::str::from_utf8(concerns).ok()?.into(),
        })),
        [b"refusal", code, message, ref data @ ..] if data.len() <= 1 => Some(Outcome::Refused(Refusal {
            code: i32::from_le_bytes(code.try_into().ok()?),
            message: std::str::from_utf8(message).ok()?.to_owned(),
            data: data.first().map(|data| std::str::from_utf8(data)).transpose().ok()?.map(Into::into),
        })),
        _ => None,
    }
}

fn with_parts<T>(outcome: &Outcome, take: impl FnOnce(&[&[u8]]) -> T) -> T {
    match outcome {
        Outcome::Answered(answer) => take(&[b"answer", answer.value.as_bytes(), answer.concerns.as_bytes()]),
        Outcome::Refused(refusal) => {
            let code = refusal.code.to_le_bytes();
            let mut parts: Vec<&[u8]> = vec![b"refusal", &code, refusal.message.as_bytes()];
            parts.extend(refusal.data.iter().map(|data| data.as_bytes()));
            take(&parts)
        }
    }
}

/// The bytes of a request.
pub(crate) fn encode_request(request: &Request) -> Vec<u8> {
    join(&[request.plugin.as_bytes(), request.query.as_bytes(), request.key.as_str().as_bytes()])
}

fn decode_request(bytes: &[u8]) -> Option<Request> {
    let parts = split(bytes)?;
    let [plugin, query, key] = *parts.as_slice() else { return None };
    let text = |part| std::str::from_utf8(part).ok();
    Some(Request::new(text(plugin)?, text(query)?, Key::from_canonical(text(key)?)))
}

/// Each part preceded by its length: what [`Digest::of_parts`] hashes.
fn join(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

fn split(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        parts.push(part);
        bytes = rest;
    }
    Some(parts)
}

/// Bytes as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packed {
    pub(crate) compressed: bool,
    pub(crate) bytes: Vec<u8>,
}

/// Compresses what is large enough, if that helps.
pub(crate) fn pack(bytes: Vec<u8>) -> Packed {
    if bytes.len() >= COMPRESSED_FROM
        && let Ok(smaller) = zstd::bulk::compress(&bytes, LEVEL)
        && smaller.len() < bytes.len()
    {
        return Packed { compressed: true, bytes: smaller };
    }
    Packed { compressed: false, bytes }
}

/// The bytes under the name `digest`, as they were before. `None` for bytes that are not those.
pub(crate) fn unpack_blob(packed: Packed, digest: &Digest) -> Option<Vec<u8>> {
    unpack(packed).filter(|plain| Digest::of(plain) == *digest)
}

/// Whether the bytes are those of the name `digest`. Needs no memory for the whole of them.
pub(crate) fn is_blob(packed: &Packed, digest: &Digest) -> bool {
    if !packed.compressed {
        return Digest::of(&packed.bytes) == *digest;
    }
    let Ok(decoder) = zstd::Decoder::new(packed.bytes.as_slice()) else { return false };
    Digest::of_reader(decoder.take(MAX_BLOB)).is_ok_and(|found| found == *digest)
}

/// Whether the bytes unpack, and to no more than `limit` of them. Needs no memory for the whole of them.
pub(crate) fn unpacks_within(packed: &Packed, limit: u64) -> bool {
    if !packed.compressed {
        return packed.bytes.len() as u64 <= limit;
    }
    let Ok(decoder) = zstd::Decoder::new(packed.bytes.as_slice()) else { return false };
    std::io::copy(&mut decoder.take(limit + 1), &mut std::io::sink()).is_ok_and(|size| size <= limit)
}

/// The request under the name `key`. `None` for bytes that are not that.
pub(crate) fn unpack_request(packed: Packed, key: &LogicalKey) -> Option<Request> {
    decode_request(&unpack(packed)?).filter(|request| LogicalKey::of(request) == *key)
}

/// Whether the bytes are the request of the name `key`.
pub(crate) fn is_request(packed: &Packed, key: &LogicalKey) -> bool {
    let request = match packed.compressed {
        true => unpacked(&packed.bytes).and_then(|plain| decode_request(&plain)),
        false => decode_request(&packed.bytes),
    };
    request.is_some_and(|request| LogicalKey::of(&request) == *key)
}

fn unpack(packed: Packed) -> Option<Vec<u8>> {
    if packed.compressed { unpacked(&packed.bytes) } else { Some(packed.bytes) }
}

fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    // What `pack` made tells its size. Who tells of too much is not believed: memory grows with what is there.
    let told =
        zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten().and_then(|size| size.try_into().ok());
    if let Some(size) = told.filter(|size| *size <= bytes.len().saturating_mul(USUAL_RATIO)) {
        return zstd::bulk::decompress(bytes, size).ok();
    }
    let mut plain = Vec::new();
    zstd::Decoder::new(bytes).ok()?.take(MAX_BLOB).read_to_end(&mut plain).ok()?;
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_unpacks_however_much_smaller_it_became_and_what_was_cut_does_not() {
        // The second is some thousand times smaller.
        let lines: Vec<u8> = (0..2000_u32).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        for plain in [lines, vec![b'x'; 3 << 20]] {
            let packed = pack(plain.clone());
            assert!(packed.compressed);
            let cut = Packed { compressed: true, bytes: packed.bytes[..packed.bytes.len() - 3].to_vec() };
            assert_eq!(unpack(packed), Some(plain));
            assert_eq!(unpack(cut), None);
        }
    }

    fn outcomes() -> [Outcome; 3] {
        let refusal = |data: Option<&str>| {
            Outcome::Refused(Refusal { code: -32020, message: "no".into(), data: data.map(Into::into) })
        };
        [
            Outcome::Answered(Answer { value: "[1]".into(), concerns: "[]".into() }),
            refusal(None),
            refusal(Some("{\"kind\":\"abstain\"}")),
        ]
    }

    #[test]
    fn an_outcome_is_read_back_from_the_bytes_that_its_digest_names() {
        for outcome in outcomes() {
            let bytes = encode_outcome(&outcome);
            assert_eq!(Digest::of(&bytes), outcome_digest(&outcome));
            assert_eq!(decode_outcome(&bytes), Some(outcome));
        }
    }

    #[test]
    fn broken_bytes_are_no_outcome() {
        let bytes = encode_outcome(&outcomes()[2]);
        for end in 0..bytes.len() {
            let whole_without_data = end == bytes.len() - 18 - 8;
            assert_eq!(decode_outcome(&bytes[..end]).is_some(), whole_without_data, "cut at {end}");
        }
        assert_eq!(decode_outcome(&[0xff; 64]), None);
    }

    #[test]
    fn large_blobs_are_compressed_and_small_ones_left_alone() {
        let large = vec![b'x'; COMPRESSED_FROM];
        let packed = pack(large.clone());
        assert!(packed.compressed && packed.bytes.len() < 100);
        assert_eq!(unpack(packed), Some(large));
        assert!(!pack(vec![b'x'; COMPRESSED_FROM - 1]).compressed);
        assert_eq!(unpack(Packed { compressed: true, bytes: b"no zstd frame".to_vec() }), None);
    }
}
