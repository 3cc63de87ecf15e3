//! Staying on one processor for a while.

use std::mem::MaybeUninit;

/// The processors that this process may run on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Processors(libc::cpu_set_t);

impl Processors {
    /// Keeps this process, and those that it forks, to the processor that it runs on. `None` if that cannot be done.
    ///
    /// A process that is forked and awaited at once need not wait its turn on another processor, which matters on a busy
    /// machine.
    pub(super) fn keep_to_this() -> Option<Processors> {
        let mut all = MaybeUninit::<libc::cpu_set_t>::zeroed();
        // SAFETY: `all` has room for the set and is valid when zero, and the sets are as large as is said.
        unsafe {
            if libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), all.as_mut_ptr()) != 0 {
                return None;
            }
            let mut one = MaybeUninit::<libc::cpu_set_t>::zeroed().assume_init();
            let here = usize::try_from(libc::sched_getcpu()).ok()?;
            if here >= 8 * size_of::<libc::cpu_set_t>() {
                return None;
            }
            libc::CPU_SET(here, &mut one);
            let kept = libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const one) == 0;
            kept.then(|| Processors(all.assume_init()))
        }
    }

    /// Lets this process run on all of them again, as far as they are still there.
    pub(super) fn release(self) {
        // SAFETY: the set is as large as is said.
        unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const self.0) };
    }
}
