//! Looking around, and taking more of the machine than one's share: what only namespaces hide and bound.

use super::{Attack, check, effect};
use crate::lab::{CONFINED_VARIABLE, HELD};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;
use std::ptr;
use std::sync::mpsc;

pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("stat", |a| fs::symlink_metadata(a[0]).map(drop)),
    ("read_times", |a| effect(fs::symlink_metadata(a[0])?.mtime() > 0)),
    ("read_size", |a| effect(fs::symlink_metadata(a[0])?.len().to_string() == a[1])),
    ("read_link", |a| fs::read_link(a[0]).map(drop)),
    ("enter", |a| std::env::set_current_dir(a[0])),
    ("host_name", |a| effect(host_name()? == a[0])),
    // SAFETY: takes no argument and cannot fail.
    ("user_id", |a| effect(unsafe { libc::getuid() }.to_string() == a[0])),
    ("process_id", |_| effect(std::process::id() > 2)),
    ("free_disk", |a| free_disk(a[0])),
    ("map_executable", map_executable),
    ("fill_disk", fill_disk),
    ("fill_disk_unseen", fill_disk_unseen),
    ("fill_disk_mapped", fill_disk_mapped),
    ("fill_directory", |a| {
        (0..1500).try_for_each(|n| File::create(Path::new(a[0]).join(n.to_string())).map(drop))?;
        hold(a)
    }),
    ("fill_hidden_directory", |a| {
        let hidden = Path::new(a[0]).join("hidden");
        fs::DirBuilder::new().mode(0o300).create(&hidden)?;
        (0..1500).try_for_each(|n| File::create(hidden.join(n.to_string())).map(drop))?;
        hold(a)
    }),
    ("threads", threads),
];

fn host_name() -> io::Result<String> {
    let mut name = [0_u8; 65];
    // SAFETY: room for the longest name and its NUL.
    check(unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len()) })?;
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    Ok(String::from_utf8_lossy(&name[..end]).into_owned())
}

/// How full the user's disk is tells of others, and changes from day to day.
fn free_disk(path: &str) -> io::Result<()> {
    let path = super::text(path);
    // SAFETY: all zeros is a valid structure, the string ends with NUL, and there is room for the answer.
    unsafe {
        let mut found: libc::statfs = std::mem::zeroed();
        check(libc::statfs(path.as_ptr(), &raw mut found))?;
        effect(found.f_blocks > 0)
    }
}

/// Maps bytes of its own as a program, without executing a file.
fn map_executable(a: &[&str]) -> io::Result<()> {
    fs::write(a[0], [0xc3; 4096])?;
    let file = File::open(a[0])?;
    let protection = libc::PROT_READ | libc::PROT_EXEC;
    // SAFETY: a new mapping wherever there is room, which is not used.
    let memory =
        unsafe { libc::mmap(ptr::null_mut(), 4096, protection, libc::MAP_PRIVATE, file.as_raw_fd(), 0) };
    if memory == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Many files, none of them large.
fn fill_disk(a: &[&str]) -> io::Result<()> {
    let piece = vec![1; 1 << 20];
    (0..24).try_for_each(|n| File::create(Path::new(a[0]).join(format!("piece{n}")))?.write_all(&piece))?;
    hold(a)
}

/// Files that have no names any more.
fn fill_disk_unseen(a: &[&str]) -> io::Result<()> {
    let piece = vec![1; 1 << 20];
    let path = Path::new(a[0]).join("piece");
    let mut files = Vec::new();
    for _ in 0..24 {
        let mut file = File::create(&path)?;
        file.write_all(&piece)?;
        fs::remove_file(&path)?;
        files.push(file);
    }
    hold(a)
}

/// Files that have neither a name nor a descriptor any more.
fn fill_disk_mapped(a: &[&str]) -> io::Result<()> {
    let piece = vec![1; 1 << 20];
    let path = Path::new(a[0]).join("piece");
    for _ in 0..24 {
        let mut file = File::options().read(true).write(true).create_new(true).open(&path)?;
        file.write_all(&piece)?;
        fs::remove_file(&path)?;
        // SAFETY: a new mapping wherever there is room, which is not used.
        let memory = unsafe {
            libc::mmap(ptr::null_mut(), 4096, libc::PROT_READ, libc::MAP_SHARED, file.as_raw_fd(), 0)
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
    }
    hold(a)
}

/// Keeps what was taken until somebody kills this process for it, if it is asked to and confined; for a minute, if nobody does.
pub(super) fn hold(a: &[&str]) -> io::Result<()> {
    if a.get(1) == Some(&HELD) && std::env::var_os(CONFINED_VARIABLE).is_some() {
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
    Ok(())
}

/// Threads that all live at once.
fn threads(a: &[&str]) -> io::Result<()> {
    let count: usize = a[0].parse().unwrap();
    let mut ends = Vec::new();
    for _ in 0..count {
        let (end, stay) = mpsc::channel::<()>();
        std::thread::Builder::new().stack_size(16 << 10).spawn(move || stay.recv())?;
        ends.push(end);
    }
    hold(a)
}
