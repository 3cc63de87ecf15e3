//! Verified access to the objects of one repository, on a bounded number of threads.
//!
//! Only the object directory is opened: no configuration, reference, replacement, commit-graph or attribute file of
//! anybody is read, so nothing but content named by its hash can reach an answer. Start with [`Repository::open`].

use crate::error::GitError;
use crate::gate::Gate;
use crate::ids;
use crate::reader::{Blob, Reader};
use gix::hash::Kind;
use rayon::iter::IndexedParallelIterator;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Bytes of verified objects and of delta bases that all threads together keep.
const CACHE_BYTES: usize = 32 * 1024 * 1024;

/// Says whether nobody waits for the answer any more. Asked before each object that is read.
pub type Unwanted = Arc<dyn Fn() -> bool + Send + Sync>;

/// The object directory of a repository and the threads that read it, for one question.
#[derive(Clone)]
pub struct Repository {
    shared: Arc<Shared>,
    unwanted: Option<Unwanted>,
}

/// What all questions share.
#[derive(Debug)]
struct Shared {
    objects: PathBuf,
    threads: rayon::ThreadPool,
    gate: Gate,
    sha1: OnceLock<Vec<Mutex<Reader>>>,
    sha256: OnceLock<Vec<Mutex<Reader>>>,
}

/// One [`Reader`] for each thread of the repository's pool, all of one object format.
pub struct Readers<'a> {
    seats: &'a [Mutex<Reader>],
    unwanted: Option<&'a Unwanted>,
}

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
        let shared = Shared {
            objects: git_dir.join("objects"),
            // One more than there are threads, so that none idles while an answer is put together.
            gate: Gate::new(pool.current_num_threads() + 1),
            threads: pool,
            sha1: OnceLock::new(),
            sha256: OnceLock::new(),
        };
        Ok(Self { shared: Arc::new(shared), unwanted: None })
    }

    /// The same repository for a question whose work ends, with [`GitError::Unwanted`], once nobody waits for it.
    pub fn unless(&self, unwanted: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { shared: Arc::clone(&self.shared), unwanted: Some(Arc::new(unwanted)) }
    }

    /// The content of the blob of this id.
    pub fn blob(&self, id: &str) -> Result<Blob, GitError> {
        let id = ids::parse(id)?;
        self.run(id.kind(), |readers| readers.with(|reader| reader.blob(&id)))
    }

    /// Runs `work` on the pool's threads with readers for objects of `format`.
    ///
    /// Blocks while many other calls are at work, so that memory does not grow with the number of callers.
    pub fn run<T: Send>(
        &self,
        format: Kind,
        work: impl FnOnce(&Readers<'_>) -> Result<T, GitError> + Send,
    ) -> Result<T, GitError> {
        let _turn = self.shared.gate.enter();
        let readers = Readers { seats: self.shared.readers(format)?, unwanted: self.unwanted.as_ref() };
        self.shared.threads.install(|| work(&readers))
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.fmt(f)
    }
}

impl Shared {
    fn readers(&self, format: Kind) -> Result<&[Mutex<Reader>], GitError> {
        let cell = match format {
            Kind::Sha256 => &self.sha256,
            _ => &self.sha1,
        };
        if let Some(readers) = cell.get() {
            return Ok(readers);
        }
        let seats = self.threads.current_num_threads();
        let readers = Reader::open_many(&self.objects, format, seats, CACHE_BYTES / seats)?;
        Ok(cell.get_or_init(|| readers.into_iter().map(Mutex::new).collect()))
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

impl fmt::Debug for Readers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").field("seats", &self.seats).finish_non_exhaustive()
    }
}

impl Readers<'_> {
    /// Lends this thread's reader to `work`, which must not itself split its work over threads: while it waited
    /// for its parts, one of them could ask for the same reader.
    pub fn with<T>(&self, work: impl FnOnce(&Reader) -> T) -> T {
        let seat = rayon::current_thread_index().unwrap_or(0) % self.seats.len();
        // A reader's caches are whole at each point where reading could panic.
        let mut reader = self.seats[seat].lock().unwrap_or_else(PoisonError::into_inner);
        reader.lend(self.unwanted.cloned());
        work(&reader)
    }
}
