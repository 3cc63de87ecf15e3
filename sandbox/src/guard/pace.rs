//! How soon to look again at a child that writes: before it could have taken what it may yet have.
//!
//! What has been taken of the disk since a look is asked of the file system, which is quick. Others write there, too, so that it says no more
//! than that it is time for a look.

use crate::linux::scratch::Held;
use rustix::fs::fstatvfs;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// The least and the longest time between two questions.
const LEAST: Duration = Duration::from_millis(2);
const MOST: Duration = Duration::from_millis(25);

/// What can be taken in a millisecond, by a plugin as fast as any.
const FASTEST: Held = Held { bytes: 4 << 20, files: 200 };

/// What there was on the disk at a look, and how much of it the child may have.
#[derive(Debug)]
pub(super) struct Pace {
    since: Instant,
    free: Free,
    room: Held,
}

/// What is free on a disk.
#[derive(Clone, Copy, Debug, Default)]
struct Free {
    bytes: u64,
    /// `None` where files are not counted.
    files: Option<u64>,
}

impl Free {
    /// Nothing, if the file system does not say.
    fn of(folder: impl AsFd) -> Free {
        let Ok(found) = fstatvfs(folder) else { return Free::default() };
        let bytes = found.f_bfree.saturating_mul(found.f_frsize);
        Free { bytes, files: (found.f_files > 0).then_some(found.f_ffree) }
    }
}

impl Pace {
    /// To be made right before a look at this folder.
    pub(super) fn new(folder: impl AsFd) -> Pace {
        Pace { since: Instant::now(), free: Free::of(folder), room: Held::default() }
    }

    /// After the look: of `most`, so much was `held`.
    pub(super) fn seen(self, held: Held, most: Held) -> Pace {
        let room = Held {
            bytes: most.bytes.saturating_sub(held.bytes),
            files: most.files.saturating_sub(held.files),
        };
        Pace { room, ..self }
    }

    /// How long nobody need look; `None` if it is time to.
    pub(super) fn pause(&self, folder: impl AsFd) -> Option<Duration> {
        let now = Free::of(folder);
        let long = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let files = match (self.free.files, now.files) {
            (Some(before), Some(now)) => before.saturating_sub(now),
            _ => long.saturating_mul(FASTEST.files),
        };
        let left = Held {
            bytes: self.room.bytes.checked_sub(self.free.bytes.saturating_sub(now.bytes))?,
            files: self.room.files.checked_sub(files)?,
        };
        let soon = (left.bytes / FASTEST.bytes).min(left.files / FASTEST.files);
        Some(Duration::from_millis(soon).clamp(LEAST, MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    const MOST_HELD: Held = Held { bytes: 64 << 20, files: 4096 };

    fn after(free: Free, held: Held) -> Option<Duration> {
        let folder = tempfile::tempdir().unwrap();
        let folder = File::open(folder.path()).unwrap();
        let now = Free::of(&folder);
        let free =
            Free { bytes: now.bytes + free.bytes, files: now.files.zip(free.files).map(|(a, b)| a + b) };
        Pace { since: Instant::now(), free, room: Held::default() }.seen(held, MOST_HELD).pause(&folder)
    }

    #[test]
    fn the_less_it_may_have_the_sooner_it_is_looked_at() {
        let nothing = Free { bytes: 0, files: Some(0) };
        // Others use this disk meanwhile.
        let far = after(nothing, Held { bytes: 0, files: 1 }).unwrap();
        assert!(far > LEAST, "{far:?}");
        let near = after(nothing, Held { bytes: 63 << 20, files: 1 });
        assert!(near.is_none_or(|pause| pause < far));
        assert_eq!(
            after(Free { bytes: 1 << 50, ..nothing }, Held::default()),
            None,
            "it may have more than it may"
        );
    }
}
