//! What is started and what it may touch: plain data, decided by the caller.

use crate::guarantee::Level;
use std::path::PathBuf;

/// What is started, from which bytes.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A plugin that is linked into the running program.
    ///
    /// The launcher's program confines itself in [`crate::launched`] and then *returns* to its `main`, which runs the
    /// plugin's code: nothing is executed, there are no libraries to grant, and nothing to hash.
    Itself {
        /// What `main` finds in [`Confined::arguments`].
        arguments: Vec<String>,
    },
    /// A native program. Its bytes are copied to a sealed memory file, hashed there, and that very file is executed,
    /// so that nobody can change them between the check and the start.
    Native {
        /// The program, also its `argv[0]`.
        path: PathBuf,
        /// The SHA-256 that its bytes must have.
        sha256: [u8; 32],
        /// The arguments after `argv[0]`.
        arguments: Vec<String>,
    },
    /// Nothing: the child ends as soon as it is confined. It shows what this machine gives a plugin that is linked into
    /// the running program.
    Nothing,
    /// An interpreter of the machine. It is executed in place (it finds its own files by its path), through the very
    /// descriptor whose bytes were hashed; its libraries and modules must be granted in [`Profile::execute`] and
    /// [`Profile::read`].
    Interpreter {
        /// The interpreter; symbolic links are resolved, and the real path is its `argv[0]`.
        path: PathBuf,
        /// The SHA-256 that its bytes must have.
        sha256: [u8; 32],
        /// The arguments after `argv[0]`: its own options, the script, the script's arguments.
        arguments: Vec<String>,
    },
}

/// Everything that one child may do.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What is started.
    pub entry: Entry,
    /// Files and directories (with all below them) that may be read. Absolute, and existing: a missing one is an error.
    pub read: Vec<PathBuf>,
    /// The same, of what strangers have a say in: at the level *full* nothing there can be executed or mapped as a program either,
    /// also where programs run that could do so, unless it lies in what is granted otherwise.
    pub data: Vec<PathBuf>,
    /// Directories whose entries may be listed, here and below, but not read. Absolute, and existing.
    pub list: Vec<PathBuf>,
    /// Files and directories that may be read and executed: the dynamic loader and libraries
    /// (see [`crate::runtime_libraries`]). Absolute, and existing.
    pub execute: Vec<PathBuf>,
    /// Programs that it may start beside its own, with the dynamic loaders that they name, and directories of such: files that
    /// may be read and executed. Absolute, and existing. If there are any, it may have other processes, which end with it;
    /// otherwise it has none. The libraries that they need are for [`Profile::read`].
    pub programs: Vec<PathBuf>,
    /// A private directory that may be written; it is also the working directory, which otherwise is `/`. At the level
    /// *full* the child sees an empty file system in memory there, which ends with it.
    pub scratch: Option<PathBuf>,
    /// Whether the child finds in its scratch directory what lies there now, and what it leaves is to be read afterwards (see
    /// [`crate::Child::left`]).
    pub keep: bool,
    /// The whole environment: nothing is inherited.
    pub environment: Vec<(String, String)>,
    /// The resources that it may use.
    pub limits: Limits,
    /// The level that it demands for its own part. It can demand more than the host does, never less.
    pub least: Level,
}

/// The resources that a child may use.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Bytes of private writable memory (file mappings that are only read do not count).
    pub memory: u64,
    /// Seconds of processor time of the whole life of the process; a backstop, a call's deadline is the host's.
    pub cpu_seconds: u64,
    /// Open descriptors.
    pub files: u64,
    /// Bytes of the largest file that may be written.
    pub file_size: u64,
    /// Threads. At the level *standard* they are counted with the user's other tasks, hence approximately, and the kernel
    /// does not apply the limit to uid 0, which is killed soon after it has more. Where it may start processes, theirs count
    /// too. At the level *full* no fewer than 300 can be demanded of a plugin of uid 0.
    pub tasks: u64,
    /// Bytes of all files in the scratch directory. At the level *full* there is room for no more; elsewhere a child that has
    /// more is killed soon.
    pub scratch_size: u64,
    /// Files and directories in the scratch directory, itself included; bounded in the same way.
    pub scratch_files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory: 1 << 30,
            cpu_seconds: 3600,
            files: 256,
            file_size: 64 << 20,
            tasks: 64,
            scratch_size: 64 << 20,
            scratch_files: 4096,
        }
    }
}

/// The proof that this process is confined: what [`crate::launched`] returns for [`Entry::Itself`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Confined {
    /// The arguments of the entry.
    pub arguments: Vec<String>,
}
