//! Getting hold of the very bytes that are going to be executed, and checking that they are the expected ones.
//!
//! Bytes that have not been seen before are read while the launcher gets ready, which then waits for the outcome.

use crate::checked::Checked;
use crate::error::SpawnError;
use crate::identity::Identity;
use crate::linux::descriptors::{memory_file, seal};
use crate::profile::Entry;
use crate::spec::Kind;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The most bytes of a native program, which is copied into memory.
const NATIVE_LIMIT: u64 = 256 << 20;

/// What every program of this system begins with.
const ELF: &[u8; 4] = b"\x7fELF";

/// An entry that can be opened.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) kind: Kind,
    /// From `argv[0]` on, or the plugin's arguments if nothing is executed.
    pub(crate) arguments: Vec<OsString>,
    /// What is executed after confinement; `None` if nothing is.
    program: Option<Arc<File>>,
    unchecked: Option<Unchecked>,
}

/// What is still to be done before the program may run.
#[derive(Debug)]
struct Unchecked {
    path: PathBuf,
    /// The digest that the program must have.
    expected: [u8; 32],
    /// The file that the program is to be copied from, where it is a copy.
    source: Option<File>,
}

impl Prepared {
    pub(crate) fn new(entry: &Entry, checked: &Checked) -> Result<Prepared, SpawnError> {
        match entry {
            Entry::Itself { arguments, .. } => {
                let arguments = arguments.iter().map(OsString::from).collect();
                Ok(Prepared { kind: Kind::Itself, arguments, program: None, unchecked: None })
            }
            Entry::Nothing => {
                Ok(Prepared { kind: Kind::Nothing, arguments: Vec::new(), program: None, unchecked: None })
            }
            Entry::Native { path, sha256, arguments } => {
                let (program, unchecked) = native(path, sha256, checked)?;
                Ok(executable(Kind::Native, path, arguments, program, unchecked))
            }
            Entry::Interpreter { path, sha256, arguments } => {
                let path = path.canonicalize().map_err(unreadable(path))?;
                let (program, unchecked) = interpreter(&path, sha256, checked)?;
                Ok(executable(Kind::Interpreter, &path, arguments, program, unchecked))
            }
        }
    }

    /// Another descriptor of what is executed.
    pub(crate) fn entry(&self) -> io::Result<Option<OwnedFd>> {
        let copy = |program: &Arc<File>| program.try_clone().map(OwnedFd::from);
        self.program.as_ref().map(copy).transpose()
    }

    /// Whether the launcher has to wait until the program is checked.
    pub(crate) fn is_unchecked(&self) -> bool {
        self.unchecked.is_some()
    }

    /// Reads what is executed, if that has not been done, and compares it with what is expected. Until then it must not run.
    pub(crate) fn check(&mut self, checked: &Checked) -> Result<(), SpawnError> {
        let (Some(program), Some(unchecked)) = (&self.program, &self.unchecked) else { return Ok(()) };
        match &unchecked.source {
            Some(source) => {
                let size = copy(source, program, &unchecked.path)?;
                unchecked.compare(program)?;
                checked.keep_copy(unchecked.expected, Arc::clone(program), size);
            }
            None => {
                let (started, identity) = (SystemTime::now(), unchecked.identity(program)?);
                unchecked.compare(program)?;
                if identity.is_settled(started) && unchecked.identity(program)? == identity {
                    checked.keep_digest(identity, unchecked.expected);
                }
            }
        }
        self.unchecked = None;
        Ok(())
    }
}

impl Unchecked {
    fn compare(&self, program: &File) -> Result<(), SpawnError> {
        let (path, expected) = (self.path.clone(), &self.expected);
        let (found, starts_as_elf) = digest(program).map_err(unreadable(&path))?;
        if &found != expected {
            return Err(SpawnError::Digest {
                path,
                expected: hexadecimal(expected),
                found: hexadecimal(&found),
            });
        }
        if !starts_as_elf {
            return Err(SpawnError::NotAProgram { path, reason: "it is not in the format ELF" });
        }
        Ok(())
    }

    fn identity(&self, program: &File) -> Result<Identity, SpawnError> {
        program.metadata().map(|metadata| Identity::of(&metadata)).map_err(unreadable(&self.path))
    }
}

/// A copy that has been checked, or an empty one.
fn native(
    path: &Path,
    sha256: &[u8; 32],
    checked: &Checked,
) -> Result<(Arc<File>, Option<Unchecked>), SpawnError> {
    if let Some(copy) = checked.copy(sha256) {
        return Ok((copy, None));
    }
    let source = opened(path)?;
    within(&source, path)?;
    let copy = memory_file().map_err(|source| SpawnError::Resource { what: "a memory file", source })?;
    let unchecked = Unchecked { path: path.to_owned(), expected: *sha256, source: Some(source) };
    Ok((Arc::new(copy), Some(unchecked)))
}

/// The file itself.
fn interpreter(
    path: &Path,
    sha256: &[u8; 32],
    checked: &Checked,
) -> Result<(Arc<File>, Option<Unchecked>), SpawnError> {
    let file = opened(path)?;
    let unchecked = Unchecked { path: path.to_owned(), expected: *sha256, source: None };
    let known = checked.digest(&unchecked.identity(&file)?) == Some(*sha256);
    Ok((Arc::new(file), (!known).then_some(unchecked)))
}

fn executable(
    kind: Kind,
    path: &Path,
    arguments: &[String],
    program: Arc<File>,
    unchecked: Option<Unchecked>,
) -> Prepared {
    let arguments = arguments.iter().map(OsString::from);
    let arguments = [path.as_os_str().to_owned()].into_iter().chain(arguments).collect();
    Prepared { kind, arguments, program: Some(program), unchecked }
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> SpawnError {
    let path = path.to_owned();
    move |source| SpawnError::Entry { path: path.clone(), source }
}

fn opened(path: &Path) -> Result<File, SpawnError> {
    let failed = unreadable(path);
    // Opening a named pipe would wait for a writer otherwise.
    let file = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(&failed)?;
    if !file.metadata().map_err(&failed)?.is_file() {
        return Err(SpawnError::NotAProgram { path: path.to_owned(), reason: "it is no regular file" });
    }
    Ok(file)
}

fn within(file: &File, path: &Path) -> Result<u64, SpawnError> {
    match file.metadata().map_err(unreadable(path))?.len() {
        size @ ..=NATIVE_LIMIT => Ok(size),
        _ => Err(SpawnError::TooLarge { path: path.to_owned(), limit: NATIVE_LIMIT }),
    }
}

/// Copies a program, and seals the copy, so that what is read of it afterwards is what will be executed. Returns its size.
fn copy(source: &File, mut copy: &File, path: &Path) -> Result<u64, SpawnError> {
    // It may grow meanwhile.
    io::copy(&mut source.take(NATIVE_LIMIT + 1), &mut copy).map_err(unreadable(path))?;
    let size = within(copy, path)?;
    seal(copy).map_err(unreadable(path))?;
    Ok(size)
}

/// The digest of all bytes, and whether they begin as those of a program do.
fn digest(mut file: &File) -> io::Result<([u8; 32], bool)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 128 << 10];
    let mut first = Vec::new();
    file.rewind()?;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        if first.len() < ELF.len() {
            first.extend_from_slice(&buffer[..count.min(ELF.len())]);
        }
        hash.update(&buffer[..count]);
    }
    Ok((hash.finalize().into(), first.starts_with(ELF)))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
