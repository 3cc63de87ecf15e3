//! Naming files: all the ways that there are, and those that are to confuse whoever traces them.

use super::{Attack, check, effect, text};
use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{ptr, thread};

// SAFETY: in this table, strings end with NUL, null pointers stand where nothing is wanted, all else is integers.
pub(crate) const NAMING: &[(&str, Attack)] = &[
    ("name_all", name_all),
    ("name_relatively", name_relatively),
    ("name_own", name_own),
    ("name_through_links", |a| {
        std::os::unix::fs::symlink(a[0], "link")?;
        std::os::unix::fs::symlink("link", "other")?;
        effect(fs::read("other").is_err() && fs::read_link("other").is_ok())
    }),
    ("name_nothing", |_| {
        let error = |result: libc::c_long| check(result).unwrap_err().raw_os_error();
        // SAFETY: bad pointers are the kernel's to find.
        let results = unsafe {
            [
                error(libc::syscall(libc::SYS_openat, libc::AT_FDCWD, 8, 0)),
                error(libc::syscall(libc::SYS_openat, libc::AT_FDCWD, -1_i64, 0)),
                error(libc::syscall(libc::SYS_openat, libc::AT_FDCWD, 1_i64 << 63, 0)),
                error(libc::syscall(libc::SYS_openat, 9999, c"x".as_ptr(), 0)),
            ]
        };
        effect(results == [libc::EFAULT, libc::EFAULT, libc::EFAULT, libc::EBADF].map(Some))
    }),
    ("name_too_long", |_| {
        let fails = |length: usize, expected| {
            let path = CString::new(vec![b'/'; length]).unwrap();
            // SAFETY: the string ends with NUL.
            let opened = check(unsafe { libc::open(path.as_ptr(), libc::O_RDONLY) } as i64);
            opened.is_err_and(|error| error.raw_os_error() == Some(expected))
        };
        // The root, however many times its slash is written, is there and not granted.
        effect(
            fails(4096, libc::ENAMETOOLONG)
                && fails(1 << 20, libc::ENAMETOOLONG)
                && fails(4095, libc::EACCES)
                && at_the_end_of_memory(),
        )
    }),
    ("name_changing", name_changing),
    ("name_many", |a| {
        let count: u64 = a[0].parse().map_err(io::Error::other)?;
        effect((0..count).all(|n| File::open(format!("/nowhere/{n}")).is_err()))
    }),
    ("name_through_process", |a| {
        std::os::unix::fs::symlink("round", "round")?;
        let paths = [format!("/proc/self/root{}", a[0]), "round".to_owned()];
        effect(paths.iter().all(|path| fs::read(path).is_err()))
    }),
    // A folder, opened as if to be read, and spelt differently each time, as long as a path can be.
    ("name_spelt", |a| {
        let count: usize = a[1].parse().map_err(io::Error::other)?;
        let spelt = |n: usize| {
            let bits: String = (0..16).map(|bit| if n >> bit & 1 == 1 { "/./" } else { "///" }).collect();
            format!("{}{bits}{}", a[0], "/".repeat(3900 - a[0].len()))
        };
        effect((0..count).all(|n| File::open(spelt(n)).is_err()))
    }),
    ("name_for_ever", |_| {
        io::stdout().write_all(b"begun\n")?;
        loop {
            let _ = File::open("/nowhere");
        }
    }),
    ("name_in_threads", |a| {
        let path = a[0].to_owned();
        let one = |path: String| thread::spawn(move || (0..200).all(|_| fs::read(&path).is_err()));
        let threads: Vec<_> = (0..8).map(|_| one(path.clone())).collect();
        effect(threads.into_iter().all(|thread| thread.join().unwrap()))
    }),
];

/// Each kind of call on `a[0]`, none of which may have an effect.
fn name_all(a: &[&str]) -> io::Result<()> {
    let there = text(a[0]);
    let beside = text(&format!("{}-new", a[0]));
    let (path, new, here) = (there.as_ptr(), beside.as_ptr(), libc::AT_FDCWD);
    let argv = [path, ptr::null()];
    // SAFETY: strings end with NUL, the array with a null pointer.
    let results = unsafe {
        [
            libc::open(path, libc::O_RDONLY),
            libc::open(path, libc::O_RDWR),
            libc::openat(here, new, libc::O_CREAT | libc::O_WRONLY, 0o600),
            libc::open(path, libc::O_RDONLY | libc::O_DIRECTORY),
            libc::mkdir(new, 0o700),
            libc::unlink(path),
            libc::rename(path, new),
            libc::link(path, new),
            libc::symlink(path, new),
            libc::truncate(path, 0),
            libc::execve(path, argv.as_ptr(), argv[1..].as_ptr()),
        ]
    };
    effect(results.iter().all(|result| *result < 0))
}

/// From the working directory and from a descriptor of a folder, `a[0]`.
fn name_relatively(a: &[&str]) -> io::Result<()> {
    let folder = File::open(a[0])?;
    let at = |name: &str| {
        // SAFETY: the string ends with NUL.
        check(unsafe { libc::openat(folder.as_raw_fd(), text(name).as_ptr(), libc::O_RDONLY) } as i64)
    };
    at("data")?;
    effect(at("../home/secret").is_err() && File::open("../home/secret").is_err())
}

/// What it may do: in its scratch directory, and with what was granted.
fn name_own(a: &[&str]) -> io::Result<()> {
    fs::write("own", "x")?;
    let own = fs::metadata("own")?.size() == 1;
    fs::remove_file("own")?;
    let again = fs::metadata("own").is_err();
    effect(own && again && fs::read(a[0])? == b"public data" && File::open("/dev/null").is_ok())
}

/// A path without an end, up to where the memory ends.
fn at_the_end_of_memory() -> bool {
    const PAGE: usize = 4096;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: two new pages, the second of which is given back.
    unsafe {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let pages = libc::mmap(ptr::null_mut(), 2 * PAGE, access, flags, -1, 0).cast::<u8>();
        libc::munmap(pages.add(PAGE).cast(), PAGE);
        pages.write_bytes(b'x', PAGE);
        let opened = check(libc::open(pages.add(PAGE - 10).cast(), libc::O_RDONLY) as i64);
        opened.is_err_and(|error| error.raw_os_error() == Some(libc::EFAULT))
    }
}

/// One thread opens what another one changes between what is granted, `a[0]`, and what is not, `a[1]`, of the same length.
/// Whatever a tracer sees of it, what is not granted must not be opened.
fn name_changing(a: &[&str]) -> io::Result<()> {
    let (granted, secret) = (a[0].as_bytes().to_vec(), a[1].as_bytes().to_vec());
    assert_eq!(granted.len(), secret.len());
    let mut shared = text(a[0]).into_bytes_with_nul();
    let address = shared.as_mut_ptr().expose_provenance();
    static OVER: AtomicBool = AtomicBool::new(false);
    let changing = {
        let granted = granted.clone();
        thread::spawn(move || {
            let place: *mut u8 = ptr::with_exposed_provenance_mut(address);
            while !OVER.load(Ordering::Relaxed) {
                for path in [&secret, &granted] {
                    for (at, byte) in path.iter().enumerate() {
                        // SAFETY: within the memory, which lives until this thread has ended.
                        unsafe { place.add(at).write_volatile(*byte) };
                    }
                }
            }
        })
    };
    let mut leaked = false;
    for _ in 0..3000 {
        // SAFETY: ends with NUL at each moment.
        let opened = unsafe { libc::open(ptr::with_exposed_provenance(address), libc::O_RDONLY) };
        if opened >= 0 {
            let mut bytes = [0_u8; 32];
            // SAFETY: room for as many bytes; the descriptor has just been made.
            let read = unsafe { libc::read(opened, bytes.as_mut_ptr().cast(), bytes.len()) };
            leaked |= &bytes[..read.max(0).cast_unsigned()] == b"treasure";
            // SAFETY: it was made above.
            unsafe { libc::close(opened) };
        }
    }
    OVER.store(true, Ordering::Relaxed);
    changing.join().unwrap();
    drop(shared);
    effect(!leaked)
}
