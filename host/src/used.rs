//! When a folder of the cache was used last: the time of its last change, renewed at most once a day.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// So old may the note be before it is renewed.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Notes that `folder` is used now, so that it is not taken for forgotten. Writes nothing if that was noted within the last
/// day. Where it cannot be noted, the folder is made again some day, so nothing is said.
pub fn note_use(folder: &Path) {
    if age(folder).is_ok_and(|age| age > DAY) {
        let _ = File::open(folder).and_then(|folder| folder.set_modified(SystemTime::now()));
    }
}

/// How long ago `folder` was used. What lies in the future was used just now.
///
/// # Errors
/// Where nothing lies there, or it cannot be looked at.
pub fn age(folder: &Path) -> io::Result<Duration> {
    let modified = fs::symlink_metadata(folder)?.modified()?;
    Ok(modified.elapsed().unwrap_or_default())
}
