//! Which key the signature of a tag names. Nothing is verified: whoever makes a signature can name any key. The bytes are anybody's.

mod openpgp;
mod ssh;

use data_encoding::BASE64;
use probity_sdk::prelude::*;

/// A longer signature is none that is looked into.
const MOST_BYTES: usize = 64 * 1024;

/// The forms of signatures, by the line that they begin with, as git knows them.
const FORMS: [(&[u8], Form); 4] = [
    (b"-----BEGIN PGP SIGNATURE-----", Form::Openpgp),
    (b"-----BEGIN PGP MESSAGE-----", Form::Openpgp),
    (b"-----BEGIN SSH SIGNATURE-----", Form::Ssh),
    (b"-----BEGIN SIGNED MESSAGE-----", Form::X509),
];

/// What a signature is made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    Openpgp,
    Ssh,
    X509,
}

/// What a signature says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Signature {
    pub(crate) form: Form,
    /// The key that it names: 16 hexadecimal digits of OpenPGP, the fingerprint of SSH. Absent where it names none that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub(crate) key: Option<String>,
}

/// The signature at the end of a tag: as for git, what begins last.
pub(crate) fn signature(tag: &[u8]) -> Option<Signature> {
    let mut found = None;
    let mut at = 0;
    while at < tag.len() {
        let rest = &tag[at..];
        if let Some((_, form)) = FORMS.iter().find(|(begin, _)| rest.starts_with(begin)) {
            found = Some((*form, rest));
        }
        at += rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
    }
    let (form, text) = found?;
    let bytes = (text.len() <= MOST_BYTES).then(|| unarmored(text)).flatten();
    let key = bytes.and_then(|bytes| match form {
        Form::Openpgp => openpgp::issuer(&bytes),
        Form::Ssh => ssh::fingerprint(&bytes),
        Form::X509 => None,
    });
    Some(Signature { form, key })
}

/// What stands between the first line and the last one, decoded: without lines `Name: value` before an empty one, and without the checksum of
/// OpenPGP.
fn unarmored(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut encoded = String::new();
    for line in text.lines().skip(1).map(str::trim_end) {
        if line.starts_with("-----END ") {
            return BASE64.decode(encoded.as_bytes()).ok();
        }
        match line {
            "" => encoded.clear(),
            _ if line.contains(": ") && encoded.is_empty() => {}
            _ if line.starts_with('=') => {}
            _ => encoded.push_str(line),
        }
    }
    None
}

/// Reads numbers and parts from the front of bytes. Nothing is read twice, and nothing beyond the end.
#[derive(Debug, Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// A number of so many bytes, at most four, the highest first.
    fn number(&mut self, count: usize) -> Option<usize> {
        Some(self.take(count)?.iter().fold(0, |number, byte| (number << 8) | usize::from(*byte)))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A tag with a signature of these bytes.
    pub(crate) fn signed(kind: &str, bytes: &[u8]) -> String {
        let encoded = BASE64.encode(bytes);
        let lines: Vec<&str> =
            encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let headers = if kind == "PGP" { "Version: x\n\n" } else { "" };
        format!(
            "text\n-----BEGIN {kind} SIGNATURE-----\n{headers}{}\n-----END {kind} SIGNATURE-----\n",
            lines.join("\n")
        )
    }

    #[test]
    fn the_last_signature_counts_and_what_cannot_be_read_names_no_key() {
        let first = signed("PGP", &openpgp::tests::version4(&[1; 20]));
        let both = format!("{first}{}", signed("PGP", &openpgp::tests::version4(&[2; 20])));
        assert_eq!(signature(both.as_bytes()).unwrap().key.unwrap(), "0202020202020202");
        for (text, form) in [
            ("-----BEGIN PGP SIGNATURE-----\n", Form::Openpgp),
            ("-----BEGIN PGP SIGNATURE-----\n\n????\n-----END PGP SIGNATURE-----\n", Form::Openpgp),
            ("-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n", Form::Ssh),
            ("-----BEGIN SIGNED MESSAGE-----\nAAAA\n-----END SIGNED MESSAGE-----\n", Form::X509),
        ] {
            assert_eq!(signature(text.as_bytes()), Some(Signature { form, key: None }), "{text}");
        }
        assert_eq!(signature(b"a line of -----BEGIN PGP SIGNATURE-----\n"), None);
    }

    #[test]
    fn no_bytes_make_it_fail() {
        let whole = openpgp::tests::version4(&[7; 20]);
        for end in 0..whole.len() {
            let _ = signature(signed("PGP", &whole[..end]).as_bytes());
        }
        let mut state = 1u32;
        for length in 0..400 {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            };
            let bytes: Vec<u8> = (0..length).map(|_| next()).collect();
            for kind in ["PGP", "SSH"] {
                let _ = signature(signed(kind, &bytes).as_bytes());
            }
            assert_eq!(openpgp::issuer(&[&[0xc2][..], &bytes].concat()).filter(|key| key.len() != 16), None);
        }
    }
}
