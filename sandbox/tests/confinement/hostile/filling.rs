//! Filling the disk out of the host's sight.

use super::seclusion::hold;
use super::{Attack, check};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;

pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("fill_disk_oddly", fill_disk_oddly),
    ("fill_disk_moving", fill_disk_moving),
    ("fill_disk_orphaned", fill_disk_orphaned),
    ("fill_disk_sent", fill_disk_sent),
    ("fill_disk_reserved", fill_disk_reserved),
    ("fill_disk_changing_numbers", fill_disk_changing_numbers),
    ("fill_disk_behind", fill_disk_behind),
    ("fill_disk_greedily", fill_disk_greedily),
    ("own_descriptors_by_clone", own_descriptors_by_clone),
    ("own_descriptors_by_closing", |_| {
        const UNSHARE: u32 = 2;
        // SAFETY: closes descriptors that nobody has.
        check(unsafe { libc::syscall(libc::SYS_close_range, 1000, 1001, UNSHARE) }).map(drop)
    }),
];

const PIECES: usize = 24;

/// A file of a mebibyte without a name any more.
fn removed(path: &Path) -> io::Result<File> {
    let mut file = File::options().read(true).write(true).create_new(true).open(path)?;
    file.write_all(&vec![1; 1 << 20])?;
    fs::remove_file(path)?;
    Ok(file)
}

fn map(file: &File) -> io::Result<()> {
    let (protection, flags) = (libc::PROT_READ, libc::MAP_SHARED);
    // SAFETY: a new mapping wherever there is room, which is not used.
    let memory = unsafe { libc::mmap(ptr::null_mut(), 4096, protection, flags, file.as_raw_fd(), 0) };
    if memory == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Mapped files, the list of which is no text.
fn fill_disk_oddly(a: &[&str]) -> io::Result<()> {
    let path = Path::new(a[0]).join(std::ffi::OsStr::from_bytes(b"\xff"));
    (0..PIECES).try_for_each(|_| map(&removed(&path)?))?;
    hold(a)
}

/// Files in a folder that has another name each time somebody looks.
fn fill_disk_moving(a: &[&str]) -> io::Result<()> {
    let top = Path::new(a[0]);
    let mut name: PathBuf = top.join("0");
    fs::create_dir(&name)?;
    let moved = top.to_owned();
    std::thread::spawn(move || {
        for number in 1_u64.. {
            let next = moved.join(number.to_string());
            if fs::rename(&name, &next).is_err() {
                return;
            }
            name = next;
        }
    });
    std::env::set_current_dir(fs::read_dir(top)?.next().ok_or(io::ErrorKind::NotFound)??.path()).or_else(
        |_| {
            // It has moved on.
            (0..100_000)
                .find_map(|n| std::env::set_current_dir(top.join(n.to_string())).ok())
                .ok_or(io::ErrorKind::NotFound)
        },
    )?;
    let piece = vec![1; 1 << 20];
    (0..PIECES).try_for_each(|n| File::create(n.to_string())?.write_all(&piece))?;
    hold(a)
}

/// Removed files of a process whose first thread has ended.
fn fill_disk_orphaned(a: &[&str]) -> io::Result<()> {
    let arguments: Vec<String> = a.iter().map(|argument| (*argument).to_owned()).collect();
    std::thread::spawn(move || {
        let a: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let path = Path::new(a[0]).join("piece");
        let files: io::Result<Vec<File>> = (0..PIECES).map(|_| removed(&path)).collect();
        let filled = files.and_then(|files| hold(&a).map(|()| drop(files)));
        let (said, code) = match filled {
            Ok(()) => ("through".to_owned(), 0),
            Err(error) => (format!("denied: {error}"), 3),
        };
        let _ = writeln!(io::stdout(), "{said}");
        std::process::exit(code);
    });
    // SAFETY: ends this thread alone, which holds nothing that others wait for.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    Ok(())
}

/// Removed files that are nowhere but in messages to itself.
fn fill_disk_sent(a: &[&str]) -> io::Result<()> {
    let [end, _other] = super::network::pair(libc::SOCK_STREAM)?;
    let path = Path::new(a[0]).join("piece");
    (0..PIECES).try_for_each(|_| send(end, removed(&path)?.into()))?;
    hold(a)
}

fn send(socket: i32, file: OwnedFd) -> io::Result<()> {
    // A header and one descriptor, in words that align it.
    let mut control = [20, u64::from(libc::SOL_SOCKET as u32) | u64::from(libc::SCM_RIGHTS as u32) << 32, 0];
    control[2] = u64::from(file.as_raw_fd().cast_unsigned());
    let mut byte = 0_u8;
    let mut vector = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    // SAFETY: all zeros is a valid message; its parts are living values of the sizes given.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        (message.msg_iov, message.msg_iovlen) = (&raw mut vector, 1);
        (message.msg_control, message.msg_controllen) = (control.as_mut_ptr().cast(), 20);
        check(libc::sendmsg(socket, &raw const message, 0) as i64).map(drop)
    }
}

/// Removed files whose descriptors have other numbers each time somebody looks.
fn fill_disk_changing_numbers(a: &[&str]) -> io::Result<()> {
    const LOW: i32 = 40;
    const HIGH: i32 = 140;
    let path = Path::new(a[0]).join("piece");
    // SAFETY: here and below, takes integers; nobody owns these numbers.
    let move_to = |from: i32, to: i32| unsafe {
        libc::dup2(from, to);
        libc::close(from);
    };
    for at in 0..PIECES as i32 {
        let file = removed(&path)?;
        check(unsafe { libc::dup2(file.as_raw_fd(), LOW + at) })?;
    }
    std::thread::spawn(move || {
        loop {
            (0..PIECES as i32).for_each(|at| move_to(LOW + at, HIGH + at));
            (0..PIECES as i32).rev().for_each(|at| move_to(HIGH + at, LOW + at));
        }
    });
    hold(a)
}

/// Files that go from one folder to another and back all the time, to be where nobody looks just then.
fn fill_disk_behind(a: &[&str]) -> io::Result<()> {
    let [here, there] = ["here", "there"].map(|name| Path::new(a[0]).join(name));
    fs::create_dir(&here)?;
    fs::create_dir(&there)?;
    let (from, to) = (here.clone(), there);
    std::thread::spawn(move || {
        loop {
            for (from, to) in [(&from, &to), (&to, &from)] {
                for at in 0..PIECES {
                    let name = at.to_string();
                    let _ = fs::rename(from.join(&name), to.join(&name));
                }
            }
        }
    });
    for at in 0..PIECES {
        let new = here.join(format!("{at}.new"));
        fs::write(&new, vec![1; 1 << 20])?;
        fs::rename(&new, here.join(at.to_string()))?;
    }
    hold(a)
}

/// As much as it can get as fast as it can, by as many threads as the last argument says.
fn fill_disk_greedily(a: &[&str]) -> io::Result<()> {
    let count: usize = a[1].parse().unwrap();
    let work = |thread: usize| -> io::Result<()> {
        let piece = vec![1; 4 << 20];
        for at in 0.. {
            let mut file = File::create(Path::new(a[0]).join(format!("{thread}-{at}")))?;
            (0..16).try_for_each(|_| file.write_all(&piece))?;
        }
        Ok(())
    };
    let work = &work;
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..count).map(|thread| scope.spawn(move || work(thread))).collect();
        all.into_iter().try_for_each(|thread| thread.join().unwrap())
    })
}

/// Files that take their room without being written.
fn fill_disk_reserved(a: &[&str]) -> io::Result<()> {
    for number in 0..3 {
        let file = File::create(Path::new(a[0]).join(number.to_string()))?;
        // SAFETY: takes integers.
        check(unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, 10 << 20) })?;
    }
    hold(a)
}

/// A thread that shares all but its descriptors.
fn own_descriptors_by_clone(_: &[&str]) -> io::Result<()> {
    extern "C" fn end(_: *mut libc::c_void) -> libc::c_int {
        // SAFETY: ends this thread alone; it has used nothing of the library's.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
        0
    }
    let flags =
        libc::CLONE_VM | libc::CLONE_FS | libc::CLONE_SIGHAND | libc::CLONE_THREAD | libc::CLONE_SYSVSEM;
    let stack = Box::leak(vec![0_u128; 4096].into_boxed_slice());
    // SAFETY: the stack is as long as given, grows down from its end, and is never freed.
    unsafe {
        let top = stack.as_mut_ptr().add(stack.len());
        check(libc::clone(end, top.cast(), flags, ptr::null_mut())).map(drop)
    }
}
