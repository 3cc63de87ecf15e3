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
        // SAFETY: the heap's end moves up, and nothing is done there.
        let end = unsafe { libc::sbrk(MEMORY as libc::intptr_t) };
        if end as isize == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }),
    ("locked_memory", |_| {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping, and locking just that.
        unsafe {
            let memory = libc::mmap(ptr::null_mut(), 1 << 20, libc::PROT_READ, flags, -1, 0);
            check(libc::mlock(memory, 1 << 20)).map(drop)
        }
    }),
    // What is mapped from now on, once it is touched.
    ("all_memory_locked", |_| check(unsafe { libc::mlockall(libc::MCL_FUTURE | 4) }).map(drop)),
    ("timers", |_| {
        let mut timer: libc::timer_t = ptr::null_mut();
        // SAFETY: room for the timer's number, and the default event.
        let mut make =
            |_| check(unsafe { libc::timer_create(libc::CLOCK_REALTIME, ptr::null_mut(), &raw mut timer) });
        (0..600).try_for_each(|n| make(n).map(drop))
    }),
    ("descriptors_under_way", descriptors_under_way),
    ("descriptors", |_| (0..400).map(|_| File::open("/dev/null")).collect::<io::Result<Vec<_>>>().map(drop)),
    ("large_file", |a| {
        let mut file = File::create(a[0])?;
        (0..32).try_for_each(|_| file.write_all(&[1; 1 << 20]))
    }),
    ("processor", |_| burn(1300)),
    ("spin", |_| burn(20_000)),
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

/// Keeps descriptors in messages to itself, where the limit of descriptors does not see them.
fn descriptors_under_way(_: &[&str]) -> io::Result<()> {
    const EACH: usize = 100;
    let [end, _other] = super::network::pair(libc::SOCK_STREAM)?;
    // A header and as many descriptors, in words that align it.
    let mut control = [0_u64; 2 + EACH / 2];
    let length = 16 + 4 * EACH;
    control[0] = length as u64;
    control[1] = u64::from(libc::SOL_SOCKET as u32) | u64::from(libc::SCM_RIGHTS as u32) << 32;
    let mut byte = 0_u8;
    let mut vector = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    // SAFETY: all zeros is a valid message; its parts are living values of the sizes given.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        (message.msg_iov, message.msg_iovlen) = (&raw mut vector, 1);
        (message.msg_control, message.msg_controllen) = (control.as_mut_ptr().cast(), length as _);
        (0..6).try_for_each(|_| check(libc::sendmsg(end, &raw const message, 0) as i64).map(drop))
    }
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
