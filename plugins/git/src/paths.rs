//! What the names of files tell; their form in JSON is the SDK's.

use std::borrow::Cow;

pub use probity_sdk::git::path::text;

/// What follows the last dot of the file's name, as [`std::path::Path::extension`] sees it: nothing for `Makefile`
/// and `.gitignore`, an empty one for `a.`; as text by the rules of [`text`].
pub fn extension(path: &[u8]) -> Option<Cow<'_, str>> {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let dot = name.iter().rposition(|byte| *byte == b'.')?;
    (dot > 0 && name != b"..").then(|| text(&name[dot + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

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
