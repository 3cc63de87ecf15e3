//! The key that an OpenPGP signature (RFC 4880, RFC 9580) names as its issuer.

use super::Bytes;

/// The tag of packets that are signatures.
const SIGNATURE: u8 = 2;
/// Subpackets: the key's id, and its fingerprint.
const ISSUER: u8 = 16;
const ISSUER_FINGERPRINT: u8 = 33;

/// The id of the key that the first signature among the packets names: 16 hexadecimal digits.
pub(super) fn issuer(bytes: &[u8]) -> Option<String> {
    let mut bytes = Bytes(bytes);
    loop {
        let (tag, body) = packet(&mut bytes)?;
        if tag == SIGNATURE {
            let id = of_signature(Bytes(body))?;
            return Some(id.iter().map(|byte| format!("{byte:02X}")).collect());
        }
    }
}

/// The next packet. One of unknown length is none that a signature could be in.
fn packet<'a>(bytes: &mut Bytes<'a>) -> Option<(u8, &'a [u8])> {
    let head = bytes.byte()?;
    if head & 0x80 == 0 {
        return None;
    }
    if head & 0x40 != 0 {
        let length = match bytes.byte()? {
            short @ 0..192 => usize::from(short),
            first @ 192..224 => ((usize::from(first) - 192) << 8) + bytes.number(1)? + 192,
            255 => bytes.number(4)?,
            _ => return None,
        };
        return Some((head & 0x3f, bytes.take(length)?));
    }
    let length = match head & 3 {
        0 => bytes.number(1)?,
        1 => bytes.number(2)?,
        2 => bytes.number(4)?,
        _ => bytes.0.len(),
    };
    Some(((head >> 2) & 0xf, bytes.take(length)?))
}

fn of_signature(mut body: Bytes<'_>) -> Option<[u8; 8]> {
    let version = body.byte()?;
    let width = match version {
        // Five more bytes are hashed: what kind of signature, and when.
        2 | 3 => {
            body.take(6)?;
            return body.take(8)?.try_into().ok();
        }
        4 | 5 => 2,
        6 => 4,
        _ => return None,
    };
    body.take(3)?;
    let mut parts = [Bytes(&[]); 2];
    for part in &mut parts {
        let length = body.number(width)?;
        *part = Bytes(body.take(length)?);
    }
    // What is hashed cannot be changed by whoever passes the signature on.
    let [hashed, other] = parts;
    fingerprint(hashed).or_else(|| id(hashed)).or_else(|| fingerprint(other)).or_else(|| id(other))
}

fn id(part: Bytes<'_>) -> Option<[u8; 8]> {
    subpacket(part, ISSUER)?.try_into().ok()
}

/// The id that follows from the fingerprint: its end, and from version 5 on its beginning.
fn fingerprint(part: Bytes<'_>) -> Option<[u8; 8]> {
    let (version, fingerprint) = subpacket(part, ISSUER_FINGERPRINT)?.split_first()?;
    match (version, fingerprint.len()) {
        (4, 20) => fingerprint[12..].try_into().ok(),
        (5 | 6, 32) => fingerprint[..8].try_into().ok(),
        _ => None,
    }
}

/// What the first subpacket of this kind holds.
fn subpacket(mut part: Bytes<'_>, wanted: u8) -> Option<&[u8]> {
    loop {
        let length = match part.byte()? {
            short @ 0..192 => usize::from(short),
            255 => part.number(4)?,
            first => ((usize::from(first) - 192) << 8) + part.number(1)? + 192,
        };
        let (kind, content) = part.take(length)?.split_first()?;
        // The highest bit says that it must be understood.
        if kind & 0x7f == wanted {
            return Some(content);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A signature of version 4 that names this fingerprint.
    pub(crate) fn version4(fingerprint: &[u8; 20]) -> Vec<u8> {
        let hashed = [&[5, 2, 0, 0, 0, 0, 22, ISSUER_FINGERPRINT, 4][..], fingerprint].concat();
        let head = [4, 0, 1, 8, 0, u8::try_from(hashed.len()).unwrap()];
        let unhashed = [0, 10, 9, ISSUER, 9, 9, 9, 9, 9, 9, 9, 9];
        let body = [&head[..], &hashed, &unhashed, &[0xab, 0xcd, 0, 1, 1]].concat();
        [&[0xc2, u8::try_from(body.len()).unwrap()][..], &body].concat()
    }

    #[test]
    fn the_issuer_is_found_in_all_versions_and_what_is_hashed_goes_first() {
        let fingerprint: [u8; 20] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        assert_eq!(issuer(&version4(&fingerprint)).unwrap(), "0C0D0E0F10111213");
        let version3 = [&[0x88, 19, 3, 5, 0][..], &[0; 4], &[0xaa; 8], &[1, 8, 0, 0]].concat();
        assert_eq!(issuer(&version3).unwrap(), "AAAAAAAAAAAAAAAA");
        let subpacket = [&[34, ISSUER_FINGERPRINT | 0x80, 6][..], &[0xbb; 32]].concat();
        let body = [&[6, 0, 27, 8, 0, 0, 0, 35][..], &subpacket, &[0, 0, 0, 0]].concat();
        let version6 = [&[0xc2, 255, 0, 0, 0, u8::try_from(body.len()).unwrap()][..], &body].concat();
        assert_eq!(issuer(&version6).unwrap(), "BBBBBBBBBBBBBBBB");
    }

    #[test]
    fn packets_before_the_signature_are_passed_over() {
        let marker = [0xca, 3, b'P', b'G', b'P'];
        assert_eq!(issuer(&[&marker[..], &version4(&[3; 20])].concat()).unwrap(), "0303030303030303");
        assert_eq!(issuer(&marker), None);
    }
}
