//! Attacks that take more than their share.

use super::{Attack, check};
use std::fs::File;
use std::io::{self, Write};
use std::ptr;

/// More than the tests allow.
const MEMORY: usize = 256 << 20;

pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("memory", |_| take(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS)),
    ("memory_shared", |_| take(libc::MAP_SHARED | libc::MAP_ANONYMOUS)),
    ("memory_growing", |_| take(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_GROWSDOWN)),
    ("memory_heap", |_| {
        let mut bytes: Vec<u8> = Vec::new();
        bytes.try_reserve_exact(MEMORY).map_err(io::Error::other)
    }),
    ("descriptors", |_| (0..400).map(|_| File::open("/dev/null")).collect::<io::Result<Vec<_>>>().map(drop)),
    ("large_file", |a| {
        let mut file = File::create(a[0])?;
        (0..32).try_for_each(|_| file.write_all(&[1; 1 << 20]))
    }),
    ("processor", |_| burn(1300)),
];

/// Takes memory in pieces, and uses it.
fn take(flags: i32) -> io::Result<()> {
    const PIECE: usize = 8 << 20;
    for _ in 0..MEMORY / PIECE {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping wherever there is room, and written to within its length.
        unsafe {
            let memory = libc::mmap(ptr::null_mut(), PIECE, protection, flags, -1, 0);
            if memory == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            if flags & libc::MAP_GROWSDOWN == 0 {
                ptr::write_bytes(memory.cast::<u8>(), 1, PIECE);
            }
        }
    }
    Ok(())
}

/// Uses the processor for so many milliseconds of its time.
fn burn(milliseconds: i64) -> io::Result<()> {
    loop {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: room for the time.
        check(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut now) })?;
        if now.tv_sec * 1000 + now.tv_nsec / 1_000_000 >= milliseconds {
            return Ok(());
        }
    }
}
