//! Verified access to the objects of one repository, on a bounded number of threads.
//!
//! Only the object directory is opened: no configuration, reference, replacement, commit-graph or attribute file of
//! anybody is read, so nothing but content named by its hash can reach an answer. Start with [`Repository::open`].

mod cache;
mod gate;
mod reader;

pub use cache::Bounded;
pub use reader::{Blob, HUGE_BYTES, MAX_BYTES, Reader};

use crate::error::GitError;
use gate::Gate;
use gix::hash::Kind;
use rayon::iter::IndexedParallelIterator;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Bytes of verified objects and of delta bases that all threads together keep.
const CACHE_BYTES: usize = 32 * 1024 * 1024;

/// The object directory of a repository and the threads that read it.
#[derive(Debug)]
pub struct Repository {
    objects: PathBuf,
    threads: rayon::ThreadPool,
    gate: Gate,
    sha1: OnceLock<Readers>,
    sha256: OnceLock<Readers>,
}

/// One [`Reader`] for each thread of the repository's pool, all of one object format.
#[derive(Debug)]
pub struct Readers(Vec<Mutex<Reader>>);

impl Repository {
    /// Opens the git directory `git_dir` with as many threads as the machine offers this process.
    pub fn open(git_dir: &Path) -> Result<Self, GitError> {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        Self::with_threads(git_dir, threads)
    }

    /// Opens the git directory `git_dir` with exactly `threads` threads.
    pub fn with_threads(git_dir: &Path, threads: usize) -> Result<Self, GitError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|n| format!("objects-{n}"))
            .build()
            .map_err(GitError::Threads)?;
        Ok(Self {
            objects: git_dir.join("objects"),
            // One more than there are threads, so that none idles while an answer is put together.
            gate: Gate::new(pool.current_num_threads() + 1),
            threads: pool,
            sha1: OnceLock::new(),
            sha256: OnceLock::new(),
        })
    }

    /// Runs `work` on the pool's threads with readers for objects of `format`.
    ///
    /// Blocks while many other calls are at work, so that memory does not grow with the number of callers.
    pub fn run<T: Send>(
        &self,
        format: Kind,
        work: impl FnOnce(&Readers) -> Result<T, GitError> + Send,
    ) -> Result<T, GitError> {
        let _turn = self.gate.enter();
        let readers = self.readers(format)?;
        self.threads.install(|| work(readers))
    }

    fn readers(&self, format: Kind) -> Result<&Readers, GitError> {
        let cell = match format {
            Kind::Sha256 => &self.sha256,
            _ => &self.sha1,
        };
        if let Some(readers) = cell.get() {
            return Ok(readers);
        }
        let seats = self.threads.current_num_threads();
        let readers = Reader::open_many(&self.objects, format, seats, CACHE_BYTES / seats)?;
        Ok(cell.get_or_init(|| Readers(readers.into_iter().map(Mutex::new).collect())))
    }
}

/// What parallel work came to, batch after batch; or the first error in the order of the work, not of time: the same words
/// each time.
pub fn in_order<T: Send>(
    batches: impl IndexedParallelIterator<Item = Result<Vec<T>, GitError>>,
) -> Result<Vec<T>, GitError> {
    let batches: Vec<Result<Vec<T>, GitError>> = batches.collect();
    let mut all = Vec::new();
    for batch in batches {
        all.append(&mut batch?);
    }
    Ok(all)
}

impl Readers {
    /// Lends this thread's reader to `work`, which must not itself split its work over threads: while it waited
    /// for its parts, one of them could ask for the same reader.
    pub fn with<T>(&self, work: impl FnOnce(&Reader) -> T) -> T {
        let seat = rayon::current_thread_index().unwrap_or(0) % self.0.len();
        // A reader's caches are whole at each point where reading could panic.
        let reader = self.0[seat].lock().unwrap_or_else(PoisonError::into_inner);
        work(&reader)
    }
}
