//! What tells a file that has changed from one that has not, without reading it.

use serde::{Deserialize, Serialize};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

/// A file that changed so short a time ago may change again without the clock telling.
const SETTLED: Duration = Duration::from_secs(2);

/// Is another one whenever somebody has changed the file, unless its file system lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    /// Of the file that this is the metadata of.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Identity {
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether its last change is so long ago, seen from `now`, that the next one will show. What was read of the file from
    /// then on may be believed for as long as it keeps this identity.
    #[must_use]
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let changed = Duration::from_secs(u64::try_from(self.changed.0).unwrap_or(0));
        now.duration_since(SystemTime::UNIX_EPOCH + changed).is_ok_and(|age| age > SETTLED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_that_changed_is_another() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "one").unwrap();
        let of = |path| Identity::of(&fs::metadata(path).unwrap());
        let identity = of(&path);
        assert_eq!(of(&path), identity);
        fs::write(&path, "other").unwrap();
        assert_ne!(of(&path), identity);
        fs::write(directory.path().join("beside"), "one").unwrap();
        assert_ne!(of(&directory.path().join("beside")), identity);
    }

    #[test]
    fn a_change_settles() {
        let identity = Identity::of(&fs::metadata("/proc/self/exe").unwrap());
        let seconds = u64::try_from(identity.changed.0).unwrap();
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert!(!identity.is_settled(SystemTime::UNIX_EPOCH));
        assert!(!identity.is_settled(changed + SETTLED));
        assert!(identity.is_settled(changed + SETTLED + Duration::from_nanos(1)));
    }
}
