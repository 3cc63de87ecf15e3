//! Which program a name means, and which programs nobody may grant.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use super::place::PlaceError;

/// Where a bare name is looked for. Not where the person's search path leads: that is theirs to change, and what they granted is not.
pub(super) const FOLDERS: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];

/// As many links as the kernel follows.
const LINKS_LIMIT: usize = 40;

/// The real path of a program, by its name in one of the system's folders or by an absolute path.
///
/// # Errors
/// There is none, it could be changed by somebody who is not root, or it is not to be started by plugins.
pub(super) fn program(what: &str) -> Result<PathBuf, PlaceError> {
    let path = match what.starts_with('/') {
        true => PathBuf::from(what),
        false => found(what).ok_or_else(|| PlaceError::NoProgram { name: what.to_owned() })?,
    };
    let unreachable =
        |error: std::io::Error| PlaceError::Unreachable { path: path.clone(), reason: error.to_string() };
    let real = path.canonicalize().map_err(unreachable)?;
    let metadata = fs::metadata(&real).map_err(unreachable)?;
    let reason = if is_this_program(&metadata) {
        "it is Probity itself"
    } else if !metadata.is_file() || metadata.mode() & 0o111 == 0 {
        "it is no file that can be executed"
    } else if metadata.mode() & 0o6000 != 0 {
        "it runs as another user or group than who starts it"
    } else if !is_elf(&real) {
        "it is no program of the system's format; of a script, the interpreter would have to be granted"
    } else if let Some(changeable) = changeable(&path) {
        return Err(PlaceError::Changeable { program: real, changeable });
    } else {
        return Ok(real);
    };
    Err(PlaceError::Program { path: real, reason })
}

/// All files that a bare name could mean, or an absolute path does, as the system knows them.
pub(super) fn meant(what: &str) -> impl Iterator<Item = Metadata> {
    // An absolute path joined to a folder is that path.
    FOLDERS.iter().filter_map(move |folder| fs::metadata(Path::new(folder).join(what)).ok())
}

/// The bare name that means the program at this path in one of the system's folders.
pub(super) fn name(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let of_system = FOLDERS.iter().any(|folder| path.parent() == Some(Path::new(folder)));
    let (meant, own) = (fs::metadata(found(name)?).ok()?, fs::metadata(path).ok()?);
    (of_system && is_same(&meant, &own)).then_some(name)
}

fn found(name: &str) -> Option<PathBuf> {
    let mut named = FOLDERS.iter().map(|folder| Path::new(folder).join(name));
    named.find(|path| fs::symlink_metadata(path).is_ok())
}

pub(super) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

fn is_this_program(found: &Metadata) -> bool {
    fs::metadata("/proc/self/exe").is_ok_and(|own| is_same(&own, found))
}

fn is_elf(path: &Path) -> bool {
    let mut magic = [0; 4];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && &magic == b"\x7fELF"
}

/// What on the way to a program, following every link as the kernel does, somebody could change who is not root.
fn changeable(path: &Path) -> Option<PathBuf> {
    let (mut at, mut links) = (PathBuf::from("/"), 0);
    let mut ahead: VecDeque<OsString> = names(path);
    loop {
        if !fs::symlink_metadata(&at).is_ok_and(|found| is_of_root(&found)) {
            return Some(at);
        }
        if let Ok(target) = fs::read_link(&at) {
            links += 1;
            if links > LINKS_LIMIT {
                return Some(at);
            }
            at = if target.is_absolute() { PathBuf::from("/") } else { at.parent()?.to_owned() };
            let rest = std::mem::replace(&mut ahead, names(&target));
            ahead.extend(rest);
        }
        match ahead.pop_front() {
            Some(name) if name == ".." => drop(at.pop()),
            Some(name) => at.push(name),
            None => return None,
        }
    }
}

/// The names of a path, `..` among them.
fn names(path: &Path) -> VecDeque<OsString> {
    let named = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().filter_map(named).collect()
}

/// A link has no mode of its own: its folder says who may replace it. What an access list gives to others shows in the mode of the group,
/// and to root's own group others may belong.
fn is_of_root(found: &Metadata) -> bool {
    found.uid() == 0 && (found.is_symlink() || found.mode() & 0o022 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(what: &str) -> String {
        program(what).map_or_else(|error| error.to_string(), |path| path.display().to_string())
    }

    #[test]
    fn a_name_is_looked_for_in_folders_of_the_system_whatever_the_search_path_is() {
        let real = Path::new("/bin/true").canonicalize().unwrap();
        assert_eq!(program("true").unwrap(), real);
        assert_eq!(program("/bin/true").unwrap(), real);
        assert_eq!(
            told("no-such-program"),
            "there is no program \"no-such-program\" in /usr/local/bin, /usr/bin or /bin"
        );
        assert!(told("/usr/bin/no-such-program").starts_with("/usr/bin/no-such-program cannot be reached: "));
        assert!(meant("true").any(|one| is_same(&one, &fs::metadata(&real).unwrap())));
    }

    #[test]
    fn what_others_could_put_there_is_not_granted() {
        let folder = tempfile::tempdir().unwrap();
        let (copy, link) = (folder.path().join("copy"), folder.path().join("link"));
        fs::copy("/bin/true", &copy).unwrap();
        std::os::unix::fs::symlink("/bin/true", &link).unwrap();
        for path in [&copy, &link] {
            let told = told(path.to_str().unwrap());
            assert!(told.contains(" is not granted: somebody who is not root could change "), "{told}");
        }
    }

    #[test]
    fn everything_on_the_way_counts() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        // Of somebody else, or in a folder of everybody.
        std::os::unix::fs::symlink("/bin", &link).unwrap();
        assert!(changeable(&link.join("true")).is_some());
        assert_eq!(changeable(Path::new("/bin/true")), None);
        assert_eq!(changeable(Path::new("/usr/bin/../bin/./true")), None);
        assert!(changeable(&Path::new("/usr/bin/../..").join(link.strip_prefix("/").unwrap())).is_some());
        assert!(changeable(Path::new("/usr/bin/no-such-program")).is_some(), "it could be made");
        let own = fs::metadata("/bin/true").unwrap();
        assert!(is_of_root(&own));
    }

    #[test]
    fn what_makes_no_sense_to_start_is_not_granted() {
        let own = std::env::current_exe().unwrap();
        assert!(told(own.to_str().unwrap()).ends_with(" is not granted to be started: it is Probity itself"));
        assert!(told("/etc/passwd").ends_with("it is no file that can be executed"));
        assert!(told("/usr").ends_with("it is no file that can be executed"));
    }
}
