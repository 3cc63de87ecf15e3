//! The end of a session beside what is done meanwhile: plugins are ended and what was learnt goes to the disk while it is judged and noted.

use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;
use probity_engine::{Engine, StoreError};
use probity_host::Host;

/// A session that is being closed. Dropping it waits until that is done.
#[derive(Debug)]
pub struct Closing {
    left: Mutex<Option<Left>>,
    unkept: OnceLock<Option<StoreError>>,
}

/// What is left to do.
#[derive(Debug)]
enum Left {
    /// Plugins were started: what was learnt is kept, and they are ended, each in a thread where the system gives one.
    Beside {
        engine: Engine,
        host: Arc<Host>,
        keeping: Option<JoinHandle<Result<(), StoreError>>>,
        shutting_down: Option<JoinHandle<()>>,
    },
    /// It is short, and done by who waits for it.
    Nothing(Engine),
}

impl Closing {
    /// Begins, beside other work if plugins were started.
    pub(crate) fn begin(engine: Engine, host: Arc<Host>) -> Closing {
        let left = if host.stats().plugin_processes == 0 {
            Left::Nothing(engine)
        } else {
            let (kept, ended) = (engine.clone(), Arc::clone(&host));
            let keeping = thread::Builder::new().spawn(move || kept.close()).ok();
            let shutting_down = thread::Builder::new().spawn(move || ended.shutdown()).ok();
            Left::Beside { engine, host, keeping, shutting_down }
        };
        Closing { left: Mutex::new(Some(left)), unkept: OnceLock::new() }
    }

    /// What is over already.
    pub(crate) fn done(kept: Result<(), StoreError>) -> Closing {
        Closing { left: Mutex::new(None), unkept: OnceLock::from(kept.err()) }
    }

    /// Waits for the end; why not all that was learnt could be kept, if so.
    pub fn unkept(&self) -> Option<&StoreError> {
        let end = || match self.left.lock().take()? {
            Left::Beside { engine, host, keeping, shutting_down } => {
                let kept = keeping.map_or_else(
                    || engine.close(),
                    |thread| thread.join().unwrap_or(Err(StoreError::Panicked)),
                );
                // What panics there has killed its plugins.
                shutting_down.map_or_else(|| host.shutdown(), |thread| drop(thread.join()));
                kept.err()
            }
            Left::Nothing(engine) => engine.close().err(),
        };
        self.unkept.get_or_init(end).as_ref()
    }

    /// The same, for who wants nothing else of it.
    pub(crate) fn ended(mut self) -> Result<(), StoreError> {
        let _ = self.unkept();
        self.unkept.take().flatten().map_or(Ok(()), Err)
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let _ = self.unkept();
    }
}
