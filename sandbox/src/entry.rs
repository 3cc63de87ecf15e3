//! Getting hold of the very bytes that are going to be executed, and checking that they are the expected ones.

use crate::error::SpawnError;
use crate::linux::descriptors::sealed;
use crate::profile::Entry;
use crate::spec::Kind;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The most bytes of a native program, which is copied into memory for each start.
const NATIVE_LIMIT: u64 = 256 << 20;

/// What every program of this system begins with.
const ELF: &[u8; 4] = b"\x7fELF";

/// An entry whose bytes have been checked.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) kind: Kind,
    /// What is executed after confinement; `None` if nothing is.
    pub(crate) program: Option<OwnedFd>,
    /// From `argv[0]` on, or the plugin's arguments if nothing is executed.
    pub(crate) arguments: Vec<OsString>,
}

impl Prepared {
    /// Another descriptor of what is executed.
    pub(crate) fn entry(&self) -> io::Result<Option<OwnedFd>> {
        self.program.as_ref().map(OwnedFd::try_clone).transpose()
    }

    pub(crate) fn new(entry: &Entry) -> Result<Prepared, SpawnError> {
        match entry {
            Entry::Itself { arguments, .. } => {
                let arguments = arguments.iter().map(OsString::from).collect();
                Ok(Prepared { kind: Kind::Itself, program: None, arguments })
            }
            Entry::Nothing => Ok(Prepared { kind: Kind::Nothing, program: None, arguments: Vec::new() }),
            Entry::Native { path, sha256, arguments } => {
                let copy = copied(path)?;
                executable(Kind::Native, path.clone(), copy, sha256, arguments)
            }
            Entry::Interpreter { path, sha256, arguments } => {
                let path =
                    path.canonicalize().map_err(|source| SpawnError::Entry { path: path.clone(), source })?;
                let file = opened(&path)?;
                executable(Kind::Interpreter, path, file, sha256, arguments)
            }
        }
    }
}

fn executable(
    kind: Kind,
    path: PathBuf,
    mut file: File,
    expected: &[u8; 32],
    arguments: &[String],
) -> Result<Prepared, SpawnError> {
    let (found, starts_as_elf) =
        digest(&mut file).map_err(|source| SpawnError::Entry { path: path.clone(), source })?;
    if &found != expected {
        return Err(SpawnError::Digest { path, expected: hexadecimal(expected), found: hexadecimal(&found) });
    }
    if !starts_as_elf {
        return Err(SpawnError::NotAProgram { path, reason: "it is not in the format ELF" });
    }
    let arguments = [path.into_os_string()].into_iter().chain(arguments.iter().map(OsString::from)).collect();
    Ok(Prepared { kind, program: Some(file.into()), arguments })
}

fn opened(path: &Path) -> Result<File, SpawnError> {
    let failed = |source| SpawnError::Entry { path: path.to_owned(), source };
    // Opening a named pipe would wait for a writer otherwise.
    let file = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(SpawnError::NotAProgram { path: path.to_owned(), reason: "it is no regular file" });
    }
    Ok(file)
}

fn copied(path: &Path) -> Result<File, SpawnError> {
    let file = opened(path)?;
    let failed = |source| SpawnError::Entry { path: path.to_owned(), source };
    let within = |file: &File| match file.metadata().map_err(failed)?.len() {
        ..=NATIVE_LIMIT => Ok(()),
        _ => Err(SpawnError::TooLarge { path: path.to_owned(), limit: NATIVE_LIMIT }),
    };
    within(&file)?;
    // It may grow meanwhile.
    let copy = sealed(&mut file.take(NATIVE_LIMIT + 1)).map_err(failed)?;
    within(&copy)?;
    Ok(copy)
}

/// The digest of all bytes, and whether they begin as those of a program do. Leaves the file at its beginning.
fn digest(file: &mut File) -> io::Result<([u8; 32], bool)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut first = Vec::new();
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
    file.rewind()?;
    Ok((hash.finalize().into(), first.starts_with(ELF)))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
