//! The key in an SSH signature (`PROTOCOL.sshsig`), as its fingerprint.

use data_encoding::BASE64_NOPAD;
use sha2::{Digest as _, Sha256};

use super::Bytes;

/// `SHA256:` and the digest of the public key, as ssh-keygen writes it.
pub(super) fn fingerprint(bytes: &[u8]) -> Option<String> {
    let mut bytes = Bytes(bytes.strip_prefix(b"SSHSIG")?);
    if bytes.number(4)? != 1 {
        return None;
    }
    let key = text(&mut bytes)?;
    // Namespace, reserved, hash and signature: a blob of which not all is there is none.
    for _ in 0..4 {
        text(&mut bytes)?;
    }
    text(&mut Bytes(key)).filter(|kind| !kind.is_empty() && bytes.0.is_empty())?;
    Some(format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(key))))
}

fn text<'a>(bytes: &mut Bytes<'a>) -> Option<&'a [u8]> {
    let length = bytes.number(4)?;
    bytes.take(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
    }

    #[test]
    fn the_fingerprint_is_that_of_ssh_keygen() {
        // `ssh-keygen -lf` prints the same of the key `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAA…`, whose bytes are zero.
        let key = [part(b"ssh-ed25519"), part(&[0; 32])].concat();
        let rest = [part(b"git"), part(b""), part(b"sha512"), part(b"x")].concat();
        let whole = [&b"SSHSIG\0\0\0\x01"[..], &part(&key), &rest].concat();
        let expected = format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(&key)));
        assert_eq!(fingerprint(&whole), Some(expected));
        for end in 0..whole.len() {
            assert_eq!(fingerprint(&whole[..end]), None, "cut at {end}");
        }
        assert_eq!(fingerprint(&[&whole[..], b"x"].concat()), None);
    }
}
