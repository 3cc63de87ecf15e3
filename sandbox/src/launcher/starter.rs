//! The thread that starts processes: a template once, and copies of it.

use crate::error::SpawnError;
use crate::linux::template::{Copy, Template};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc;
use std::thread;

/// The sending half to the thread that starts processes. Keeping one keeps the thread alive.
#[derive(Clone, Debug)]
pub(crate) struct Starter(mpsc::Sender<Errand>);

#[derive(Debug)]
enum Errand {
    /// A start may follow.
    Prepare,
    Start(Copy, mpsc::Sender<Result<i32, SpawnError>>),
}

impl Starter {
    /// The program is started for the first child, and copies of that process are all children.
    pub(super) fn new(program: OwnedFd) -> io::Result<Starter> {
        let (sender, errands) = mpsc::channel::<Errand>();
        thread::Builder::new().name("sandbox-start".to_owned()).spawn(move || {
            let mut template = None;
            for errand in errands {
                match errand {
                    Errand::Prepare if template.is_none() => template = Template::start(&program).ok(),
                    Errand::Prepare => {}
                    Errand::Start(copy, answer) => {
                        let started = start(&program, &mut template, &copy);
                        // The child's ends must be closed before the answer, so that an early end of the child is noticed.
                        drop(copy);
                        let _ = answer.send(started);
                    }
                }
            }
        })?;
        Ok(Starter(sender))
    }

    pub(super) fn prepare(&self) {
        // Without the thread there will be no start.
        let _ = self.0.send(Errand::Prepare);
    }

    pub(super) fn start(&self, copy: Copy) -> Result<i32, SpawnError> {
        let gone = || SpawnError::Start(io::Error::other("the thread that starts processes has ended"));
        let (answer, started) = mpsc::channel();
        self.0.send(Errand::Start(copy, answer)).map_err(|_| gone())?;
        started.recv().map_err(|_| gone())?
    }
}

/// A copy of the template, which is started if there is none, or none any more: anybody may have killed it.
fn start(program: &OwnedFd, kept: &mut Option<Template>, copy: &Copy) -> Result<i32, SpawnError> {
    if let Some(template) = kept.take() {
        match template.copy(copy) {
            Err(None) => {}
            Err(Some(error)) => return Err(error),
            Ok(pid) => {
                *kept = Some(template);
                return Ok(pid);
            }
        }
    }
    let template = Template::start(program).map_err(SpawnError::Start)?;
    match template.copy(copy) {
        Ok(pid) => {
            *kept = Some(template);
            Ok(pid)
        }
        Err(Some(error)) => Err(error),
        Err(None) => Err(SpawnError::Silent(format!("it ended with {}", template.ending()))),
    }
}
