//! Where a granted path leads on this machine, and what nobody may grant.

use std::io;
use std::path::{Component, Path, PathBuf};

/// What a plugin could learn more from than its person can oversee.
const NEVER: [&str; 4] = ["/proc", "/sys", "/dev", "/run"];

/// Why a granted path cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// `~` without a home.
    #[error("this account has no home folder")]
    NoHome,
    /// Nothing lies there, or it cannot be seen.
    #[error("{} cannot be reached: {reason}", path.display())]
    Unreachable {
        /// Where it should lie.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The whole machine, the whole home, the kernel's own files, or what Probity keeps.
    #[error("{} is never granted: {reason}", path.display())]
    Never {
        /// Where the path leads.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// It leads elsewhere than when it was granted.
    #[error("when it was granted it led to {}, and now to {}; grant it again if that is meant", then.display(), now.display())]
    Moved {
        /// Where it led.
        then: PathBuf,
        /// Where it leads.
        now: PathBuf,
    },
    /// It names no server.
    #[error("{reason}")]
    Server {
        /// What is wrong.
        reason: String,
    },
    /// Only a policy's folder says where a relative path begins.
    #[error("{path:?} is relative: only a policy, beside which it lies, can grant it")]
    Relative {
        /// As asked for.
        path: String,
    },
}

/// Where a file lies that is shown as an input. It need not exist.
pub(super) fn file(what: &str, home: Option<&Path>, folder: Option<&Path>) -> Result<PathBuf, PlaceError> {
    let path = expanded(what, home)?;
    match (path.is_absolute(), folder) {
        (true, _) => Ok(path),
        (false, Some(folder)) => Ok(folder.join(path)),
        (false, None) => Err(PlaceError::Relative { path: what.to_owned() }),
    }
}

/// Where a path leads that a plugin reads by itself, all links followed.
pub(super) fn read(what: &str, home: Option<&Path>, guarded: &[PathBuf]) -> Result<PathBuf, PlaceError> {
    let path = expanded(what, home)?;
    let unreachable =
        |error: io::Error| PlaceError::Unreachable { path: path.clone(), reason: error.to_string() };
    let real = path.canonicalize().map_err(unreachable)?;
    let never = |reason| Err(PlaceError::Never { path: real.clone(), reason });
    if real.components().eq([Component::RootDir]) {
        return never("it is the whole machine");
    }
    if NEVER.iter().any(|of_kernel| real.starts_with(of_kernel)) {
        return never("it shows what runs on the machine");
    }
    let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if home.is_some_and(|home| canonical(home).starts_with(&real)) {
        return never("it is the whole home folder, or holds it");
    }
    let overlaps = |kept: &Path| kept.starts_with(&real) || real.starts_with(kept);
    if guarded.iter().any(|kept| overlaps(&canonical(kept))) {
        return never("Probity keeps its answers and the person's choices there");
    }
    Ok(real)
}

fn expanded(what: &str, home: Option<&Path>) -> Result<PathBuf, PlaceError> {
    match what.strip_prefix("~/") {
        Some(below) => home.map(|home| home.join(below)).ok_or(PlaceError::NoHome),
        None => Ok(what.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_too_much_is_never_granted() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["home/data", "home/cache/store"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        std::os::unix::fs::symlink("/", root.join("home/link")).unwrap();
        let (home, guarded) = (root.join("home"), [root.join("home/cache")]);
        let told = |what: &str| {
            let read = read(what, Some(&home), &guarded);
            read.map_err(|error| error.to_string().replace(&root.display().to_string(), "…"))
        };
        assert_eq!(told("~/data"), Ok(root.join("home/data")));
        assert_eq!(told("/"), Err("/ is never granted: it is the whole machine".to_owned()));
        assert_eq!(told("~/link"), Err("/ is never granted: it is the whole machine".to_owned()));
        assert_eq!(
            told("/proc/self"),
            Err(format!("/proc/{} is never granted: it shows what runs on the machine", std::process::id()))
        );
        let home_told = "…/home is never granted: it is the whole home folder, or holds it";
        assert_eq!(told("~/."), Err(home_told.to_owned()));
        assert_eq!(
            told(root.to_str().unwrap()),
            Err("… is never granted: it is the whole home folder, or holds it".to_owned())
        );
        for kept in ["~/cache", "~/cache/store"] {
            assert!(
                told(kept).unwrap_err().ends_with("Probity keeps its answers and the person's choices there")
            );
        }
        assert!(told("~/nothing").unwrap_err().starts_with("…/home/nothing cannot be reached: "));
    }

    #[test]
    fn a_file_lies_where_its_grantor_says() {
        let home = Path::new("/home/a");
        assert_eq!(file("~/x", Some(home), None), Ok("/home/a/x".into()));
        assert_eq!(file("x", Some(home), Some(Path::new("/policies"))), Ok("/policies/x".into()));
        assert_eq!(file("x", Some(home), None), Err(PlaceError::Relative { path: "x".to_owned() }));
        assert_eq!(file("~/x", None, None), Err(PlaceError::NoHome));
    }
}
