//! The Node.js of the machine: found without running anything, what it needs to read, and how it is told to keep to itself.
//!
//! Its version stands in the program, or where a distribution builds a small program around a library, in that.

mod binary;

use std::io;
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use crate::shim;
use crate::trusted::{self, Found};
use binary::Binary;

/// Where it lies when the search path names none.
const USUAL: [&str; 2] = ["/usr/bin", "/usr/local/bin"];

/// The first version that plugins may be run with.
const OLDEST: u64 = 18;

/// A Node.js that plugins may be run with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The program itself: no link, no shim.
    pub path: PathBuf,
    /// Its version, as `20.11.1`.
    pub version: String,
    /// The digest of the program.
    pub sha256: [u8; 32],
    /// The digest of the program, of its core where that is a library, and of the modules outside of both.
    pub fingerprint: [u8; 32],
    /// Modules of its own that a distribution keeps as files, to be read.
    pub read: Vec<PathBuf>,
    /// The loader and the libraries that it needs, to be read and executed.
    pub execute: Vec<PathBuf>,
}

/// Why there is no Node.js.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// None was found that plugins may be run with.
    #[error(
        "there is no Node.js of version {OLDEST} or newer in {}{}{}",
        listed(looked),
        passed(older),
        trusted::passed(others)
    )]
    NotFound {
        /// The directories that were looked into.
        looked: Vec<PathBuf>,
        /// What was found there, and is too old.
        older: Vec<(PathBuf, String)>,
        /// What was found there, and could be somebody else's.
        others: Vec<PathBuf>,
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

impl Node {
    /// The first Node.js of a version that will do in `directories` (the search path of the person), or in the usual places,
    /// that nobody else could have put there; none below the `target`.
    ///
    /// The program is large: what was seen in it is noted below `cache`, and believed for as long as the file stays as it is.
    ///
    /// # Errors
    /// [`NodeError`]: there is none, or it is incomplete.
    pub fn find(
        directories: &[PathBuf],
        target: Option<&Path>,
        cache: Option<&Path>,
    ) -> Result<Node, NodeError> {
        let usual = USUAL.iter().map(PathBuf::from);
        let looked: Vec<PathBuf> =
            directories.iter().filter(|d| d.is_absolute()).cloned().chain(usual).collect();
        let mut found = Found::default();
        for path in looked.iter().filter_map(|directory| shim::program(directory, "node")) {
            found.take(path, target);
        }
        let Found { trusted, others } = found;
        let mut older = Vec::new();
        for path in trusted {
            match Node::at(&path, cache)? {
                Some(node) if major(&node.version) >= OLDEST => return Ok(node),
                Some(node) => older.push((path, node.version)),
                // It is called so, and is something else: a program that looks for the real one, say.
                None => {}
            }
        }
        Err(NodeError::NotFound { looked, older, others })
    }

    fn at(path: &Path, cache: Option<&Path>) -> Result<Option<Node>, NodeError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| NodeError::Unreadable { path, source }
        };
        let execute = probity_sandbox::runtime_libraries(path).map_err(unreadable(path))?;
        let cores = execute.iter().filter(|path| is_core(path)).map(PathBuf::as_path);
        let (mut all, mut version, mut read) = (sha2::Sha256::new(), None, Vec::new());
        let mut program = None;
        for file in [path].into_iter().chain(cores) {
            let binary = Binary::read(file, cache).map_err(unreadable(file))?;
            all.update(binary.sha256);
            program.get_or_insert(binary.sha256);
            version = version.or(binary.version);
            read.extend(binary.modules.into_iter().map(PathBuf::from).filter(|module| module.is_file()));
        }
        let (Some(sha256), Some(version)) = (program, version) else { return Ok(None) };
        for module in &read {
            all.update(sha2::Sha256::digest(std::fs::read(module).map_err(unreadable(module))?));
        }
        let (path, fingerprint) = (path.to_owned(), all.finalize().into());
        Ok(Some(Node { path, version, sha256, fingerprint, read, execute }))
    }

    /// What it is started with, to run `script` with so many bytes of memory: nothing but the package has a say in it.
    pub(crate) fn arguments(script: &Path, memory: u64) -> Vec<String> {
        // The rest is for stacks, buffers and compiled code.
        let heap = (memory >> 20) / 4 * 3;
        let options = [
            // Modules are looked for in the package and in what comes with the interpreter.
            "--no-global-search-paths".to_owned(),
            // Libraries of other machines than this one would not run.
            "--no-addons".to_owned(),
            // By default it goes by how much memory the machine has, and beyond the limit it would be ended abruptly.
            format!("--max-old-space-size={heap}"),
        ];
        options.into_iter().chain([script.to_string_lossy().into_owned()]).collect()
    }
}

fn is_core(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libnode"))
}

fn major(version: &str) -> u64 {
    version.split('.').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn passed(older: &[(PathBuf, String)]) -> String {
    older.iter().map(|(path, version)| format!("; {} is {version}", path.display())).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// Something that passes for a program that says this.
    fn program(path: &Path, says: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut bytes = fs::read("/proc/self/exe").unwrap();
        bytes.truncate(4096);
        // Nothing of it is to be loaded.
        bytes[56..58].fill(0);
        bytes.extend_from_slice(says.as_bytes());
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn what_is_too_old_or_something_else_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        let directories = ["other", "old", "same", "new"].map(|name| root.join(name));
        program(&root.join("other/node"), "a shim of some kind");
        program(&root.join("old/node"), "node.js/v16.20.2\0");
        symlink("old", root.join("same")).unwrap();
        program(&root.join("new/node"), "node.js/v18.0.0\0");
        let found = Node::find(&directories, None, None).unwrap();
        assert_eq!((found.path, found.version.as_str()), (root.join("new/node"), "18.0.0"));

        let looked = directories[..3].to_vec();
        let older = vec![(root.join("old/node"), "16.20.2".to_owned())];
        let error = NodeError::NotFound { looked, older, others: Vec::new() }.to_string();
        let at = root.display();
        assert_eq!(
            error,
            format!(
                "there is no Node.js of version 18 or newer in {at}/other, {at}/old, {at}/same; {at}/old/node is 16.20.2"
            )
        );
    }

    #[test]
    fn the_fingerprint_is_of_the_program() {
        let root = tempfile::tempdir().unwrap();
        let directories = [root.path().to_owned()];
        let found = |says| {
            program(&root.path().join("node"), says);
            Node::find(&directories, None, None).unwrap()
        };
        let (one, other) = (found("node.js/v20.1.0\0"), found("node.js/v20.1.0\0+"));
        assert_ne!(one.fingerprint, other.fingerprint);
        assert_eq!(one, found("node.js/v20.1.0\0"));
    }

    #[test]
    fn the_heap_leaves_room_for_the_rest() {
        let script = Path::new("/package/main.js");
        let expected =
            ["--no-global-search-paths", "--no-addons", "--max-old-space-size=768", "/package/main.js"];
        assert_eq!(Node::arguments(script, 1 << 30), expected);
    }
}
