//! The real program behind an interpreter's name in a folder of the search path.
//!
//! What lies there may be a shim, a script that looks for the real one. Shims are followed by the files that they would
//! read; what is then no program is passed over.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The real program of this name in a directory; `None` if there is none.
pub(crate) fn program(directory: &Path, name: &str) -> Option<PathBuf> {
    let found = fs::canonicalize(directory.join(name)).ok()?;
    if is_elf(&found) { Some(found) } else { shimmed(&found, name) }
}

/// The program that a shim of pyenv or nodenv would start where no folder says otherwise: the version that its root names.
fn shimmed(shim: &Path, name: &str) -> Option<PathBuf> {
    let directory = shim.parent().filter(|d| d.file_name().is_some_and(|name| name == "shims"))?;
    let root = directory.parent()?;
    let versions = fs::read_to_string(root.join("version")).ok()?;
    let version = versions.split_whitespace().next()?;
    if version.contains('/') || version.starts_with('.') {
        return None;
    }
    let found = fs::canonicalize(root.join("versions").join(version).join("bin").join(name)).ok()?;
    is_elf(&found).then_some(found)
}

fn is_elf(path: &Path) -> bool {
    let mut magic = [0; 4];
    path.is_file()
        && File::open(path).and_then(|mut f| f.read_exact(&mut magic)).is_ok()
        && &magic == b"\x7fELF"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with a file that begins as a program does.
    fn put(path: &Path, text: &[u8]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_shim_leads_to_the_version_that_its_root_names() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        let real = root.join("versions/3.12.1/bin/python3");
        put(&root.join("shims/python3"), b"#!/usr/bin/env bash\n");
        put(&real, b"\x7fELF");
        put(&root.join("version"), b"3.12.1\n3.11.0\n");
        assert_eq!(program(&root.join("shims"), "python3"), Some(real.clone()));
        assert_eq!(program(&root.join("shims"), "node"), None);
        put(&root.join("version"), b"../../evil\n");
        assert_eq!(program(&root.join("shims"), "python3"), None);
        assert_eq!(program(&root.join("versions/3.12.1/bin"), "python3"), Some(real));
    }

    #[test]
    fn a_script_that_is_no_known_shim_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        put(&root.path().join("bin/python3"), b"#!/bin/sh\nexec other\n");
        assert_eq!(program(&root.path().join("bin"), "python3"), None);
    }
}
