//! Answers the calls that a child's filter denies, and tells of them.
//!
//! The kernel holds a denied call until it is answered, so nothing here may wait for anything but the child: a thread for
//! each child does nothing but answer, and what there is to tell goes to another one, started when there is something.
//! Should the host end, the kernel answers with `ENOSYS`.

use crate::linux::listener::{Event, Listener};
use crate::linux::{Refusals, TESTED};
use crate::violation::{Observer, Violation};
use std::collections::BTreeSet;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

/// How many kinds of calls are told of for one child.
const KINDS: usize = 16;
/// After so many denied calls the listener is given up, and the kernel answers the rest: a child cannot keep the host busy.
const ANSWERED: u64 = 10_000;
/// Neither thread does much.
const STACK: usize = 256 << 10;

/// The thread that answers. Dropping it waits until all is told, which is when the child has ended.
#[derive(Debug)]
pub(crate) struct Watch(Option<JoinHandle<()>>);

impl Watch {
    /// Begins to answer. `pidfd` is of the child, whose first denied calls are the launcher's test of itself.
    pub(crate) fn new(
        listener: Listener,
        pidfd: OwnedFd,
        refusals: Refusals,
        observer: Observer,
    ) -> io::Result<Watch> {
        let mut telling = Telling::new(observer);
        let watching = move || {
            answer(&listener, &pidfd, &refusals, &mut telling);
            // From here on the kernel answers.
            drop(listener);
            telling.finish();
        };
        let thread =
            thread::Builder::new().name("sandbox-watch".to_owned()).stack_size(STACK).spawn(watching)?;
        Ok(Watch(Some(thread)))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // It has told nobody anything if it has panicked, and there is nobody to tell of that.
            let _ = thread.join();
        }
    }
}

fn answer(listener: &Listener, pidfd: &OwnedFd, refusals: &Refusals, telling: &mut Telling) {
    for answered in 0.. {
        let call = match listener.next(pidfd) {
            Ok(Event::Denied(call)) => call,
            // Whoever made it is gone.
            Ok(Event::Withdrawn) => continue,
            Ok(Event::Ended) | Err(_) => return,
        };
        let refusal = refusals.of(&call);
        // The answer goes first: the child must not wait for those who are told.
        listener.answer(&call, refusal.error);
        if answered >= TESTED {
            telling.tell(refusal.call, refusal.reason);
        }
        if answered >= ANSWERED {
            return;
        }
    }
}

/// What has been told of a child.
struct Telling {
    observer: Option<Observer>,
    told: BTreeSet<String>,
    more: u64,
    teller: Option<(mpsc::Sender<Violation>, JoinHandle<()>)>,
}

impl Telling {
    fn new(observer: Observer) -> Telling {
        Telling { observer: Some(observer), told: BTreeSet::new(), more: 0, teller: None }
    }

    fn tell(&mut self, call: String, reason: &'static str) {
        if self.told.contains(&call) {
            return;
        }
        if self.told.len() == KINDS {
            self.more += 1;
            return;
        }
        self.told.insert(call.clone());
        self.send(Violation::Denied { call, reason });
    }

    fn send(&mut self, violation: Violation) {
        if let Some(observer) = self.observer.take() {
            let (sender, violations) = mpsc::channel();
            let telling = move || violations.into_iter().for_each(|violation| observer(violation));
            let thread =
                thread::Builder::new().name("sandbox-tell".to_owned()).stack_size(STACK).spawn(telling);
            self.teller = thread.ok().map(|thread| (sender, thread));
        }
        if let Some((sender, _)) = &self.teller {
            // Fails only if the observer has panicked.
            let _ = sender.send(violation);
        }
    }

    fn finish(mut self) {
        if self.more > 0 {
            self.send(Violation::More { calls: self.more });
        }
        if let Some((sender, thread)) = self.teller {
            drop(sender);
            let _ = thread.join();
        }
    }
}
