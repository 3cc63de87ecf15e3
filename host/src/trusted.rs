//! Which interpreters plugins are run with: none that somebody else could have put there. The search path may lead anywhere, into the target
//! too, where tools of its own are installed.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Programs of one name, and those that were passed over.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) trusted: Vec<PathBuf>,
    pub(crate) others: Vec<PathBuf>,
}

impl Found {
    /// Takes in a real path once; nothing below the `target` is trusted.
    pub(crate) fn take(&mut self, program: PathBuf, target: Option<&Path>) {
        let all = if is_trusted(&program, target) { &mut self.trusted } else { &mut self.others };
        // Two directories may be one.
        if !all.contains(&program) {
            all.push(program);
        }
    }
}

/// Whether nobody but root and this user could change what lies at a real path, and it is not below the target.
pub(crate) fn is_trusted(path: &Path, target: Option<&Path>) -> bool {
    let within = target.is_some_and(|target| {
        path.starts_with(target) || target.canonicalize().is_ok_and(|target| path.starts_with(target))
    });
    let Ok(own) = fs::metadata("/proc/self") else { return false };
    !within && path.ancestors().all(|part| fs::symlink_metadata(part).is_ok_and(|found| is_of(&own, &found)))
}

/// A group of the user's own, as many systems give everybody, and root's are no one else's.
fn is_of(own: &Metadata, found: &Metadata) -> bool {
    let (mode, sticky) = (found.mode(), found.is_dir() && found.mode() & 0o1000 != 0);
    let by_group = mode & 0o020 != 0 && found.gid() != 0 && found.gid() != own.gid();
    // In a sticky folder nobody replaces what belongs to another.
    [0, own.uid()].contains(&found.uid()) && (sticky || mode & 0o002 == 0 && !by_group)
}

/// What is said of those that were passed over.
pub(crate) fn passed(others: &[PathBuf]) -> String {
    let all: Vec<String> = others.iter().map(|path| path.display().to_string()).collect();
    match all.is_empty() {
        true => String::new(),
        false => format!("; {} lies in the target, or others could change it", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_others_could_have_put_there_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let program = folder.join("bin/python3");
        fs::create_dir(folder.join("bin")).unwrap();
        fs::write(&program, "").unwrap();
        let elsewhere = folder.join("elsewhere");
        assert!(is_trusted(&program, None) && is_trusted(&program, Some(&elsewhere)));
        assert!(!is_trusted(&program, Some(&folder)), "the target's own");
        let link = folder.join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(!is_trusted(&program, Some(&link)));
        for (path, mode) in [("bin", 0o777), ("bin/python3", 0o702)] {
            fs::set_permissions(folder.join(path), fs::Permissions::from_mode(mode)).unwrap();
            assert!(!is_trusted(&program, None), "{path}");
            fs::set_permissions(folder.join(path), fs::Permissions::from_mode(0o700)).unwrap();
        }
        fs::set_permissions(folder.join("bin"), fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(is_trusted(&program, None), "a sticky folder");
        assert!(!is_trusted(&folder.join("none"), None));
    }
}
