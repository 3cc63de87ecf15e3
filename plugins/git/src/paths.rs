//! Paths of files as JSON text, without loss.

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

/// What follows the last dot of the file's name, as [`std::path::Path::extension`] sees it: nothing for `Makefile`
/// and `.gitignore`, an empty one for `a.`; as text by the rules of [`text`].
pub fn extension(path: &[u8]) -> Option<Cow<'_, str>> {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let dot = name.iter().rposition(|byte| *byte == b'.')?;
    (dot > 0 && name != b"..").then(|| text(&name[dot + 1..]))
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
    fn extensions_are_those_of_the_standard_library() {
        use std::os::unix::ffi::OsStrExt;
        for path in
            ["a.rs", "a.tar.gz", "Makefile", ".gitignore", "d.x/file", "a.", "..", "d/..", ".a.b", "..a", ""]
        {
            let standard = std::path::Path::new(std::ffi::OsStr::from_bytes(path.as_bytes()));
            let standard = standard.extension().map(|extension| extension.to_str().unwrap());
            assert_eq!(extension(path.as_bytes()).as_deref(), standard, "{path}");
        }
        assert_eq!(extension(b"a.\xff").as_deref(), Some(r#""\377""#));
    }
}
