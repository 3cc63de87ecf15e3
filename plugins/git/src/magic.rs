//! Names formats by the bytes that files of them must begin with.
//!
//! A table of our own: libraries for this also accept signatures of two bytes, which ordinary text fulfils, and an
//! answer must stay the same when a library learns a new format.

/// A format and the bytes that stand at a place in every file of it.
struct Signature {
    name: &'static str,
    at: usize,
    bytes: &'static [u8],
}

const fn at(at: usize, bytes: &'static [u8], name: &'static str) -> Signature {
    Signature { name, at, bytes }
}

const fn start(bytes: &'static [u8], name: &'static str) -> Signature {
    at(0, bytes, name)
}

/// The first that matches counts.
const SIGNATURES: &[Signature] = &[
    // Programs, libraries, objects.
    start(b"\x7fELF", "elf"),
    start(b"\xfe\xed\xfa\xce", "mach-o"),
    start(b"\xfe\xed\xfa\xcf", "mach-o"),
    start(b"\xce\xfa\xed\xfe", "mach-o"),
    start(b"\xcf\xfa\xed\xfe", "mach-o"),
    start(b"\0asm", "wasm"),
    start(b"dex\n0", "dex"),
    start(b"BC\xc0\xde", "llvm-bitcode"),
    start(b"!<arch>\ndebian-binary", "deb"),
    start(b"!<arch>\n", "ar"),
    start(b"!<thin>\n", "ar"),
    // Archives and compressed data.
    start(b"PK\x03\x04", "zip"),
    start(b"PK\x05\x06", "zip"),
    start(b"PK\x07\x08", "zip"),
    start(b"\x1f\x8b\x08", "gzip"),
    start(b"BZh", "bzip2"),
    start(b"\xfd7zXZ\0", "xz"),
    start(b"\x28\xb5\x2f\xfd", "zstd"),
    start(b"\x04\x22\x4d\x18", "lz4"),
    start(b"7z\xbc\xaf\x27\x1c", "7z"),
    start(b"Rar!\x1a\x07", "rar"),
    start(b"\xed\xab\xee\xdb", "rpm"),
    start(b"MSCF\0\0\0\0", "cab"),
    at(257, b"ustar", "tar"),
    // Documents, images, sound, fonts, data.
    start(b"%PDF-", "pdf"),
    start(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    start(b"\x89PNG\r\n\x1a\n", "png"),
    start(b"\xff\xd8\xff", "jpeg"),
    start(b"GIF87a", "gif"),
    start(b"GIF89a", "gif"),
    start(b"II*\0", "tiff"),
    start(b"MM\0*", "tiff"),
    start(b"\0\0\x01\0", "ico"),
    start(b"8BPS\0\x01", "psd"),
    at(4, b"ftyp", "mp4"),
    start(b"OggS\0", "ogg"),
    start(b"fLaC\0", "flac"),
    start(b"ID3\x03", "mp3"),
    start(b"ID3\x04", "mp3"),
    start(b"wOFF", "woff"),
    start(b"wOF2", "woff2"),
    start(b"OTTO\0", "otf"),
    start(b"\0\x01\0\0\0", "ttf"),
    start(b"SQLite format 3\0", "sqlite"),
];

/// Containers whose format stands at byte 8.
const RIFF: &[(&[u8], &str)] = &[(b"WEBP", "webp"), (b"WAVE", "wav"), (b"AVI ", "avi")];

/// The format that the beginning of `data` names.
pub(crate) fn magic(data: &[u8]) -> Option<&'static str> {
    let matches = |signature: &&Signature| {
        data.get(signature.at..).is_some_and(|rest| rest.starts_with(signature.bytes))
    };
    let by_table = || SIGNATURES.iter().find(matches).map(|signature| signature.name);
    by_table().or_else(|| java_or_universal(data)).or_else(|| riff(data)).or_else(|| windows(data))
}

/// Java classes and universal Mach-O files begin alike; what follows is a version of at least 45, or a number of parts.
fn java_or_universal(data: &[u8]) -> Option<&'static str> {
    let rest = data.strip_prefix(b"\xca\xfe\xba\xbe")?;
    let [_, _, high, low] = *rest.first_chunk::<4>()?;
    Some(if u16::from_be_bytes([high, low]) >= 45 { "java-class" } else { "mach-o" })
}

fn riff(data: &[u8]) -> Option<&'static str> {
    let format = data.strip_prefix(b"RIFF")?.get(4..8)?;
    RIFF.iter().find(|(bytes, _)| *bytes == format).map(|(_, name)| *name)
}

/// `MZ` alone may begin any text: the header of DOS must point at the one of Windows, or have a NUL byte.
fn windows(data: &[u8]) -> Option<&'static str> {
    if !data.starts_with(b"MZ") {
        return None;
    }
    let pointer = data.get(0x3c..0x40).and_then(|bytes| bytes.first_chunk::<4>());
    let header = pointer.and_then(|bytes| data.get(u32::from_le_bytes(*bytes) as usize..));
    if header.is_some_and(|header| header.starts_with(b"PE\0\0")) {
        return Some("pe");
    }
    data.get(..0x40).is_some_and(|header| header.contains(&0)).then_some("dos")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_named_by_their_first_bytes() {
        let mut windows = b"MZ\x90\0".to_vec();
        windows.resize(0x3c, 0);
        windows.extend([0x40, 0, 0, 0]);
        let dos = windows.clone();
        windows.extend(b"PE\0\0L\x01");
        let tar = [vec![b'x'; 257], b"ustar\0".to_vec()].concat();
        let cases: [(&[u8], Option<&str>); 12] = [
            (b"\x7fELF\x02\x01\x01", Some("elf")),
            (&windows, Some("pe")),
            (&dos, Some("dos")),
            (b"\xca\xfe\xba\xbe\0\0\0\x34", Some("java-class")),
            (b"\xca\xfe\xba\xbe\0\0\0\x02", Some("mach-o")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("webp")),
            (&tar, Some("tar")),
            (b"!<arch>\ndebian-binary   ", Some("deb")),
            (b"!<arch>\n/               ", Some("ar")),
            (b"%PDF-1.4", Some("pdf")),
            (b"MZ is how this sentence begins, which is longer than a header of DOS.", None),
            (b"#!/bin/sh\n", None),
        ];
        for (data, name) in cases {
            assert_eq!(magic(data), name, "{:?}", String::from_utf8_lossy(data));
        }
    }
}
