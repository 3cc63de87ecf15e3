//! Tokens and keys. What is told of one is its sort and place, never a part of it.

use memchr::memmem;
use probity_sdk::findings::{Finding, Severity};

use super::{Few, Text};
use crate::rules::{PRIVATE_KEY, TOKEN};

/// A sort of token: how it begins, how many characters follow, and what is known of these.
struct Sort {
    begins: &'static str,
    length: usize,
    of: fn(u8) -> bool,
    checksum: bool,
    /// Whether more characters may follow.
    open: bool,
    whose: &'static str,
}

const fn sort(begins: &'static str, length: usize, of: fn(u8) -> bool, whose: &'static str) -> Sort {
    Sort { begins, length, of, checksum: false, open: false, whose }
}

const fn open(begins: &'static str, length: usize, whose: &'static str) -> Sort {
    Sort { begins, length, of: url, checksum: false, open: true, whose }
}

const fn checked(begins: &'static str, whose: &'static str) -> Sort {
    Sort { begins, length: 36, of: base62, checksum: true, open: false, whose }
}

const SORTS: [Sort; 14] = [
    checked("ghp_", "GitHub"),
    checked("gho_", "GitHub"),
    checked("ghu_", "GitHub"),
    checked("ghs_", "GitHub"),
    checked("ghr_", "GitHub"),
    checked("npm_", "npm"),
    sort("github_pat_", 82, word, "GitHub"),
    open("glpat-", 20, "GitLab"),
    sort("AKIA", 16, upper, "Amazon"),
    open("pypi-AgEIcHlwaS5vcmc", 50, "PyPI"),
    sort("sk_live_", 24, base62, "Stripe"),
    open("xoxb-", 40, "Slack"),
    open("xoxp-", 40, "Slack"),
    sort("AIza", 35, url, "Google"),
];

fn base62(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn url(byte: u8) -> bool {
    word(byte) || byte == b'-'
}

fn upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte)
}

pub(super) fn find(text: &Text<'_>, found: &mut Vec<Finding>) {
    let mut few = Few::new(found);
    for sort in &SORTS {
        for at in memmem::find_iter(text.bytes, sort.begins) {
            if let Some(severity) = sort.severity(text.bytes, at) {
                let message = format!("a token of {} ({}…)", sort.whose, sort.begins);
                if !few.add(Finding::new(TOKEN, severity, message).line(line_of(text.bytes, at))) {
                    return;
                }
            }
        }
    }
    keys(text, found);
}

impl Sort {
    fn severity(&self, bytes: &[u8], at: usize) -> Option<Severity> {
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let rest = &bytes[at + self.begins.len()..];
        let length = rest.iter().take(self.length + 1).take_while(|byte| (self.of)(**byte)).count();
        let fits = length == self.length || (length > self.length && self.open);
        if before.is_some_and(word) || !fits || !is_random(&rest[..self.length]) {
            return None;
        }
        if !self.checksum {
            return Some(Severity::Medium);
        }
        let (random, sum) = rest[..36].split_at(30);
        // A wrong checksum is what examples have.
        (checksum(random) == sum).then_some(Severity::High)
    }
}

/// Whether it could come from a source of chance: examples repeat, count, or say so.
fn is_random(token: &[u8]) -> bool {
    let distinct = token.iter().collect::<std::collections::HashSet<_>>().len();
    let lower = token.to_ascii_lowercase();
    let says = [&b"example"[..], b"xxxx", b"test", b"fake", b"dummy", b"0000", b"1234"];
    distinct >= 8 && !says.iter().any(|word| memmem::find(&lower, word).is_some())
}

/// The CRC-32 of the random part in six digits of base 62, as GitHub and npm write it.
pub(super) fn checksum(random: &[u8]) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut crc = u32::MAX;
    for byte in random {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    let mut rest = !crc;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

/// Private keys in PEM that are not encrypted.
fn keys(text: &Text<'_>, found: &mut Vec<Finding>) {
    let mut few = Few::new(found);
    for at in memmem::find_iter(text.bytes, b"-----BEGIN ") {
        let rest = &text.bytes[at + 11..];
        let kind = [&b"RSA "[..], b"EC ", b"DSA ", b"OPENSSH ", b""]
            .into_iter()
            .find_map(|kind| rest.strip_prefix(kind)?.strip_prefix(b"PRIVATE KEY-----"));
        let Some(body) = kind else { continue };
        let body = &body[..body.len().min(400)];
        let digits = body.iter().filter(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte)).count();
        if digits > 100 && memmem::find(body, b"ENCRYPTED").is_none() && memmem::find(body, b"...").is_none()
        {
            let message = "a private key without a passphrase";
            if !few.add(Finding::new(PRIVATE_KEY, Severity::Medium, message).line(line_of(text.bytes, at))) {
                return;
            }
        }
    }
}

fn line_of(bytes: &[u8], at: usize) -> u32 {
    let breaks = memchr::memchr_iter(b'\n', &bytes[..at]).count();
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}
