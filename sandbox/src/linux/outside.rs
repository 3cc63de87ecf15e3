//! What lies in this process's own file tree at a path that a traced child names and does not see.
//!
//! The child cannot reach these places, so it must not have the host reach for them: asked for what is behind an automounter
//! or another machine's file system, the kernel would connect to what the path says, or wait for ever. Paths are therefore
//! followed by hand, from folder to folder, and none is looked at that is a mount of a kind not known to be of this machine.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows.
const LINKS_LIMIT: usize = 40;

/// Kinds of file systems that answer without asking another machine or program.
const LOCAL: [&str; 36] = [
    "bcachefs",
    "bpf",
    "btrfs",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "erofs",
    "exfat",
    "ext2",
    "ext3",
    "ext4",
    "f2fs",
    "hugetlbfs",
    "iso9660",
    "jfs",
    "mqueue",
    "msdos",
    "ntfs3",
    "overlay",
    "proc",
    "pstore",
    "ramfs",
    "reiserfs",
    "rootfs",
    "securityfs",
    "squashfs",
    "sysfs",
    "tmpfs",
    "tracefs",
    "vfat",
    "xfs",
    "zfs",
];

/// The mounts of this process that are not entered.
#[derive(Debug)]
pub(super) struct Outside {
    /// Where they are; `None` where the system does not tell, and then nothing is looked at.
    shunned: Option<BTreeSet<PathBuf>>,
}

impl Outside {
    /// As the mounts are now.
    pub(super) fn new() -> Outside {
        Outside { shunned: fs::read("/proc/self/mountinfo").ok().map(|mounts| shunned(&mounts)) }
    }

    /// Where an absolute path leads, and whether a folder lies there. [`io::ErrorKind::CrossesDevices`] where it leads through
    /// a mount that is not entered.
    pub(super) fn found(&self, path: &Path, follows: bool) -> io::Result<(PathBuf, bool)> {
        let shunned = self.shunned.as_ref().ok_or_else(|| error(libc::EXDEV))?;
        let mut real = PathBuf::from("/");
        let mut is_folder = true;
        let mut rest: VecDeque<OsString> = names(path).collect();
        let mut links = 0;
        while let Some(name) = rest.pop_front() {
            if !is_folder {
                return Err(error(libc::ENOTDIR));
            }
            if name == ".." {
                real.pop();
                continue;
            }
            let next = real.join(&name);
            if shunned.contains(&next) {
                return Err(error(libc::EXDEV));
            }
            // Where the child may change what was looked at before, it may look itself.
            let kind = fs::symlink_metadata(&next)?.file_type();
            if !kind.is_symlink() || rest.is_empty() && !follows {
                (real, is_folder) = (next, kind.is_dir());
                continue;
            }
            links += 1;
            if links > LINKS_LIMIT || is_of_a_process(&next) {
                return Err(error(libc::ELOOP));
            }
            let says = fs::read_link(&next)?;
            if says.is_absolute() {
                real = PathBuf::from("/");
            }
            for name in names(&says).collect::<Vec<_>>().into_iter().rev() {
                rest.push_front(name);
            }
        }
        Ok((real, is_folder))
    }
}

/// What such a link says is so in this process, and not in the child: its root, its working directory, its open files.
fn is_of_a_process(link: &Path) -> bool {
    link.strip_prefix("/proc").is_ok_and(|below| below.components().count() > 1)
}

fn error(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

fn names(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    })
}

/// The mount points of `mountinfo` that are of another kind. The root is where this program runs, of whatever kind it is.
fn shunned(mounts: &[u8]) -> BTreeSet<PathBuf> {
    let one = |line: &[u8]| {
        let mut fields = line.split(|byte| *byte == b' ');
        let point = plain(fields.nth(4)?);
        let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
        let is_local = LOCAL.iter().any(|local| local.as_bytes() == kind);
        (!is_local && point != OsStr::new("/")).then(|| PathBuf::from(point))
    };
    mounts.split(|byte| *byte == b'\n').filter_map(one).collect()
}

/// A mount point without the escapes, which are of three octal digits.
fn plain(escaped: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| *first == b'\\').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn told(outside: &Outside, path: &Path) -> Result<(PathBuf, bool), Option<i32>> {
        outside.found(path, true).map_err(|error| error.raw_os_error())
    }

    #[test]
    fn what_another_machine_would_have_to_answer_is_not_asked() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        for name in ["net share", "here"] {
            fs::create_dir(folder.join(name)).unwrap();
            fs::write(folder.join(name).join("file"), "x").unwrap();
        }
        symlink(folder.join("net share/file"), folder.join("link")).unwrap();
        symlink("here/../here/file", folder.join("near")).unwrap();
        symlink("loop", folder.join("loop")).unwrap();
        let mounts = format!(
            "27 1 254:0 / / rw - virtiofs root rw\n\
             28 27 0:25 / {at}/net\\040share rw,nosuid master:1 - nfs4 server:/x rw\n\
             29 27 0:26 / {at}/here rw - tmpfs tmpfs rw\n",
            at = folder.display()
        );
        let outside = Outside { shunned: Some(shunned(mounts.as_bytes())) };
        let at = |name: &str| told(&outside, &folder.join(name));
        let file = folder.join("here/file");
        assert_eq!(at("here/file"), Ok((file.clone(), false)));
        assert_eq!(at("near"), Ok((file, false)));
        assert_eq!(at("here"), Ok((folder.join("here"), true)));
        for name in ["net share", "net share/file", "net share/nothing", "link", "here/../net share/x"] {
            assert_eq!(at(name), Err(Some(libc::EXDEV)), "{name}");
        }
        assert_eq!(outside.found(&folder.join("link"), false).unwrap(), (folder.join("link"), false));
        assert_eq!(at("nothing"), Err(Some(libc::ENOENT)));
        assert_eq!(at("here/file/.."), Err(Some(libc::ENOTDIR)));
        assert_eq!(at("loop"), Err(Some(libc::ELOOP)));
        assert_eq!(told(&Outside { shunned: None }, &folder), Err(Some(libc::EXDEV)));
    }

    #[test]
    fn a_link_of_this_process_is_no_link_of_the_childs() {
        let outside = Outside::new();
        for path in ["/proc/self/root/etc", "/proc/self/cwd", "/proc/thread-self/fd/0/x"] {
            assert_eq!(told(&outside, Path::new(path)), Err(Some(libc::ELOOP)), "{path}");
        }
        assert!(!told(&outside, Path::new("/proc/self/status")).unwrap().1);
    }
}
