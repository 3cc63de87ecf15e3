//! Tar. The entries of the format itself (long names, pax records) are read here and bounded, and what readers take differently is odd
//! or an error: an archive must not be one thing to this program and another to the one that unpacks it.

use std::io::Read;

use tar::{Archive, EntryType, PaxExtensions};

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
    let odd = |words: &str| What::Odd(words.to_owned());
    let what = match kind {
        // Old ones write folders so.
        EntryType::Regular if name.ends_with(b"/") && size == 0 => What::Folder,
        EntryType::Regular | EntryType::Continuous => {
            let bytes = exactly(entry, size)?;
            return visit(Member { name: &name, what: What::File(&bytes) });
        }
        EntryType::Directory => What::Folder,
        EntryType::Symlink => What::Link(&link),
        EntryType::Link => What::Odd(format!("a hard link to {:?}", String::from_utf8_lossy(&link))),
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
    for record in PaxExtensions::new(bytes) {
        let record = record?;
        if matches!(record.key_bytes(), b"path" | b"linkpath" | b"size") {
            let told = What::Odd("a name or size for all entries that follow".to_owned());
            visit(Member { name: b"", what: told })?;
        }
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
        for record in PaxExtensions::new(bytes) {
            let record = record?;
            let value = record.value_bytes().to_vec();
            match record.key_bytes() {
                b"path" => self.name(value),
                b"linkpath" => self.link(value),
                b"size" => {
                    let size = String::from_utf8_lossy(&value).parse().ok();
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
