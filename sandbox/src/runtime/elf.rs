//! The few fields of an ELF file that say what it needs to be loaded. Every number in it may be a lie.

use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What a program or library needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Elf {
    /// The processor it is for.
    pub(super) machine: u16,
    /// Whether it is what loaders and libraries are; a program with a fixed place or a dump of memory is not.
    pub(super) shared: bool,
    /// The dynamic loader; `None` for static programs and for libraries.
    pub(super) loader: Option<PathBuf>,
    /// The names of the libraries.
    pub(super) needed: Vec<String>,
    /// Directories where it wants them to be looked for, separated by colons.
    paths: Vec<String>,
}

/// A part of the file, and where it lies in memory.
struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: u64,
}

const LOADED: u32 = 1;
const DYNAMIC: u32 = 2;
const LOADER: u32 = 3;

const NEEDED: u64 = 1;
const STRINGS: u64 = 5;
const STRINGS_SIZE: u64 = 10;
const OLD_SEARCH_PATH: u64 = 15;
const SEARCH_PATH: u64 = 29;

/// The kind of file that loaders and libraries are.
const SHARED: u16 = 3;

/// The most bytes of one table that are read.
const TABLE_LIMIT: u64 = 4 << 20;
/// The most libraries that one file may need, and the most bytes of a library's name.
const NAMES_LIMIT: usize = 256;
const NAME_LIMIT: usize = 1 << 10;
/// The most directories where one file may have its libraries looked for, and the most bytes of that list.
const DIRECTORIES_LIMIT: usize = 64;
const PATHS_LIMIT: usize = 16 << 10;

impl Elf {
    pub(super) fn read(path: &Path) -> io::Result<Elf> {
        if !path.metadata()?.is_file() {
            return Err(malformed("no regular file"));
        }
        let file = File::open(path)?;
        let header = bytes(&file, 0, 64)?;
        let here = if cfg!(target_endian = "little") { 1 } else { 2 };
        if !header.starts_with(b"\x7fELF") || header[4] != 2 || header[5] != here {
            return Err(malformed("no 64-bit program of this byte order"));
        }
        let segments = segments(&file, &header)?;
        let (shared, machine) = (u16_at(&header, 16) == SHARED, u16_at(&header, 18));
        let mut elf = Elf { shared, machine, ..Elf::default() };
        // The kernel heeds the first of each: what only a later one names is never needed.
        let first = |kind| segments.iter().find(|segment| segment.kind == kind);
        elf.loader = first(LOADER).map(|segment| loader(&file, segment)).transpose()?;
        if let Some(segment) = first(DYNAMIC) {
            elf.read_dynamic(&file, segment, &segments)?;
        }
        Ok(elf)
    }

    /// Where it wants its libraries to be looked for, `path` being its own.
    pub(super) fn search_path(&self, path: &Path) -> Vec<PathBuf> {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let origin = real.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned();
        let parts = self.paths.iter().flat_map(|paths| paths.split(':')).filter(|part| !part.is_empty());
        let expand = |part: &str| part.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin);
        let directories = parts.take(DIRECTORIES_LIMIT).map(|part| PathBuf::from(expand(part)));
        directories.filter(|path| path.is_absolute()).collect()
    }

    fn read_dynamic(&mut self, file: &File, segment: &Segment, segments: &[Segment]) -> io::Result<()> {
        let table = bytes(file, segment.offset, segment.size)?;
        let entries: Vec<(u64, u64)> = table
            .chunks_exact(16)
            .map(|entry| (u64_at(entry, 0), u64_at(entry, 8)))
            .take_while(|(tag, _)| *tag != 0)
            .collect();
        let value = |tag| entries.iter().find(|(known, _)| *known == tag).map(|(_, value)| *value);
        let (Some(address), Some(size)) = (value(STRINGS), value(STRINGS_SIZE)) else { return Ok(()) };
        let strings = Strings { file, offset: offset_of(address, segments)?, size };
        let needed = entries.iter().filter(|(tag, _)| *tag == NEEDED).take(NAMES_LIMIT);
        self.needed = needed.filter_map(|(_, at)| strings.at(*at, NAME_LIMIT)).collect();
        let paths = [value(SEARCH_PATH), value(OLD_SEARCH_PATH)].into_iter().flatten();
        self.paths = paths.filter_map(|at| strings.at(at, PATHS_LIMIT)).collect();
        Ok(())
    }
}

fn segments(file: &File, header: &[u8]) -> io::Result<Vec<Segment>> {
    const SIZE: u16 = 56;
    if u16_at(header, 54) != SIZE {
        return Err(malformed("unknown program headers"));
    }
    let table = bytes(file, u64_at(header, 32), u64::from(u16_at(header, 56)) * u64::from(SIZE))?;
    let segments = table.chunks_exact(usize::from(SIZE)).map(|entry| Segment {
        kind: u32::from_ne_bytes([entry[0], entry[1], entry[2], entry[3]]),
        offset: u64_at(entry, 8),
        address: u64_at(entry, 16),
        size: u64_at(entry, 32),
    });
    Ok(segments.collect())
}

fn loader(file: &File, segment: &Segment) -> io::Result<PathBuf> {
    let mut path = bytes(file, segment.offset, segment.size)?;
    path.truncate(path.iter().position(|byte| *byte == 0).unwrap_or(path.len()));
    let path = PathBuf::from(std::ffi::OsString::from_vec(path));
    if path.is_absolute() { Ok(path) } else { Err(malformed("its loader has no absolute path")) }
}

fn offset_of(address: u64, segments: &[Segment]) -> io::Result<u64> {
    segments
        .iter()
        .filter(|segment| segment.kind == LOADED)
        .find_map(|segment| {
            let within = address.checked_sub(segment.address).filter(|within| *within < segment.size)?;
            segment.offset.checked_add(within)
        })
        .ok_or_else(|| malformed("its strings lie outside of the file"))
}

/// The table of strings, of which a few are read: a program that has much to offer to libraries names it all there.
struct Strings<'a> {
    file: &'a File,
    offset: u64,
    size: u64,
}

impl Strings<'_> {
    fn at(&self, at: u64, limit: usize) -> Option<String> {
        let left = usize::try_from(self.size.checked_sub(at)?).unwrap_or(usize::MAX);
        let mut string = vec![0; left.min(limit)];
        let count = self.file.read_at(&mut string, self.offset.checked_add(at)?).ok()?;
        string.truncate(string[..count].iter().position(|byte| *byte == 0)?);
        String::from_utf8(string).ok()
    }
}

fn bytes(file: &File, offset: u64, size: u64) -> io::Result<Vec<u8>> {
    if size > TABLE_LIMIT {
        return Err(malformed("a table is too large"));
    }
    let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_ne_bytes(number)
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
