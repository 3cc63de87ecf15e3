//! The folders and files that Probity keeps, looked at without changing them: for `probity doctor`.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{Access, access};

/// What a folder is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folder {
    /// It can be written, and nobody else can.
    Good,
    /// It is not there, and can be made when it is needed.
    Absent,
    /// It can be written, but it is another user's, or others can write it too.
    Doubtful(String),
    /// It cannot be used.
    Bad(String),
}

/// Looks at a folder that may not be there yet.
pub fn folder(path: &Path) -> Folder {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if crate::files::is_absent(&error) => return absent(path),
        Err(error) => return Folder::Bad(format!("cannot be looked at: {error}")),
    };
    if !found.is_dir() {
        return Folder::Bad("is no folder".to_owned());
    }
    if let Err(error) = access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        let error = std::io::Error::from(error);
        return Folder::Bad(format!("cannot be written: {error}; it is user {}'s", found.uid()));
    }
    let own = rustix::process::geteuid().as_raw();
    match (found.uid(), found.mode() & 0o022) {
        (owner, _) if owner != own => Folder::Doubtful(format!("is user {owner}'s, and you are user {own}")),
        (_, 0) => Folder::Good,
        (_, mode) => {
            let who = if mode & 0o002 == 0 { "its group" } else { "everybody" };
            Folder::Doubtful(format!("can be written by {who}"))
        }
    }
}

/// A folder is made in the nearest one above it.
fn absent(path: &Path) -> Folder {
    // Something that is no folder, or a link that leads nowhere, stands in the way.
    if path.symlink_metadata().is_ok() {
        return Folder::Bad("is a link that leads nowhere".to_owned());
    }
    let above = path.ancestors().skip(1).find(|above| above.symlink_metadata().is_ok());
    let above = above.unwrap_or(Path::new("/"));
    match access(above, Access::WRITE_OK | Access::EXEC_OK) {
        _ if !above.is_dir() => Folder::Bad(format!("cannot be made: {} is no folder", above.display())),
        Ok(()) => Folder::Absent,
        Err(error) => {
            let error = std::io::Error::from(error);
            Folder::Bad(format!("is not there, and cannot be made in {}: {error}", above.display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_is_good_absent_doubtful_or_bad() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        assert_eq!(folder(root.path()), Folder::Good);
        assert_eq!(folder(&at("a/b")), Folder::Absent);
        fs::write(at("file"), "").unwrap();
        assert_eq!(folder(&at("file")), Folder::Bad("is no folder".to_owned()));
        assert!(matches!(folder(&at("file/a")), Folder::Bad(told) if told.ends_with("file is no folder")));
        std::os::unix::fs::symlink("nowhere", at("link")).unwrap();
        assert_eq!(folder(&at("link")), Folder::Bad("is a link that leads nowhere".to_owned()));
        fs::create_dir(at("open")).unwrap();
        fs::set_permissions(at("open"), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(folder(&at("open")), Folder::Doubtful("can be written by everybody".to_owned()));
    }
}
