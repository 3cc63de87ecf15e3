//! Paths of files as JSON text, without loss, and put together from the names of folders and what lies in them.

use std::borrow::Cow;
use std::fmt::Write;

/// `path` as text: UTF-8 as it is; any other path, and one that begins with a double quote, in double quotes with
/// the escapes of C, each byte that is not part of valid UTF-8 as three octal digits (`"a\377b"`).
///
/// Two paths never have the same text.
pub fn text(path: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(path) {
        Ok(text) if !text.starts_with('"') => Cow::Borrowed(text),
        _ => Cow::Owned(quoted(path)),
    }
}

/// The path that `text` stands for: what [`text`](fn@text) made it of. Text that it makes of no path is taken as it stands.
pub fn bytes(text: &str) -> Cow<'_, [u8]> {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match inner.and_then(unquoted) {
        Some(path) => Cow::Owned(path),
        None => Cow::Borrowed(text.as_bytes()),
    }
}

/// The text of the path of what lies at `path` in `folder`, both texts; of `path` itself in the folder `""`.
pub fn joined(folder: &str, path: &str) -> String {
    if folder.is_empty() {
        return path.to_owned();
    }
    text(&[&bytes(folder)[..], b"/", &bytes(path)].concat()).into_owned()
}

fn quoted(path: &[u8]) -> String {
    let mut quoted = String::with_capacity(path.len() + 8);
    quoted.push('"');
    for chunk in path.utf8_chunks() {
        chunk.valid().chars().for_each(|char| escaped(&mut quoted, char));
        for byte in chunk.invalid() {
            octal(&mut quoted, u32::from(*byte));
        }
    }
    quoted.push('"');
    quoted
}

fn escaped(quoted: &mut String, char: char) {
    match char {
        '"' => quoted.push_str("\\\""),
        '\\' => quoted.push_str("\\\\"),
        '\x07' => quoted.push_str("\\a"),
        '\x08' => quoted.push_str("\\b"),
        '\t' => quoted.push_str("\\t"),
        '\n' => quoted.push_str("\\n"),
        '\x0b' => quoted.push_str("\\v"),
        '\x0c' => quoted.push_str("\\f"),
        '\r' => quoted.push_str("\\r"),
        '\0'..' ' | '\x7f' => octal(quoted, u32::from(char)),
        _ => quoted.push(char),
    }
}

fn octal(quoted: &mut String, byte: u32) {
    write!(quoted, "\\{byte:03o}").expect("a string takes all text");
}

/// `None` where an escape is none.
fn unquoted(inner: &str) -> Option<Vec<u8>> {
    let mut path = Vec::with_capacity(inner.len());
    let mut rest = inner.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match (first, tail) {
            (b'\\', [digits @ b'0'..=b'7', ..]) if *digits <= b'3' => (octal_byte(tail)?, &tail[3..]),
            (b'\\', [escape, tail @ ..]) => (escaped_byte(*escape)?, tail),
            (b'\\', []) | (b'"', _) => return None,
            (byte, tail) => (*byte, tail),
        };
        path.push(byte);
        rest = tail;
    }
    Some(path)
}

/// The byte of the three octal digits with which `digits` begins.
fn octal_byte(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits.get(..3)?).ok()?;
    u8::from_str_radix(digits, 8).ok()
}

fn escaped_byte(escape: u8) -> Option<u8> {
    Some(match escape {
        b'"' | b'\\' => escape,
        b'a' => 0x07,
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'r' => b'\r',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_json_could_not_hold_or_that_look_quoted_are_quoted() {
        assert_eq!(text("src/naïve file\n.rs".as_bytes()), "src/naïve file\n.rs");
        assert_eq!(text(b"a\xffb"), r#""a\377b""#);
        assert_eq!(text("ü\t\\\u{1}".as_bytes()), "ü\t\\\u{1}");
        assert_eq!(text(b"\xc3\xbc\t\\\x01\x80"), r#""ü\t\\\001\200""#);
        assert_eq!(text(br#""a\377b""#), r#""\"a\\377b\"""#);
    }

    #[test]
    fn what_was_written_is_read_back() {
        let all: Vec<u8> = (0..=255).collect();
        let quoted: Vec<u8> = [&b"\""[..], &all].concat();
        let paths: [&[u8]; 9] = [
            b"",
            b"a",
            b"\"",
            b"\"\"",
            b"a\xffb",
            br#""a\377b""#,
            "ü\t\\\u{1}\x7f".as_bytes(),
            &all,
            &quoted,
        ];
        for path in paths {
            assert_eq!(bytes(&text(path)), path, "{path:?}");
        }
    }

    #[test]
    fn what_nobody_wrote_is_taken_as_it_stands() {
        for none in [r#"""#, r#""a"b""#, r#""\""#, r#""\x""#, r#""\40""#, r#""\777""#, r#""\49ü""#] {
            assert_eq!(bytes(none), none.as_bytes(), "{none}");
        }
    }
}
