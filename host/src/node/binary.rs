//! What stands in an interpreter's program or library, read once for as long as the file stays as it is.
//!
//! Such a file has a hundred megabytes, and a check that has nothing else to do takes some milliseconds.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use memchr::memmem;
use probity_sandbox::Identity;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// Before the version, in every Node.js that has an inspector.
const VERSION: &[u8] = b"node.js/v";
/// Before the name of a module that Debian keeps as a file.
const MODULES: &[u8] = b"/usr/share/nodejs/";
/// The most bytes that a text has which is looked for; more than two blocks of them are read at once.
const TEXT: usize = 256;
const BLOCK: usize = 256 << 10;

/// What stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Binary {
    pub(super) sha256: [u8; 32],
    pub(super) version: Option<String>,
    /// Absolute paths.
    pub(super) modules: BTreeSet<String>,
}

/// What was seen in which file.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    path: PathBuf,
    identity: Identity,
    binary: Binary,
}

impl Binary {
    /// Reads the file, or what is noted of it below `cache`.
    pub(super) fn read(path: &Path, cache: Option<&Path>) -> io::Result<Binary> {
        let place = cache.map(|cache| cache.join("interpreters").join(name(path)));
        let file = File::open(path)?;
        let identity = Identity::of(&file.metadata()?);
        if let Some(noted) = place.as_deref().and_then(|place| noted(place, path, identity)) {
            return Ok(noted);
        }
        let started = SystemTime::now();
        let binary = Binary::of(&file)?;
        if let Some(place) = place
            && Identity::of(&file.metadata()?) == identity
            && identity.is_settled(started)
        {
            // Without a note it is read again.
            let _ = note(&place, &Note { path: path.to_owned(), identity, binary: binary.clone() });
        }
        Ok(binary)
    }

    fn of(mut file: &File) -> io::Result<Binary> {
        let mut hash = sha2::Sha256::new();
        let mut found = Binary { sha256: [0; 32], version: None, modules: BTreeSet::new() };
        let mut buffer = vec![0; TEXT + BLOCK];
        let mut kept = 0;
        loop {
            let count = file.read(&mut buffer[kept..])?;
            hash.update(&buffer[kept..kept + count]);
            let (seen, all) = (kept + count, count == 0);
            // What begins near the end is looked at once the rest of it is there.
            let begins = if all { seen } else { seen.saturating_sub(TEXT) };
            found.look(&buffer[..seen], begins);
            if all {
                found.sha256 = hash.finalize().into();
                return Ok(found);
            }
            buffer.copy_within(begins..seen, 0);
            kept = seen - begins;
        }
    }

    /// Takes the texts that begin in the first so many bytes.
    fn look(&mut self, bytes: &[u8], begins: usize) {
        if self.version.is_none() {
            let mut found = memmem::find_iter(bytes, VERSION).take_while(|at| *at < begins);
            self.version = found.find_map(|at| version(&bytes[at + VERSION.len()..]));
        }
        let found = memmem::find_iter(bytes, MODULES).take_while(|at| *at < begins);
        self.modules.extend(found.filter_map(|at| module(&bytes[at..])));
    }
}

/// Three numbers, at the beginning.
fn version(bytes: &[u8]) -> Option<String> {
    let length = bytes.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
    let numbers = text.split('.').filter(|number| number.parse::<u32>().is_ok()).count();
    (numbers == 3 && text.split('.').count() == 3).then(|| text.to_owned())
}

/// The path of a script, at the beginning.
fn module(bytes: &[u8]) -> Option<String> {
    let allowed = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/._-".contains(*byte);
    let length = bytes.iter().take(TEXT).take_while(allowed).count();
    let text = std::str::from_utf8(&bytes[..length]).ok()?;
    let inside = text.split('/').all(|part| part != "..");
    (inside && text.ends_with(".js")).then(|| text.to_owned())
}

fn name(path: &Path) -> String {
    let digest = sha2::Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>() + ".json"
}

fn noted(place: &Path, path: &Path, identity: Identity) -> Option<Binary> {
    let note: Note = serde_json::from_slice(&fs::read(place).ok()?).ok()?;
    // Whoever writes to the cache must not name other files to be read than a program could.
    let named = |text: &String| {
        text.as_bytes().starts_with(MODULES) && module(text.as_bytes()).as_ref() == Some(text)
    };
    let sound = note.path == path && note.identity == identity && note.binary.modules.iter().all(named);
    sound.then_some(note.binary)
}

/// Readers see the whole of it or nothing.
fn note(place: &Path, note: &Note) -> io::Result<()> {
    let folder = place.parent().ok_or_else(|| io::Error::other("it has no folder"))?;
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    serde_json::to_writer(&mut file, note)?;
    file.persist(place).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_wherever_they_stand() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("node");
        let text = b"node.js/v22.10.0\0x/usr/share/nodejs/acorn/dist/acorn.js\"/usr/share/nodejs/../x.js";
        // Around the end of the first block, and at the very end of the file.
        for before in [0, 1, BLOCK - 20, BLOCK, BLOCK + TEXT - 20, BLOCK + TEXT - 5, BLOCK + TEXT] {
            for after in [0, 3 * BLOCK] {
                let bytes = [vec![b'.'; before], text.to_vec(), vec![0; after]].concat();
                fs::write(&path, &bytes).unwrap();
                let found = Binary::read(&path, None).unwrap();
                let sha256: [u8; 32] = sha2::Sha256::digest(&bytes).into();
                assert_eq!((found.version.as_deref(), found.sha256), (Some("22.10.0"), sha256), "{before}");
                assert_eq!(
                    found.modules,
                    BTreeSet::from(["/usr/share/nodejs/acorn/dist/acorn.js".to_owned()])
                );
            }
        }
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in ["", "v1", "1.2", "1.2.3.4", "1..2", "99999999999.1.1", "x1.2.3"] {
            assert_eq!(version(text.as_bytes()), None, "{text}");
        }
        assert_eq!(version(b"20.1.0-pre\0").as_deref(), Some("20.1.0"));
    }

    #[test]
    fn a_note_is_believed_until_the_file_changes() {
        let (directory, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = directory.path().join("node");
        fs::write(&path, "node.js/v20.1.0\0").unwrap();
        let identity = Identity::of(&path.metadata().unwrap());
        // A note that lies shows that it is believed.
        let binary = Binary { sha256: [7; 32], version: Some("1.0.0".to_owned()), modules: BTreeSet::new() };
        let place = cache.path().join("interpreters").join(name(&path));
        note(&place, &Note { path: path.clone(), identity, binary: binary.clone() }).unwrap();
        assert_eq!(Binary::read(&path, Some(cache.path())).unwrap(), binary);
        fs::write(&path, "node.js/v20.2.0\0+").unwrap();
        assert_eq!(Binary::read(&path, Some(cache.path())).unwrap().version.as_deref(), Some("20.2.0"));
        // It has only just changed, so nothing new is noted.
        assert_eq!(noted(&place, &path, identity), Some(binary));
    }

    #[test]
    fn a_note_that_names_what_is_no_module_is_not_believed() {
        let (directory, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = directory.path().join("node");
        fs::write(&path, "node.js/v20.1.0\0").unwrap();
        let identity = Identity::of(&path.metadata().unwrap());
        let place = cache.path().join("interpreters").join(name(&path));
        for (named, believed) in [
            ("/usr/share/nodejs/a.js", true),
            ("/usr/share/nodejs/../../../home/a.js", false),
            ("/home/somebody/secret", false),
            ("relative.js", false),
        ] {
            let modules = BTreeSet::from([named.to_owned()]);
            let binary = Binary { sha256: [7; 32], version: Some("1.0.0".to_owned()), modules };
            note(&place, &Note { path: path.clone(), identity, binary: binary.clone() }).unwrap();
            assert_eq!(noted(&place, &path, identity), believed.then_some(binary), "{named}");
        }
    }

    #[test]
    fn a_note_that_cannot_be_read_is_as_good_as_none() {
        let cache = tempfile::tempdir().unwrap();
        let path = fs::canonicalize("/proc/self/exe").unwrap();
        let place = cache.path().join("interpreters").join(name(&path));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, "{").unwrap();
        let found = Binary::read(&path, Some(cache.path())).unwrap();
        assert_eq!(found, Binary::read(&path, None).unwrap());
    }
}
