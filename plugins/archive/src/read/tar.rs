//! Tar. The entries of the format itself (long names, pax records) are read here and bounded, and what readers take differently is odd
//! or an error: an archive must not be one thing to this program and another to the one that unpacks it.

use std::io::Read;

use probity_sdk::findings::shortened;
use tar::{Archive, EntryType};

use super::{MAX_ENTRIES, MAX_EXTENSION, Member, ReadError, Visit, What, exactly};

/// Whether the first header bears the mark of a tar.
pub(super) fn is_tar(bytes: &[u8]) -> bool {
    bytes.get(257..262) == Some(b"ustar")
}

/// What entries of the format say of the one that follows.
#[derive(Default)]
struct Ahead {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    odd: Option<String>,
}

pub(super) fn each(from: impl Read, visit: &mut Visit<'_>) -> Result<(), ReadError> {
    let mut archive = Archive::new(from);
    let mut ahead = Ahead::default();
    for (count, entry) in archive.entries()?.raw(true).enumerate() {
        let mut entry = entry?;
        if count >= MAX_ENTRIES {
            return Err(ReadError::TooMuch { limit: MAX_ENTRIES as u64, what: "entries" });
        }
        let (kind, size) = (entry.header().entry_type(), entry.size());
        check_header(entry.header().as_bytes())?;
        match kind {
            EntryType::GNULongName => ahead.name(zero_ended(extension(&mut entry, size)?)),
            EntryType::GNULongLink => ahead.link(zero_ended(extension(&mut entry, size)?)),
            EntryType::XHeader => ahead.read(&extension(&mut entry, size)?)?,
            // That of git holds the commit's id, as a comment.
            EntryType::XGlobalHeader => global(&extension(&mut entry, size)?, visit)?,
            _ => {
                let told = std::mem::take(&mut ahead);
                one(&mut entry, told, visit)?;
            }
        }
    }
    if ahead.name.is_some() || ahead.link.is_some() || ahead.size.is_some() {
        return Err(ReadError::Damaged("it ends with a name of no entry".to_owned()));
    }
    rest(archive.into_inner(), visit)
}

fn one<R: Read>(entry: &mut tar::Entry<'_, R>, ahead: Ahead, visit: &mut Visit<'_>) -> Result<(), ReadError> {
    let (kind, size) = (entry.header().entry_type(), entry.size());
    if ahead.size.is_some_and(|told| told != size) {
        return Err(ReadError::Damaged("an entry has two sizes".to_owned()));
    }
    let name = ahead.name.unwrap_or_else(|| entry.header().path_bytes().into_owned());
    let link = ahead.link.or_else(|| entry.header().link_name_bytes().map(|link| link.into_owned()));
    let link = link.unwrap_or_default();
    if let Some(odd) = ahead.odd {
        return visit(Member { name: &name, what: What::Odd(odd) });
    }
    let is_file = matches!(kind, EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse);
    if size != 0 && (!is_file || name.ends_with(b"/")) {
        // Some programs take what follows for further entries.
        return Err(ReadError::Damaged("an entry that is no file has content".to_owned()));
    }
    let odd = |words: &str| What::Odd(words.to_owned());
    let what = match kind {
        // Old ones write folders so.
        EntryType::Regular if name.ends_with(b"/") => What::Folder,
        EntryType::Regular | EntryType::Continuous => {
            let bytes = exactly(entry, size)?;
            return visit(Member { name: &name, what: What::File(&bytes) });
        }
        EntryType::Directory => What::Folder,
        EntryType::Symlink => What::Link(&link),
        EntryType::Link => {
            What::Odd(format!("a hard link to {:?}", shortened(&String::from_utf8_lossy(&link))))
        }
        EntryType::Char | EntryType::Block => odd("a device"),
        EntryType::Fifo => odd("a pipe"),
        EntryType::GNUSparse => odd("a file with holes, whose content is not compared"),
        other => What::Odd(format!("an entry of the kind {:?}", char::from(other.as_byte()))),
    };
    visit(Member { name: &name, what })
}

fn extension(entry: impl Read, size: u64) -> Result<Vec<u8>, ReadError> {
    if size > MAX_EXTENSION {
        return Err(ReadError::TooMuch { limit: MAX_EXTENSION, what: "bytes in a name" });
    }
    exactly(entry, size)
}

fn zero_ended(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    bytes
}

fn global(bytes: &[u8], visit: &mut Visit<'_>) -> Result<(), ReadError> {
    for (key, _) in records(bytes)? {
        if matches!(key, b"path" | b"linkpath" | b"size") || key.starts_with(b"GNU.sparse") {
            let told = What::Odd("a name or size for all entries that follow".to_owned());
            visit(Member { name: b"", what: told })?;
        }
    }
    Ok(())
}

/// Keys and values.
type Records<'a> = Vec<(&'a [u8], &'a [u8])>;

/// The records of a pax header, `LENGTH KEY=VALUE` and a line feed each: all of it and nothing else, for what is amiss programs read differently.
fn records(mut bytes: &[u8]) -> Result<Records<'_>, ReadError> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let damaged = || ReadError::Damaged("a record of a pax header is amiss".to_owned());
        let space = bytes.iter().position(|byte| *byte == b' ').ok_or_else(damaged)?;
        let length = number(&bytes[..space]).and_then(|length| usize::try_from(length).ok());
        let length = length.filter(|length| *length > space).ok_or_else(damaged)?;
        let record = bytes.get(space + 1..length).and_then(|record| record.strip_suffix(b"\n"));
        let record = record.ok_or_else(damaged)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(damaged)?;
        records.push((&record[..equals], &record[equals + 1..]));
        bytes = &bytes[length..];
    }
    Ok(records)
}

/// A number of nothing but digits.
fn number(digits: &[u8]) -> Option<u64> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| plain)?.parse().ok()
}

/// Refuses a header that some programs read otherwise: numbers that are not written as they should be, and a beginning of the name
/// where only the one exact mark of a tar says that there may be one.
fn check_header(header: &[u8; 512]) -> Result<(), ReadError> {
    let octal = |field: &[u8]| {
        let digits =
            field.trim_ascii_start().split(|byte| matches!(byte, 0 | b' ')).next().unwrap_or_default();
        let rest = &field.trim_ascii_start()[digits.len()..];
        digits.iter().all(|byte| (b'0'..=b'7').contains(byte))
            && rest.iter().all(|byte| matches!(byte, 0 | b' '))
    };
    let (size, sum) = (&header[124..136], &header[148..156]);
    if !(octal(size) || size[0] & 0x80 != 0) || !octal(sum) {
        return Err(ReadError::Damaged("a number of an entry is not written as it should be".to_owned()));
    }
    if &header[257..265] != b"ustar\x0000" && header[345..500].iter().any(|byte| *byte != 0) {
        return Err(ReadError::Damaged(
            "an entry has a beginning of its name that not all programs read".to_owned(),
        ));
    }
    Ok(())
}

/// What follows the end of a tar is zeros.
fn rest(mut from: impl Read, visit: &mut Visit<'_>) -> Result<(), ReadError> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        if buffer[..read].iter().any(|byte| *byte != 0) {
            let told = "data after its end, which some programs unpack, too";
            return visit(Member { name: b"", what: What::Odd(told.to_owned()) });
        }
    }
}

impl Ahead {
    fn name(&mut self, name: Vec<u8>) {
        if self.name.replace(name.clone()).is_some_and(|before| before != name) {
            self.odd = Some("an entry with two names".to_owned());
        }
    }

    fn link(&mut self, link: Vec<u8>) {
        if self.link.replace(link.clone()).is_some_and(|before| before != link) {
            self.odd = Some("a link with two ends".to_owned());
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        for (key, value) in records(bytes)? {
            let value = value.to_vec();
            match key {
                b"path" => self.name(value),
                b"linkpath" => self.link(value),
                b"size" => {
                    let size = number(&value);
                    self.size =
                        Some(size.ok_or_else(|| ReadError::Damaged("a size is no number".to_owned()))?);
                }
                key if key.starts_with(b"GNU.sparse") => {
                    self.odd = Some("a file with holes, whose content is not compared".to_owned());
                }
                _ => {}
            }
        }
        Ok(())
    }
}
