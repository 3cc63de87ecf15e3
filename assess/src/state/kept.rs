//! The file in which a repository is remembered: read and replaced as a whole, by one check at a time, and never believed if it is damaged.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::StateError;
use super::ledger::Ledger;
use crate::files;
use crate::snapshot::{Target, short_digest};
use crate::trust::mark;

/// No file is longer: 100,000 tags of the longest names.
const MAX_BYTES: u64 = 64 << 20;
/// How long who wants to write waits for others who do, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(2);
const SLICE: Duration = Duration::from_millis(10);

/// The file of one repository.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) file: PathBuf,
    mark: String,
}

impl Kept {
    /// The one of `target`, whichever of its working trees that is.
    pub(crate) fn of(folder: &Path, target: &Target) -> Kept {
        let place = target.identity();
        let name = short_digest(place.as_os_str().as_encoded_bytes());
        Kept { file: folder.join(name), mark: mark(&place).unwrap_or_default() }
    }

    /// What it holds; `None` if there is none.
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>, StateError> {
        let failed = |source| StateError::Read { file: self.file.clone(), source };
        files::read(&self.file, MAX_BYTES).map_err(failed)
    }

    /// What that tells of this very repository, and of none that was at its place before.
    pub(crate) fn parse(&self, bytes: Option<Vec<u8>>) -> Result<Option<Ledger>, StateError> {
        let Some(bytes) = bytes else { return Ok(None) };
        let ledger = Ledger::parse(&bytes).map_err(|reason| self.damaged(reason))?;
        Ok((ledger.mark == self.mark).then_some(ledger))
    }

    pub(crate) fn damaged(&self, reason: impl Into<String>) -> StateError {
        StateError::Damaged { file: self.file.clone(), reason: reason.into() }
    }

    /// Where a damaged one is put, for whoever wants to look at it.
    pub(crate) fn aside(&self) -> PathBuf {
        self.file.with_extension("aside")
    }

    /// Puts `bytes` in the place of what was read, unless that is another one by now: then `false`. What is damaged is put aside.
    pub(crate) fn replace(
        &self,
        before: Option<&[u8]>,
        bytes: &[u8],
        damaged: bool,
    ) -> Result<bool, StateError> {
        let failed = |source| StateError::Write { file: self.file.clone(), source };
        let _held = self.hold()?;
        if self.read()?.as_deref() != before {
            return Ok(false);
        }
        if damaged {
            fs::rename(&self.file, self.aside()).map_err(failed)?;
        }
        files::replace(&self.file, bytes).map_err(failed)?;
        Ok(true)
    }

    /// Changes what is remembered, if anything is; the default for nothing.
    pub(crate) fn change<T: Default>(&self, change: impl Fn(&mut Ledger) -> T) -> Result<T, StateError> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let before = self.read()?;
            let Some(mut ledger) = self.parse(before.clone())? else { return Ok(T::default()) };
            if !ledger.lines_are_sound() {
                return Err(self.damaged("the tags do not match their digest"));
            }
            let changed = change(&mut ledger);
            if self.replace(before.as_deref(), &ledger.bytes(), false)? {
                return Ok(changed);
            }
        }
        Err(StateError::Busy { file: self.file.clone() })
    }

    pub(crate) fn remove(&self) -> Result<bool, StateError> {
        let failed = |source| StateError::Write { file: self.file.clone(), source };
        if !self.file.exists() && !self.aside().exists() {
            return Ok(false);
        }
        let _held = self.hold()?;
        for file in [&self.file, &self.aside()] {
            match fs::remove_file(file) {
                Err(error) if !files::is_absent(&error) => return Err(failed(error)),
                _ => {}
            }
        }
        Ok(true)
    }

    /// Nobody else writes as long as this is held, which is for as long as a write takes.
    fn hold(&self) -> Result<File, StateError> {
        let failed = |source| StateError::Write { file: self.file.clone(), source };
        let folder = self.file.parent().unwrap_or(Path::new("."));
        prepare(folder).map_err(failed)?;
        let lock = self.file.with_extension("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(lock).map_err(failed)?;
        let start = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if start.elapsed() > PATIENCE => {
                    return Err(StateError::Busy { file: self.file.clone() });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(SLICE),
            }
        }
    }
}

/// Makes the folder, for its owner alone. In a working tree it is no part of that.
fn prepare(folder: &Path) -> io::Result<()> {
    if !folder.is_dir() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::write(folder.join(".gitignore"), "*\n")?;
    }
    Ok(())
}
