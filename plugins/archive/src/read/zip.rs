//! Zip, by the directory at its end, which is what programs go by. Where the entries themselves say otherwise, or there are bytes that
//! the directory does not name, a program that goes by the entries would unpack something else: that is odd.

use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;
use probity_sdk::findings::shortened;

use super::{Budget, MAX_ENTRY, Member, ReadError, Visit, What};

const END: &[u8] = b"PK\x05\x06";
const LISTED: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
/// What leads to an end of the 64 bit kind.
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_BYTES: usize = 20;
/// Bytes of the fixed part of each.
const END_BYTES: usize = 22;
const LISTED_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;
/// What may stand between two entries: sizes that were not known before.
const MOST_BETWEEN: usize = 24;
/// How many bytes are unpacked at once.
const STEP: usize = 64 << 10;

/// The flag of an entry whose sizes and sum stand behind its content.
const STREAMED: u16 = 8;
/// Fields that give an entry another name, or other sizes.
const RENAMED: u16 = 0x7075;
const SIZES: u16 = 0x0001;

/// A line of the directory.
struct Listed<'a> {
    name: &'a [u8],
    method: u16,
    encrypted: bool,
    crc: u32,
    /// Its sizes and sum stand behind its content.
    streamed: bool,
    packed: usize,
    size: u64,
    mode: u32,
    at: usize,
}

pub(super) fn each(bytes: &[u8], mut budget: Budget<'_>, visit: &mut Visit<'_>) -> Result<(), ReadError> {
    let (directory, mut listed) = directory(bytes)?;
    listed.sort_by_key(|entry| entry.at);
    let mut end = 0;
    for entry in &listed {
        let Local { name, packed, end: its_end } = local(bytes, entry)?;
        let most = if end == 0 { 0 } else { MOST_BETWEEN };
        if entry.at.checked_sub(end).is_none_or(|between| between > most) {
            hidden(visit)?;
        }
        end = its_end;
        if name != entry.name {
            let told =
                format!("an entry with two names, the other {:?}", shortened(&String::from_utf8_lossy(name)));
            visit(Member { name: entry.name, what: What::Odd(told) })?;
            continue;
        }
        one(entry, packed, &mut budget, visit)?;
    }
    match directory.checked_sub(end) {
        Some(between) if between <= MOST_BETWEEN => Ok(()),
        _ => hidden(visit),
    }
}

fn hidden(visit: &mut Visit<'_>) -> Result<(), ReadError> {
    let told = "bytes that its directory does not name, or names twice";
    visit(Member { name: b"", what: What::Odd(told.to_owned()) })
}

/// Where the directory begins, and what it lists.
fn directory(bytes: &[u8]) -> Result<(usize, Vec<Listed<'_>>), ReadError> {
    let end = end(bytes).ok_or_else(|| damaged("it has no directory"))?;
    let (count, size, at) = (u16_at(bytes, end + 10)?, u32_at(bytes, end + 12)?, u32_at(bytes, end + 16)?);
    if count == u16::MAX || size == u32::MAX || at == u32::MAX {
        return Err(damaged("it is of the 64 bit kind, which is not read here"));
    }
    // Some programs go by the last of several, or by one of the 64 bit kind wherever it stands.
    if end.checked_sub(LOCATOR_BYTES).is_some_and(|at| bytes[at..].starts_with(LOCATOR)) {
        return Err(damaged("it is of the 64 bit kind, too"));
    }
    if memchr::memmem::find(&bytes[end + END.len()..], END).is_some() {
        return Err(damaged("it has more than one end"));
    }
    let (at, size) = (at as usize, size as usize);
    if at.checked_add(size) != Some(end) {
        return Err(damaged("its directory does not end where it says"));
    }
    let mut listed = Vec::new();
    let mut next = at;
    while next < end {
        let name_bytes = usize::from(u16_at(bytes, next + 28)?);
        let (fields, comment) =
            (usize::from(u16_at(bytes, next + 30)?), usize::from(u16_at(bytes, next + 32)?));
        let name = part(bytes, next + LISTED_BYTES, name_bytes)?;
        check_fields(part(bytes, next + LISTED_BYTES + name_bytes, fields)?)?;
        let comment_at = next + LISTED_BYTES + name_bytes + fields;
        if memchr::memmem::find(part(bytes, comment_at, comment)?, b"PK").is_some() {
            return Err(damaged("a comment of an entry looks like a part of a zip"));
        }
        if part(bytes, next, 4)? != LISTED {
            return Err(damaged("its directory holds something else"));
        }
        listed.push(Listed {
            name,
            encrypted: u16_at(bytes, next + 8)? & 1 == 1,
            method: u16_at(bytes, next + 10)?,
            crc: u32_at(bytes, next + 16)?,
            streamed: u16_at(bytes, next + 8)? & STREAMED != 0,
            packed: u32_at(bytes, next + 20)? as usize,
            size: u64::from(u32_at(bytes, next + 24)?),
            mode: u32_at(bytes, next + 38)? >> 16,
            at: u32_at(bytes, next + 42)? as usize,
        });
        next = comment_at + comment;
    }
    if next != end || listed.len() != usize::from(count) {
        return Err(damaged("its directory does not list what it says"));
    }
    Ok((at, listed))
}

/// A record that ends the file, comment included.
fn end(bytes: &[u8]) -> Option<usize> {
    let first = bytes.len().saturating_sub(END_BYTES + usize::from(u16::MAX));
    (first..=bytes.len().checked_sub(END_BYTES)?).rev().find(|at| {
        let comment = u16_at(bytes, at + 20).map(usize::from);
        bytes[*at..].starts_with(END) && comment.is_ok_and(|comment| at + END_BYTES + comment == bytes.len())
    })
}

/// An entry where it stands itself.
struct Local<'a> {
    name: &'a [u8],
    packed: &'a [u8],
    /// Where the next one may begin.
    end: usize,
}

fn local<'a>(bytes: &'a [u8], entry: &Listed<'_>) -> Result<Local<'a>, ReadError> {
    if part(bytes, entry.at, 4)? != LOCAL {
        return Err(damaged("its directory names what is no entry"));
    }
    let name_bytes = usize::from(u16_at(bytes, entry.at + 26)?);
    let name = part(bytes, entry.at + LOCAL_BYTES, name_bytes)?;
    let fields = usize::from(u16_at(bytes, entry.at + 28)?);
    check_fields(part(bytes, entry.at + LOCAL_BYTES + name_bytes, fields)?)?;
    let streamed = u16_at(bytes, entry.at + 6)? & STREAMED != 0;
    let sums = (
        u32_at(bytes, entry.at + 14)?,
        u32_at(bytes, entry.at + 18)? as usize,
        u64::from(u32_at(bytes, entry.at + 22)?),
    );
    let same = sums == (entry.crc, entry.packed, entry.size) || (streamed && sums == (0, 0, 0));
    if streamed != entry.streamed || u16_at(bytes, entry.at + 8)? != entry.method || !same {
        return Err(damaged("an entry and the directory say different things"));
    }
    let begin = entry.at + LOCAL_BYTES + name_bytes + fields;
    let packed = part(bytes, begin, entry.packed)?;
    Ok(Local { name, packed, end: begin + entry.packed })
}

/// Refuses fields by which some programs take an entry for another.
fn check_fields(mut fields: &[u8]) -> Result<(), ReadError> {
    while fields.len() >= 4 {
        let (kind, size) = (u16_at(fields, 0)?, usize::from(u16_at(fields, 2)?));
        if matches!(kind, RENAMED | SIZES) {
            return Err(damaged("an entry has a second name or second sizes"));
        }
        fields = fields.get(4 + size..).ok_or_else(|| damaged("the fields of an entry are cut off"))?;
    }
    Ok(())
}

fn one(
    entry: &Listed<'_>,
    packed: &[u8],
    budget: &mut Budget<'_>,
    visit: &mut Visit<'_>,
) -> Result<(), ReadError> {
    const KIND: u32 = 0o170_000;
    const LINK: u32 = 0o120_000;
    const FOLDER: u32 = 0o040_000;
    let odd = |words: &str| What::Odd(words.to_owned());
    let name = entry.name;
    if entry.encrypted {
        return visit(Member { name, what: odd("an encrypted entry") });
    }
    let bytes = unpacked(entry, packed, budget)?;
    let what = match (entry.mode & KIND, name.ends_with(b"/")) {
        (0 | FOLDER, true) if bytes.is_empty() => What::Folder,
        (LINK, false) => What::Link(&bytes),
        (0 | 0o100_000, false) => What::File(&bytes),
        (FOLDER, _) | (_, true) => odd("a folder by its name or its kind, and not by both"),
        _ => odd("a device, a pipe or the like"),
    };
    visit(Member { name, what })
}

fn unpacked(entry: &Listed<'_>, packed: &[u8], budget: &mut Budget<'_>) -> Result<Vec<u8>, ReadError> {
    if entry.size > MAX_ENTRY {
        return Err(ReadError::TooMuch { limit: MAX_ENTRY, what: "bytes in one entry" });
    }
    match entry.method {
        0 => content_of(entry, packed, budget),
        8 => {
            let mut from = DeflateDecoder::new(packed);
            let bytes = content_of(entry, &mut from, budget)?;
            // A program that goes by the entries would take the rest for entries.
            if from.total_in() != packed.len() as u64 {
                return Err(damaged("an entry has bytes behind its content"));
            }
            Ok(bytes)
        }
        other => Err(damaged(&format!("an entry is packed by the method {other}, which is not read here"))),
    }
}

fn content_of(
    entry: &Listed<'_>,
    mut from: impl Read,
    budget: &mut Budget<'_>,
) -> Result<Vec<u8>, ReadError> {
    let (mut bytes, mut crc, mut buffer) = (Vec::new(), Crc::new(), vec![0; STEP]);
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        budget.spend(read)?;
        bytes.extend_from_slice(&buffer[..read]);
        crc.update(&buffer[..read]);
        if bytes.len() as u64 > entry.size {
            return Err(damaged("an entry holds more than it says"));
        }
    }
    if bytes.len() as u64 == entry.size && crc.sum() == entry.crc {
        Ok(bytes)
    } else {
        Err(damaged("an entry holds something else than it says"))
    }
}

fn damaged(reason: &str) -> ReadError {
    ReadError::Damaged(reason.to_owned())
}

fn part(bytes: &[u8], at: usize, count: usize) -> Result<&[u8], ReadError> {
    let end = at.checked_add(count);
    end.and_then(|end| bytes.get(at..end)).ok_or_else(|| damaged("it ends within an entry"))
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, ReadError> {
    Ok(u16::from_le_bytes(part(bytes, at, 2)?.try_into().expect("there are two")))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, ReadError> {
    Ok(u32::from_le_bytes(part(bytes, at, 4)?.try_into().expect("there are four")))
}
