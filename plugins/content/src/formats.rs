//! What runs, by its first bytes.
//!
//! A table of our own: libraries for this also accept signatures of two bytes, which ordinary text fulfils, and an answer must stay the
//! same when a library learns a new format.

use memchr::memmem;
use probity_sdk::findings::{Finding, Severity};

use crate::rules::{EXECUTABLE, LFS_POINTER};

const SIGNATURES: [(&[u8], &str); 13] = [
    (b"\x7fELF", "a program or library (ELF)"),
    (b"\xfe\xed\xfa\xce", "a program or library (Mach-O)"),
    (b"\xfe\xed\xfa\xcf", "a program or library (Mach-O)"),
    (b"\xce\xfa\xed\xfe", "a program or library (Mach-O)"),
    (b"\xcf\xfa\xed\xfe", "a program or library (Mach-O)"),
    (b"\0asm\x01\0\0\0", "a program (WebAssembly)"),
    (b"dex\n03", "a program (Android)"),
    (b"BC\xc0\xde", "a program (LLVM bitcode)"),
    (b"!<arch>\ndebian-binary", "a package (Debian)"),
    (b"!<arch>\n", "a library (ar)"),
    (b"!<thin>\n", "a library (ar)"),
    (b"\xed\xab\xee\xdb", "a package (RPM)"),
    (b"\x1bLua", "a program (Lua)"),
];

/// What a file is by its first bytes, if that matters here.
pub(crate) fn of(bytes: &[u8]) -> Option<Finding> {
    if bytes.starts_with(b"version https://git-lfs.github.com/spec/v1\n") {
        let message = "the content is kept elsewhere (Git LFS), and was not looked at";
        return Some(Finding::new(LFS_POINTER, Severity::Low, message));
    }
    let by_start = || SIGNATURES.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, name)| *name);
    let name = by_start()
        .or_else(|| java(bytes))
        .or_else(|| windows(bytes))
        .or_else(|| python(bytes))
        .or_else(|| archive(bytes))?;
    Some(Finding::new(EXECUTABLE, Severity::Medium, name))
}

/// Java classes and universal Mach-O files begin alike; what follows is a version of at least 45, or a number of parts.
fn java(bytes: &[u8]) -> Option<&'static str> {
    let rest = bytes.strip_prefix(b"\xca\xfe\xba\xbe")?;
    let [_, _, high, low] = *rest.first_chunk::<4>()?;
    let class = u16::from_be_bytes([high, low]) >= 45;
    Some(if class { "a program (Java class)" } else { "a program or library (Mach-O)" })
}

/// `MZ` alone may begin any text: the header of DOS must point at the one of Windows.
fn windows(bytes: &[u8]) -> Option<&'static str> {
    let pointer = bytes.strip_prefix(b"MZ")?.get(0x3a..0x3e)?.first_chunk::<4>()?;
    let header = bytes.get(u32::from_le_bytes(*pointer) as usize..)?;
    header.starts_with(b"PE\0\0").then_some("a program or library (Windows)")
}

/// Compiled Python: a number for the version, a line break in two bytes, and flags of which two bits are used.
fn python(bytes: &[u8]) -> Option<&'static str> {
    let [low, high, b'\r', b'\n', flags, 0, 0, 0] = *bytes.first_chunk::<8>()? else { return None };
    let version = u16::from_le_bytes([low, high]);
    (flags < 4 && (3390..3800).contains(&version)).then_some("a program (compiled Python)")
}

/// A ZIP file whose first entries are those of Java or Python packages.
fn archive(bytes: &[u8]) -> Option<&'static str> {
    let head = bytes.strip_prefix(b"PK\x03\x04").map(|rest| &rest[..rest.len().min(4096)])?;
    let has = |name: &[u8]| memmem::find(head, name).is_some();
    if has(b"META-INF/MANIFEST.MF") || has(b"AndroidManifest.xml") || has(b"classes.dex") {
        return Some("a package (Java or Android)");
    }
    has(b".dist-info/").then_some("a package (Python wheel)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(bytes: &[u8]) -> bool {
        of(bytes).is_some_and(|found| found.rule == EXECUTABLE)
    }

    #[test]
    fn what_runs_is_known_by_its_first_bytes() {
        let mut windows = b"MZ\x90\0".to_vec();
        windows.resize(0x3c, 0);
        windows.extend([0x40, 0, 0, 0]);
        assert!(!is(&windows));
        windows.extend(b"PE\0\0L\x01");
        for program in [
            &b"\x7fELF\x02\x01\x01"[..],
            &windows,
            b"\xca\xfe\xba\xbe\0\0\0\x34",
            b"\xca\xfe\xba\xbe\0\0\0\x02",
            b"\0asm\x01\0\0\0",
            b"dex\n035\0",
            b"!<arch>\n/ ",
            b"\xcb\x0d\x0d\x0a\0\0\0\0",
            b"\x6f\x0d\x0d\x0a\x03\0\0\0",
            b"PK\x03\x04\x14\0\0\0META-INF/MANIFEST.MF",
            b"PK\x03\x04\x14\0\0\0a-1.0.dist-info/METADATA",
        ] {
            assert!(is(program), "{program:?}");
        }
        for other in [
            &b""[..],
            b"MZ is how this sentence begins, which is longer than a header of DOS.",
            b"#!/bin/sh\n",
            b"\x89PNG\r\n\x1a\n",
            b"ab\r\ncd\r\nef",
            b"PK\x03\x04\x14\0\0\0notes.txt",
            b"\0asmara",
        ] {
            assert!(!is(other), "{other:?}");
        }
    }

    #[test]
    fn pointers_to_content_elsewhere_are_noted() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
        assert_eq!(of(pointer).unwrap().rule, LFS_POINTER);
    }
}
