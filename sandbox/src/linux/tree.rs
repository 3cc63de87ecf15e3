//! The file tree of a child at the level *full*: what is granted, read-only, and nothing else.
//!
//! The new root is a small file system in memory. It holds the directories and links on the way to what is granted, which
//! is mounted from where it lies. There is no `/proc`.

use super::mounts::{Mount, NO_DEVICES, NO_EXECUTION, NO_SETUID, NO_TIMES, READ_ONLY, change_root};
use super::paths::Paths;
use crate::granted::DEVICES;
use crate::profile::Limits;
use crate::spec::{Kind, Orders};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Where the kernel shows more than files, which is granted to nobody.
const NO_FILES: [&str; 2] = ["/proc", "/sys"];

/// The most bytes of the directories and links on the way.
const SKELETON: &str = "4m";

/// What is mounted where.
struct Plan {
    /// Real paths, none below another but below data.
    shown: BTreeMap<PathBuf, Shown>,
    /// Links on the way, and what each says.
    links: BTreeMap<PathBuf, PathBuf>,
    scratch: Option<PathBuf>,
    /// Whether nothing is seen but what is granted, and what is only to be read cannot be executed either.
    exact: bool,
}

/// What is granted at a real path.
#[derive(Clone, Copy, Debug)]
struct Shown {
    directory: bool,
    /// Whether it is data alone, of which nothing may be executed or mapped as a program although programs run that could do so.
    data: bool,
    /// Whether it lies in such data, and is seen there already.
    within: bool,
}

/// A new root, still empty. From now on the working directory is there, and absolute paths still mean the old root.
#[derive(Debug)]
pub(super) struct Root(Mount);

/// What came of it.
#[derive(Debug)]
pub(super) struct Tree {
    /// Nothing can be read or executed but what is granted, whatever Landlock does.
    pub(super) exact: bool,
    /// The root of the scratch directory, if that is to be kept.
    pub(super) kept: Option<OwnedFd>,
}

impl Root {
    pub(super) fn new() -> io::Result<Root> {
        // Following a link would be noted, where nothing can be written, and be tried again each time.
        let root =
            Mount::new("tmpfs", &[("size", SKELETON.to_owned()), ("mode", "0755".to_owned())], NO_TIMES)?;
        root.attach(Path::new("/"))?;
        root.enter()?;
        Ok(Root(root))
    }

    /// Shows what is granted, and makes this the root of this process and its children from now on.
    pub(super) fn fill(self, orders: &Orders) -> io::Result<Tree> {
        let plan = Plan::new(orders)?;
        plan.build()?;
        let execution = if executes(orders) { 0 } else { NO_EXECUTION };
        self.0.restrict(READ_ONLY | NO_SETUID | NO_DEVICES | execution)?;
        for (device, _) in DEVICES {
            show(Path::new(device), Some(READ_ONLY | NO_SETUID | NO_EXECUTION))?;
        }
        let kept = plan.scratch.as_ref().map(|path| scratch(path, orders)).transpose()?;
        change_root()?;
        Ok(Tree { exact: plan.exact, kept: kept.flatten() })
    }
}

/// A file system in memory, which nobody else sees and which ends with the child.
fn scratch(path: &Path, orders: &Orders) -> io::Result<Option<OwnedFd>> {
    let limits = &orders.limits;
    let options = [
        ("size", limits.scratch_size.to_string()),
        ("nr_inodes", limits.scratch_files.to_string()),
        ("mode", "0700".to_owned()),
    ];
    let empty = || Mount::new("tmpfs", &options, NO_SETUID | NO_DEVICES | NO_EXECUTION);
    let mut mount = empty()?;
    if orders.keep && fill(&mount, path, limits).is_err() {
        // What an earlier process left may not decide at which level this one runs: it begins with nothing.
        mount = empty()?;
    }
    let kept = orders.keep.then(|| mount.root()).transpose()?;
    mount.attach(relative(path))?;
    Ok(kept)
}

/// Copies what lies at a path of the old root, which the host has put there, to the new file system.
fn fill(mount: &Mount, path: &Path, limits: &Limits) -> io::Result<()> {
    let (before, root) = (crate::kept::open_folder(path)?, mount.root()?);
    let copied =
        crate::kept::copy_folder(before.as_fd(), root.as_fd(), limits.scratch_size, limits.scratch_files);
    copied.map(drop).map_err(io::Error::other)
}

impl Plan {
    fn new(orders: &Orders) -> io::Result<Plan> {
        let mut paths = Paths::default();
        let interpreter = match orders.entry {
            Kind::Interpreter => orders.arguments.first(),
            Kind::Nothing | Kind::Itself | Kind::Native => None,
        };
        let executed = orders.execute.iter().chain(&orders.programs).chain(interpreter);
        let granted = orders.read.iter().chain(&orders.list).chain(executed);
        let granted =
            granted.map(|path| (path, false)).chain(orders.data.iter().map(|path| (path, executes(orders))));
        let mut all = BTreeMap::new();
        for (path, data) in granted {
            let real = grantable(&mut paths, path)?;
            let directory = fs::symlink_metadata(&real).map_err(|error| cannot_grant(path, &error))?.is_dir();
            // What was granted otherwise stays so.
            all.entry(real).or_insert(Shown { directory, data, within: false });
        }
        let scratch = orders.scratch.as_ref().map(|path| grantable(&mut paths, path)).transpose()?;
        let exact = orders.list.is_empty() && !executes(orders);
        let shown = without_nested(all);
        let links = paths.into_links().into_iter().filter(|(link, _)| !below_any(&shown, link)).collect();
        Ok(Plan { shown, links, scratch, exact })
    }

    /// Fills the working directory, which is the new root.
    fn build(&self) -> io::Result<()> {
        for (path, shown) in &self.shown {
            // In data it is there already, and nothing is ever made in that.
            if !shown.within {
                place(path, shown.directory)?;
            }
            show(path, shown.data.then_some(READ_ONLY | NO_SETUID | NO_DEVICES | NO_EXECUTION))?;
        }
        for (link, target) in &self.links {
            place_parent(link)?;
            std::os::unix::fs::symlink(target, relative(link))?;
        }
        for (device, _) in DEVICES {
            place(Path::new(device), false)?;
        }
        self.scratch.iter().try_for_each(|path| place(path, true))
    }
}

/// Whether a program runs that may map or execute what it reads.
fn executes(orders: &Orders) -> bool {
    matches!(orders.entry, Kind::Native | Kind::Interpreter) || orders.starts_processes()
}

/// The real path of what is granted.
fn grantable(paths: &mut Paths, path: &OsStr) -> io::Result<PathBuf> {
    let real = paths.real(Path::new(path)).map_err(|error| cannot_grant(path, &error))?;
    let whole = real.parent().is_none() || real == Path::new("/dev");
    if whole || NO_FILES.iter().any(|place| real.starts_with(place)) {
        return Err(cannot_grant(path, &io::Error::other("it holds more than files")));
    }
    Ok(real)
}

fn cannot_grant(path: &OsStr, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot grant {}: {error}", Path::new(path).display()))
}

/// What lies below a granted directory is seen anyway, and can be executed where it could be there; but of data nothing can, so what is
/// granted otherwise and lies in data is shown over it. In the order of paths, all that is below follows directly.
fn without_nested(all: BTreeMap<PathBuf, Shown>) -> BTreeMap<PathBuf, Shown> {
    let (mut data, mut outermost): (Option<PathBuf>, Option<PathBuf>) = (None, None);
    let mut kept = all;
    kept.retain(|path, shown| {
        let below = |above: &Option<PathBuf>| above.as_ref().is_some_and(|above| path.starts_with(above));
        shown.within = below(&data);
        let nested = below(&outermost) || shown.within && shown.data;
        if !nested {
            *(if shown.data { &mut data } else { &mut outermost }) = Some(path.clone());
        }
        !nested
    });
    kept
}

fn below_any(shown: &BTreeMap<PathBuf, Shown>, path: &Path) -> bool {
    path.ancestors().any(|above| shown.contains_key(above))
}

/// Makes something to mount over.
fn place(path: &Path, directory: bool) -> io::Result<()> {
    if directory {
        return fs::create_dir_all(relative(path));
    }
    place_parent(path)?;
    File::create(relative(path)).map(drop)
}

fn place_parent(path: &Path) -> io::Result<()> {
    path.parent().map(relative).filter(|parent| *parent != Path::new("")).map_or(Ok(()), fs::create_dir_all)
}

/// Mounts what lies at a path at the same path of the new root.
fn show(path: &Path, attributes: Option<u64>) -> io::Result<()> {
    let mount = Mount::copy(path).map_err(|error| cannot_grant(path.as_os_str(), &error))?;
    if let Some(attributes) = attributes {
        mount.restrict(attributes)?;
    }
    mount.attach(relative(path)).map_err(|error| cannot_grant(path.as_os_str(), &error))
}

fn relative(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_data_is_shown_over_it_and_all_else_once() {
        let all =
            [("/a", true), ("/a/b", false), ("/a/b/c", true), ("/a/d", true), ("/e", false), ("/e/f", true)];
        let shown = |data| Shown { directory: true, data, within: false };
        let kept = without_nested(all.into_iter().map(|(path, data)| (path.into(), shown(data))).collect());
        let kept: Vec<_> =
            kept.iter().map(|(path, shown)| (path.to_str().unwrap(), shown.data, shown.within)).collect();
        assert_eq!(kept, [("/a", true, false), ("/a/b", false, true), ("/e", false, false)]);
    }
}
