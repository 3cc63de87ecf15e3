//! The loader's cache of library paths (`/etc/ld.so.cache`), in the format of glibc 2.2 and later.

use std::fs;
use std::path::{Path, PathBuf};

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;
const SIZE_LIMIT: u64 = 16 << 20;

/// Names of libraries with their paths, in the cache's order; empty if there is no cache that can be understood.
pub(super) fn entries(path: &Path) -> Vec<(String, PathBuf)> {
    let small = path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= SIZE_LIMIT);
    let bytes = if small { fs::read(path).unwrap_or_default() } else { Vec::new() };
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Vec<(String, PathBuf)> {
    // An older table may stand before this one, whose offsets count from its own beginning.
    let Some(start) = bytes.windows(MAGIC.len()).position(|window| window == MAGIC) else {
        return Vec::new();
    };
    let bytes = &bytes[start..];
    let count = number(bytes, MAGIC.len()).unwrap_or(0);
    let table = bytes.get(HEADER..).unwrap_or_default();
    let entries = table.chunks_exact(ENTRY).take(count).filter_map(|entry| {
        let (name, path) = (string(bytes, number(entry, 4)?)?, string(bytes, number(entry, 8)?)?);
        Some((name, PathBuf::from(path)))
    });
    entries.filter(|(_, path)| path.is_absolute()).collect()
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at + 4)?;
    usize::try_from(u32::from_ne_bytes([four[0], four[1], four[2], four[3]])).ok()
}

fn string(bytes: &[u8], at: usize) -> Option<String> {
    let rest = bytes.get(at..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    String::from_utf8(rest[..end].to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(count: u32, entries: &[(u32, u32)], strings: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(count.to_ne_bytes());
        bytes.resize(HEADER, 0);
        for (name, path) in entries {
            bytes.extend([0; 4]);
            bytes.extend(name.to_ne_bytes());
            bytes.extend(path.to_ne_bytes());
            bytes.extend([0; 12]);
        }
        bytes.extend(strings);
        bytes
    }

    #[test]
    fn names_and_paths_are_read() {
        let bytes = cache(1, &[(72, 80)], b"libx.so\0/opt/libx.so\0");
        assert_eq!(parse(&bytes), [("libx.so".to_owned(), PathBuf::from("/opt/libx.so"))]);
        let behind_an_older_table = [b"ld.so-1.7.0".as_slice(), &bytes].concat();
        assert_eq!(parse(&behind_an_older_table), parse(&bytes));
    }

    #[test]
    fn lies_are_left_out() {
        assert_eq!(parse(b""), []);
        assert_eq!(parse(MAGIC), []);
        assert_eq!(parse(&cache(u32::MAX, &[(u32::MAX, 72)], b"x\0")), []);
        assert_eq!(parse(&cache(1, &[(72, 72)], b"relative\0")), []);
        assert_eq!(parse(&cache(1, &[(72, 72)], b"without an end")), []);
    }
}
