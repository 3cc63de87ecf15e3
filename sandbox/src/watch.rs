//! Answers the calls that a child's filter denies, and tells of them; of a traced child also those that name files, which are
//! noted and go on.
//!
//! The kernel holds a denied call until it is answered, so nothing here may wait long for anything but the child: a thread
//! for each child does nothing but answer, and what there is to tell goes to another one, started when there is something. That
//! one gets a moment for each thing, so that what a child was denied is told before the child goes on; if it once takes
//! longer, the child no longer waits for it.
//! Should the host end, the kernel answers with `ENOSYS`.

use crate::crowd::Crowd;
use crate::linux::listener::{Event, Listener};
use crate::linux::named::Tracer;
use crate::linux::{Refusals, TESTED, Verdict};
use crate::violation::{Observer, Violation};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How many kinds of calls are told of for one child.
const KINDS: usize = 16;
/// After so many denied calls the listener is given up, and the kernel answers the rest: a child cannot keep the host busy. That
/// of a traced child is kept, since the kernel would deny it all files.
const ANSWERED: u64 = 10_000;
/// How long the telling of one thing may hold up the child, until it took longer once.
const MOMENT: Duration = Duration::from_millis(50);
/// Neither thread does much.
const STACK: usize = 256 << 10;

/// How long after the child's end the last answer may take. What a traced child names is looked at meanwhile, and a file system
/// that no longer answers holds up whoever looks at it, for ever perhaps.
const PATIENCE: Duration = Duration::from_secs(5);

/// The thread that answers. Dropping it waits until all is told, which is when the child has ended.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Where it waits for what it is to answer; `None` once it has that.
    begin: Option<mpsc::Sender<Watched>>,
    thread: Option<JoinHandle<()>>,
    /// Has no sender any more once nothing is left to be answered.
    answering: mpsc::Receiver<Infallible>,
    patience: Duration,
}

/// What is answered: a filter's calls, as long as the process lives that the descriptor names, and how.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) listener: Listener,
    pub(crate) pidfd: OwnedFd,
    pub(crate) refusals: Refusals,
    /// Its threads, where they are counted.
    pub(crate) crowd: Option<Crowd>,
}

impl Watch {
    /// Gets ready, which is best done while the child is not: it waits for an answer soon.
    pub(crate) fn new(observer: Observer, mut tracer: Option<Tracer>) -> io::Result<Watch> {
        let mut telling = Telling::new(observer);
        Watch::spawn(PATIENCE, move |watched, over| {
            // If it fails, there is nothing to answer.
            let Ok(mut watched) = watched.recv() else { return };
            answer(&mut watched, &mut telling, tracer.as_mut());
            // From here on the kernel answers.
            drop((watched, over));
            telling.finish();
        })
    }

    /// Has a thread do this with what it is to answer; it drops the other thing it is given once all is answered.
    fn spawn(
        patience: Duration,
        watching: impl FnOnce(mpsc::Receiver<Watched>, mpsc::Sender<Infallible>) + Send + 'static,
    ) -> io::Result<Watch> {
        let ((begin, watched), (over, answering)) = (mpsc::channel(), mpsc::channel());
        let thread = thread::Builder::new().name("sandbox-watch".to_owned()).stack_size(STACK);
        let thread = Some(thread.spawn(move || watching(watched, over))?);
        Ok(Watch { begin: Some(begin), thread, answering, patience })
    }

    /// Begins to answer a child, whose first denied calls are the launcher's test of itself. Nothing, if it
    /// has begun already.
    pub(crate) fn begin(&mut self, watched: Watched) {
        if let Some(begin) = self.begin.take() {
            // The thread is there until it has been given something.
            let _ = begin.send(watched);
        }
    }

    /// Whether it answers.
    pub(crate) fn has_begun(&self) -> bool {
        self.begin.is_none()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.begin = None;
        let held_up = self.answering.recv_timeout(self.patience) == Err(RecvTimeoutError::Timeout);
        // One that is held up ends by itself when it can, and does nothing then but to tell.
        if let Some(thread) = self.thread.take().filter(|_| !held_up) {
            // It has told nobody anything if it has panicked, and there is nobody to tell of that.
            let _ = thread.join();
        }
    }
}

fn answer(watched: &mut Watched, telling: &mut Telling, mut tracer: Option<&mut Tracer>) {
    let Watched { listener, pidfd, refusals, crowd } = watched;
    let mut answered = 0;
    loop {
        let call = match listener.next(pidfd) {
            Ok(Event::Called(call)) => call,
            // Whoever made it is gone.
            Ok(Event::Withdrawn) => continue,
            Ok(Event::Ended) | Err(_) => return,
        };
        let refusal = match refusals.of(&call) {
            Verdict::GoesOn(named) => {
                // What the launcher names before it has tested itself is not the child's.
                if let Some(tracer) = tracer.as_mut().filter(|_| answered >= TESTED) {
                    tracer.note(listener, &call, named);
                }
                None
            }
            Verdict::Starts(refusal) => {
                let admitted = crowd.as_mut().is_none_or(|crowd| crowd.admits(call.thread()));
                (!admitted).then_some(refusal)
            }
            Verdict::Refused(refusal) => Some(refusal),
        };
        match refusal {
            None => listener.let_go_on(&call),
            Some(refusal) => {
                if answered >= TESTED {
                    telling.tell(refusal.call, refusal.reason);
                }
                listener.refuse(&call, refusal.error);
                answered += 1;
            }
        }
        if answered > ANSWERED && tracer.is_none() {
            return;
        }
    }
}

/// What has been told of a child.
struct Telling {
    observer: Option<Observer>,
    told: BTreeSet<String>,
    more: u64,
    teller: Option<Teller>,
    /// Whether the observer has been quick so far.
    quick: bool,
}

/// The thread that tells, what it is given, and what it says when it has told something.
struct Teller {
    violations: mpsc::Sender<Violation>,
    told: mpsc::Receiver<()>,
    thread: JoinHandle<()>,
}

impl Telling {
    fn new(observer: Observer) -> Telling {
        Telling { observer: Some(observer), told: BTreeSet::new(), more: 0, teller: None, quick: true }
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
            self.teller = Teller::new(observer).ok();
        }
        if let Some(Teller { violations, told, .. }) = &self.teller {
            // Fails only if the observer has panicked, in which case there is nothing to wait for.
            let sent = violations.send(violation).is_ok();
            if self.quick && sent {
                self.quick = told.recv_timeout(MOMENT).is_ok();
            }
        }
    }

    fn finish(mut self) {
        if self.more > 0 {
            self.send(Violation::More { calls: self.more });
        }
        if let Some(Teller { violations, thread, .. }) = self.teller {
            drop(violations);
            let _ = thread.join();
        }
    }
}

impl Teller {
    fn new(observer: Observer) -> io::Result<Teller> {
        let (violations, given) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let telling = move || {
            for violation in given {
                observer(violation);
                // Nobody may be waiting for it any more.
                let _ = tell.send(());
            }
        };
        let thread =
            thread::Builder::new().name("sandbox-tell".to_owned()).stack_size(STACK).spawn(telling)?;
        Ok(Teller { violations, told, thread })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn an_answer_that_never_comes_holds_up_nobody() {
        let (held, holding) = mpsc::channel::<()>();
        let watching = move |_, over| {
            let _ = holding.recv();
            drop(over);
        };
        drop(Watch::spawn(Duration::from_millis(1), watching).unwrap());
        drop(held);
    }

    #[test]
    fn all_is_told_first_however_long_that_takes() {
        let told = Arc::new(AtomicBool::new(false));
        let teller = told.clone();
        let watching = move |_, over| {
            drop(over);
            teller.store(true, Ordering::Release);
        };
        drop(Watch::spawn(PATIENCE, watching).unwrap());
        assert!(told.load(Ordering::Acquire));
    }
}
