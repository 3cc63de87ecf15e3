//! What else the headers of commits tell: the time zones of their people, and whether they are signed.

use crate::error::GitError;
use crate::objects::{Reader, Repository};
use crate::segments;
use crate::shapes::{Header, Headers, Segment, SignatureKind};
use gix::ObjectId;
use gix::objs::commit::ref_iter::Token;
use gix::objs::{CommitRefIter, Kind};

/// The header that holds a signature, in repositories of either object format.
const SIGNATURES: [&[u8]; 2] = [b"gpgsig", b"gpgsig-sha256"];
/// How a signature begins, and of what kind it is then.
const BEGINNINGS: [(&[u8], SignatureKind); 4] = [
    (b"-----BEGIN PGP SIGNATURE-----", SignatureKind::Openpgp),
    (b"-----BEGIN PGP MESSAGE-----", SignatureKind::Openpgp),
    (b"-----BEGIN SSH SIGNATURE-----", SignatureKind::Ssh),
    (b"-----BEGIN SIGNED MESSAGE-----", SignatureKind::X509),
];

/// Answers the query `headers`.
pub fn headers(repository: &Repository, key: &Segment) -> Result<Headers, GitError> {
    Ok(Headers { commits: segments::each(repository, key, one)? })
}

fn one(reader: &Reader, id: ObjectId) -> Result<Header, GitError> {
    let data = reader.commit(&id)?;
    let mut header = Header { id: id.to_string(), authored: None, committed: None, signature: None };
    for token in CommitRefIter::from_bytes(&data, reader.format()) {
        let malformed = |reason| GitError::Malformed { id, kind: Kind::Commit, reason };
        match token.map_err(|error| malformed(error.to_string()))? {
            Token::Author { signature } => header.authored = offset(signature.time),
            Token::Committer { signature } => header.committed = offset(signature.time),
            Token::ExtraHeader((name, value)) if SIGNATURES.contains(&name.as_ref()) => {
                header.signature = header.signature.or(Some(kind(&value)));
            }
            Token::Message(_) => break,
            _ => {}
        }
    }
    Ok(header)
}

fn kind(signature: &[u8]) -> SignatureKind {
    let signature = signature.trim_ascii_start();
    let known = BEGINNINGS.iter().find(|(beginning, _)| signature.starts_with(beginning));
    known.map_or(SignatureKind::Other, |(_, kind)| *kind)
}

/// Minutes east of Greenwich, of seconds and a time zone as in `1700000000 -0330`.
fn offset(time: &str) -> Option<i32> {
    let (_, zone) = time.trim().rsplit_once(' ')?;
    let (east, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    // Some old commits have five digits and more, which are hours and minutes all the same.
    let number: i32 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    (digits.len() >= 4).then_some(east * (number / 100 * 60 + number % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zones_are_minutes_and_nonsense_is_none() {
        for (time, expected) in [
            ("1700000000 +0000", Some(0)),
            ("1700000000 -0330", Some(-210)),
            ("1700000000 +1245", Some(765)),
            ("-5 +0200 ", Some(120)),
            ("1700000000 +51800", Some(31_080)),
            ("1700000000", None),
            ("1700000000 0200", None),
            ("1700000000 +02", None),
            ("1700000000 +02:0", None),
            ("1700000000 +99999999999", None),
            ("1700000000 é", None),
            ("", None),
        ] {
            assert_eq!(offset(time), expected, "{time}");
        }
    }

    #[test]
    fn signatures_are_told_apart_by_their_first_line() {
        assert_eq!(kind(b"-----BEGIN PGP SIGNATURE-----\n\niQ"), SignatureKind::Openpgp);
        assert_eq!(kind(b"-----BEGIN SSH SIGNATURE-----\nU1"), SignatureKind::Ssh);
        assert_eq!(kind(b"-----BEGIN SIGNED MESSAGE-----\nMI"), SignatureKind::X509);
        assert_eq!(kind(b"trust me"), SignatureKind::Other);
    }
}
