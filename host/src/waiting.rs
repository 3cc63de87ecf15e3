//! Waiting for work that nobody may want any more.

use tokio::runtime::Handle;

use crate::gate::SLICE;

/// Runs `work` on a thread of its own and waits for it, or until `unwanted` says that nobody waits for it; then it ends
/// by itself and what it came to is dropped.
pub(crate) fn apart<T: Send + 'static>(
    runtime: &Handle,
    unwanted: &dyn Fn() -> bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    match unless(runtime, unwanted, runtime.spawn_blocking(work))? {
        Ok(done) => Some(done),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends: nobody waits any more.
            Err(_) => None,
        },
    }
}

/// Runs `work` until it is done, or until `unwanted` says that nobody waits for it.
pub(crate) fn unless<T>(
    runtime: &Handle,
    unwanted: &dyn Fn() -> bool,
    work: impl Future<Output = T>,
) -> Option<T> {
    runtime.block_on(async {
        tokio::pin!(work);
        loop {
            match tokio::time::timeout(SLICE, &mut work).await {
                Ok(done) => return Some(done),
                Err(_) if unwanted() => return None,
                Err(_) => {}
            }
        }
    })
}
