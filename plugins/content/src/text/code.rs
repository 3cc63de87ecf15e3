//! Code that is made not to be read.

use probity_sdk::findings::{Finding, Severity};
use std::collections::HashSet;

use memchr::memmem;

use super::{Few, Text};
use crate::rules::{DECODED_CODE, FAR_RIGHT, LONG_LINE, RENAMED_CODE};

const LONG: usize = 5000;
const BLANKS: usize = 200;
const NAMES: usize = 20;
const ENCODED: usize = 1024;

/// What runs a text as a program.
const EVALUATES: [&[u8]; 6] =
    [b"eval(", b"exec(", b"Function(", b"eval ", b"Invoke-Expression", b"runInThisContext("];
/// What makes bytes of a text.
const DECODES: [&[u8]; 12] = [
    b"atob(",
    b"b64decode",
    b"'base64'",
    b"\"base64\"",
    b"fromCharCode",
    b"unhexlify",
    b"fromhex(",
    b"base64 -d",
    b"base64 --decode",
    b"Base64.decode",
    b"base64_decode",
    b"FromBase64String",
];

pub(super) fn find(text: &Text<'_>, found: &mut Vec<Finding>) {
    far_right(text, found);
    if let Some((line, content)) = text.lines().find(|(_, content)| content.len() > LONG) {
        let message = format!("a line of {} characters", content.len());
        found.push(Finding::new(LONG_LINE, Severity::Low, message).line(line));
    }
    renamed(text, found);
    decoded(text, found);
}

fn far_right(text: &Text<'_>, found: &mut Vec<Finding>) {
    let mut few = Few::new(found);
    for (line, content) in text.lines().filter(|(_, content)| content.len() > BLANKS) {
        let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
        let (mut run, mut behind) = (0, None);
        for (at, byte) in content.iter().enumerate() {
            if !blank(byte) {
                if run >= BLANKS {
                    behind = Some(at);
                    break;
                }
                run = 0;
            } else {
                run += 1;
            }
        }
        // An aligned comment or line continuation is none.
        if let Some(at) = behind.filter(|at| is_code(&content[*at..])) {
            let message = format!("code stands in column {}, behind {run} blanks", at + 1);
            if !few.add(Finding::new(FAR_RIGHT, Severity::Medium, message).line(line)) {
                return;
            }
        }
    }
}

fn is_code(text: &[u8]) -> bool {
    let comment =
        [&b"//"[..], b"#", b"--", b"/*", b"*", b"%", b";", b"!"].iter().any(|sign| text.starts_with(sign));
    !comment && text.len() >= 10 && text.iter().any(|byte| *byte == b'(' || *byte == b'=')
}

/// The names that obfuscators give: `_0x` and hexadecimal digits.
fn renamed(text: &Text<'_>, found: &mut Vec<Finding>) {
    let mut names: HashSet<&[u8]> = HashSet::new();
    for at in memmem::find_iter(text.bytes, b"_0x") {
        let rest = &text.bytes[at + 3..];
        let length = rest.iter().take(12).take_while(|byte| byte.is_ascii_hexdigit()).count();
        if (4..=8).contains(&length) {
            names.insert(&rest[..length]);
        }
        if names.len() == NAMES {
            let line = line_of(text.bytes, at);
            let message = format!("{NAMES} or more names such as _0x1a2b3c");
            found.push(Finding::new(RENAMED_CODE, Severity::High, message).line(line));
            return;
        }
    }
}

fn decoded(text: &Text<'_>, found: &mut Vec<Finding>) {
    let has = |words: &[&[u8]]| words.iter().any(|word| has_word(text.bytes, word));
    let Some(at) = encoded(text.bytes) else { return };
    if has(&DECODES) && has(&EVALUATES) {
        let message = "an encoded literal, in a file that decodes and evaluates";
        found.push(Finding::new(DECODED_CODE, Severity::High, message).line(line_of(text.bytes, at)));
    }
}

/// Whether a word is there that no other name goes on to: `exec(`, but not `.exec(` or `execute(`.
fn has_word(bytes: &[u8], word: &[u8]) -> bool {
    memmem::find_iter(bytes, word).any(|at| {
        let before = at.checked_sub(1).map_or(b' ', |at| bytes[at]);
        !word[0].is_ascii_alphabetic()
            || !(before.is_ascii_alphanumeric()
                || b"_.$:".contains(&before)
                    && word != b"fromCharCode"
                    && word != b"b64decode"
                    && word != b"fromhex(")
    })
}

/// Where a literal begins that is long and encoded: Base64 or hexadecimal digits, or escapes of bytes; pictures and fonts aside.
fn encoded(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    for at in 0..=bytes.len() {
        let goes_on =
            bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+/=\\_-".contains(byte));
        if goes_on {
            continue;
        }
        if at - start >= ENCODED {
            let before = &bytes[start.saturating_sub(32)..start];
            let varied = bytes[start..at].iter().collect::<HashSet<_>>().len() >= 10;
            if varied && !before.ends_with(b"base64,") {
                return Some(start);
            }
        }
        start = at + 1;
    }
    None
}

fn line_of(bytes: &[u8], at: usize) -> u32 {
    let breaks = memchr::memchr_iter(b'\n', &bytes[..at]).count();
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}
