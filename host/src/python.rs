//! The Python interpreter of the machine: found without running anything, and what it needs to read.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use crate::shim;
use crate::trusted::{Found, passed};

/// Where an interpreter lies when the search path names none.
const USUAL: [&str; 2] = ["/usr/bin", "/usr/local/bin"];

/// A CPython 3 that plugins may be run with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The program itself: no link, no shim.
    pub path: PathBuf,
    /// The digest of the program.
    pub sha256: [u8; 32],
    /// The digest of the program and, where it is a library, of the interpreter's core.
    pub fingerprint: [u8; 32],
    /// The directory of its standard library, to be listed: the interpreter looks for modules by their names in it.
    pub library: PathBuf,
    /// What lies in that directory, to be read: all but what was installed beside the standard library.
    pub modules: Vec<PathBuf>,
    /// The loader and the libraries that it and its modules need, to be read and executed.
    pub execute: Vec<PathBuf>,
}

/// Why there is no interpreter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PythonError {
    /// None was found.
    #[error("there is no python3 in {}{}", looked.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", "), passed(others))]
    NotFound {
        /// The directories that were looked into.
        looked: Vec<PathBuf>,
        /// What was found there, and could be somebody else's.
        others: Vec<PathBuf>,
    },
    /// It has no standard library where it would look for it.
    #[error("{} has no standard library below {}", path.display(), prefix.display())]
    NoLibrary {
        /// The interpreter.
        path: PathBuf,
        /// Where the library should be.
        prefix: PathBuf,
    },
    /// Something of it could not be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// What.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Interpreter {
    /// The first Python 3 in `directories` (the search path of the person), or in the usual places, that nobody else could have put there;
    /// none below the `target`.
    ///
    /// # Errors
    /// [`PythonError`]: there is none, or it is incomplete.
    pub fn find(directories: &[PathBuf], target: Option<&Path>) -> Result<Interpreter, PythonError> {
        let usual = USUAL.iter().map(PathBuf::from);
        let looked: Vec<PathBuf> =
            directories.iter().filter(|d| d.is_absolute()).cloned().chain(usual).collect();
        let mut found = Found::default();
        for path in looked.iter().filter_map(|directory| shim::program(directory, "python3")) {
            found.take(path, target);
        }
        match found.trusted.first() {
            Some(path) => Interpreter::at(path),
            None => Err(PythonError::NotFound { looked, others: found.others }),
        }
    }

    /// The interpreter at `path`, which is no link.
    ///
    /// # Errors
    /// [`PythonError`]: it is incomplete.
    pub fn at(path: &Path) -> Result<Interpreter, PythonError> {
        let library = library(path)?;
        let unreadable = |source| PythonError::Unreadable { path: path.to_owned(), source };
        let modules = modules(&library).map_err(unreadable)?;
        let mut execute = probity_sandbox::runtime_libraries(path).map_err(unreadable)?;
        let native = library.join("lib-dynload");
        if native.is_dir() {
            execute.extend(probity_sandbox::libraries_below(&native).map_err(unreadable)?);
        }
        execute.sort();
        execute.dedup();
        let sha256 = sha256(path)?;
        let fingerprint = fingerprint(sha256, &execute)?;
        Ok(Interpreter { path: path.to_owned(), sha256, fingerprint, library, modules, execute })
    }
}

/// `PREFIX/lib/python3.N` of `PREFIX/bin/python3.N`, where the interpreter itself looks for it.
fn library(path: &Path) -> Result<PathBuf, PythonError> {
    let prefix = path.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
    let libraries = prefix.join("lib");
    let is_library = |dir: &PathBuf| dir.join("os.py").is_file();
    let own = path.file_name().map(|name| libraries.join(name)).filter(is_library);
    let any = || {
        let entries = fs::read_dir(&libraries).ok()?;
        let named = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("python3."));
        entries.flatten().map(|entry| entry.path()).filter(|p| named(p) && is_library(p)).max()
    };
    own.or_else(any)
        .ok_or_else(|| PythonError::NoLibrary { path: path.to_owned(), prefix: prefix.to_owned() })
}

/// The entries of the standard library. What is installed beside it differs between machines, and a plugin's answer
/// must not depend on it; links that lead out of the library are left out for the same reason.
fn modules(library: &Path) -> io::Result<Vec<PathBuf>> {
    const INSTALLED: [&str; 2] = ["site-packages", "dist-packages"];
    let inside = fs::canonicalize(library)?;
    let mut modules = Vec::new();
    for entry in fs::read_dir(library)? {
        let entry = entry?;
        let installed = INSTALLED.iter().any(|name| entry.file_name() == *name);
        if !installed && fs::canonicalize(entry.path()).is_ok_and(|real| real.starts_with(&inside)) {
            modules.push(entry.path());
        }
    }
    modules.sort();
    Ok(modules)
}

/// Distributions often build a small program around a library that holds the interpreter.
fn fingerprint(program: [u8; 32], libraries: &[PathBuf]) -> Result<[u8; 32], PythonError> {
    let mut all = sha2::Sha256::new();
    all.update(program);
    let core = |path: &&PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libpython"))
    };
    for path in libraries.iter().filter(core) {
        all.update(sha256(path)?);
    }
    Ok(all.finalize().into())
}

fn sha256(path: &Path) -> Result<[u8; 32], PythonError> {
    let unreadable = |source| PythonError::Unreadable { path: path.to_owned(), source };
    let mut hasher = sha2::Sha256::new();
    let mut file = File::open(path).map_err(unreadable)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer).map_err(unreadable)? {
            0 => return Ok(hasher.finalize().into()),
            n => hasher.update(&buffer[..n]),
        }
    }
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
    fn what_was_installed_is_no_module_of_the_library() {
        let root = tempfile::tempdir().unwrap();
        for path in ["os.py", "json/decoder.py", "site-packages/a.py", "dist-packages/b.py"] {
            put(&root.path().join(path), b"");
        }
        let link = |to, name: &str| std::os::unix::fs::symlink(to, root.path().join(name)).unwrap();
        link("nowhere", "broken.py");
        link("/dev/null", "sitecustomize.py");
        assert_eq!(modules(root.path()).unwrap(), [root.path().join("json"), root.path().join("os.py")]);
    }

    #[test]
    fn the_library_lies_beside_the_program_or_is_missed() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("bin/python3.12");
        assert!(matches!(library(&path), Err(PythonError::NoLibrary { .. })));
        put(&root.path().join("lib/python3.11/os.py"), b"");
        assert_eq!(library(&path).unwrap(), root.path().join("lib/python3.11"));
        put(&root.path().join("lib/python3.12/os.py"), b"");
        assert_eq!(library(&path).unwrap(), root.path().join("lib/python3.12"));
    }
}
