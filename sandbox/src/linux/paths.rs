//! Real paths, and the links on the way to them.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// As many as the kernel follows.
const LINKS_LIMIT: usize = 40;

/// Follows links by hand, and remembers what it has seen.
#[derive(Default)]
pub(super) struct Paths {
    /// What a path below a real directory is: a link that says something, or no link.
    seen: BTreeMap<PathBuf, Option<PathBuf>>,
}

impl Paths {
    /// The path without links, of an absolute one. An error if there is nothing.
    pub(super) fn real(&mut self, path: &Path) -> io::Result<PathBuf> {
        let mut real = PathBuf::from("/");
        let mut rest: VecDeque<OsString> = names(path).collect();
        let mut links = 0;
        while let Some(name) = rest.pop_front() {
            if name == ".." {
                real.pop();
                continue;
            }
            let candidate = real.join(&name);
            let Some(target) = self.target(&candidate)? else {
                real = candidate;
                continue;
            };
            links += 1;
            if links > LINKS_LIMIT {
                return Err(io::Error::from_raw_os_error(libc::ELOOP));
            }
            if target.is_absolute() {
                real = PathBuf::from("/");
            }
            for name in names(&target).collect::<Vec<_>>().into_iter().rev() {
                rest.push_front(name);
            }
        }
        Ok(real)
    }

    fn target(&mut self, path: &Path) -> io::Result<Option<PathBuf>> {
        if let Some(known) = self.seen.get(path) {
            return Ok(known.clone());
        }
        let link = fs::symlink_metadata(path)?.is_symlink();
        let target = if link { Some(fs::read_link(path)?) } else { None };
        self.seen.insert(path.to_owned(), target.clone());
        Ok(target)
    }

    /// All links that were followed, by their real paths, and what each says.
    pub(super) fn into_links(self) -> BTreeMap<PathBuf, PathBuf> {
        self.seen.into_iter().filter_map(|(path, target)| Some((path, target?))).collect()
    }
}

/// The parts of a path; `..` is kept, since what it means depends on the links before it.
fn names(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_and_told() {
        let directory = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(directory.path()).unwrap();
        fs::create_dir_all(top.join("usr/lib")).unwrap();
        fs::write(top.join("usr/lib/x.so.1"), "").unwrap();
        std::os::unix::fs::symlink("usr/lib", top.join("lib")).unwrap();
        std::os::unix::fs::symlink("../lib/x.so.1", top.join("usr/lib/x.so")).unwrap();
        let mut paths = Paths::default();
        assert_eq!(paths.real(&top.join("lib/../lib/x.so")).unwrap(), top.join("usr/lib/x.so.1"));
        let links = paths.into_links();
        assert_eq!(links.get(&top.join("lib")), Some(&PathBuf::from("usr/lib")));
        assert_eq!(links.get(&top.join("usr/lib/x.so")), Some(&PathBuf::from("../lib/x.so.1")));
    }

    #[test]
    fn a_circle_of_links_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let (one, two) = (directory.path().join("one"), directory.path().join("two"));
        std::os::unix::fs::symlink(&two, &one).unwrap();
        std::os::unix::fs::symlink(&one, &two).unwrap();
        assert_eq!(Paths::default().real(&one).unwrap_err().raw_os_error(), Some(libc::ELOOP));
        assert!(Paths::default().real(&directory.path().join("nothing")).is_err());
    }
}
