//! What the host hears of a launcher, from its first word until it has become the plugin.

use super::{Refusal, making};
use crate::attempt::Attempts;
use crate::child::Child;
use crate::error::SpawnError;
use crate::granted::Granted;
use crate::guarantee::{Level, Report};
use crate::linux::listener::Listener;
use crate::linux::named::Tracer;
use crate::linux::{Refusals, passing};
use crate::profile::Profile;
use crate::spec::{WORD_LIMIT, Word};
use crate::violation::Observer;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

/// How long a launcher may be silent without a sign of life; it normally needs milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many times as long it may be silent where it lives: its program may lie on a slow disk.
const LIVES: u32 = 20;

/// What is surely copied in a second into a scratch folder that is kept, in bytes and in files.
const COPIED: (u64, u64) = (16 << 20, 1000);

/// How long it may be silent with this profile.
fn patience(profile: &Profile) -> Duration {
    let (bytes, files) = COPIED;
    let copying = profile.limits.scratch_size / bytes + profile.limits.scratch_files / files;
    PATIENCE + Duration::from_secs(if profile.keep { copying } else { 0 })
}

/// Who hears of what the child does.
#[derive(Clone, Default)]
pub(super) struct Hearers {
    /// What is denied.
    pub(super) observer: Option<Observer>,
    /// Which files are named; only beside an observer.
    pub(super) attempts: Option<Arc<Attempts>>,
}

impl Hearers {
    /// Gets ready to have the calls answered that the child's filter tells of, if there is anybody to tell.
    pub(super) fn expect_listener(&self, profile: &Profile, child: &mut Child) -> io::Result<()> {
        let Some(observer) = self.observer.clone() else { return Ok(()) };
        let tracer = self.attempts.clone().map(|attempts| Tracer::new(attempts, Granted::new(profile)));
        child.expect_listener(observer, tracer)
    }
}

/// Waits until the launcher is confined and has become the plugin, or has failed. Whether it is `traced` decides what its
/// listener is told.
pub(super) fn listen(
    status: &UnixStream,
    child: &mut Child,
    profile: &Profile,
    least: Level,
    traced: bool,
) -> Result<Report, Refusal> {
    let patience = patience(profile);
    let report = loop {
        match hear(status, patience, &mut || child.signs_of_life())? {
            (Some(Word::Inside(pid)), _) => child.succeeded_by(pid)?,
            (Some(Word::Scratch), Some(folder)) => child.keep(folder),
            (Some(Word::Filtered { landlock_abi, counted }), Some(listener)) => {
                let processes = !profile.programs.is_empty();
                let refusals = Refusals::new(landlock_abi, traced, counted, processes);
                let crowd = counted.then(|| child.crowd(profile));
                let watched = child.watch(Listener::new(listener), refusals, crowd);
                if !watched.map_err(making("a process descriptor"))? {
                    return Err(SpawnError::Silent(UNASKED.to_owned()).into());
                }
            }
            (Some(Word::Confined(facts)), _) => {
                if facts.supervised {
                    child.note_supervisor();
                }
                break Report::new(&facts);
            }
            (Some(other), _) => return Err(refusal(other)),
            (None, _) => {
                return Err(SpawnError::Silent(format!("it ended with {}", ending(child))).into());
            }
        }
    };
    if let (Some(other), _) = hear(status, PATIENCE, &mut || child.signs_of_life())? {
        return Err(refusal(other));
    }
    // The launcher has judged itself already; a host of another opinion must not go on.
    match report.level >= least {
        true => Ok(report),
        false => Err(SpawnError::Weak { missing: report.missing_for(least), denied: None }.into()),
    }
}

const UNASKED: &str = "it reported what it was not asked for";

/// The launcher's next word, and the descriptor that comes along; `None` once it can say nothing more, since it has ended
/// or become the plugin.
///
/// It may be silent for longer where `life` tells more and more, which is what the system says that it has done.
fn hear(
    status: &UnixStream,
    patience: Duration,
    life: &mut dyn FnMut() -> u64,
) -> Result<(Option<Word>, Option<OwnedFd>), SpawnError> {
    let (mut lived, mut silent) = (life(), 0);
    status.set_read_timeout(Some(patience)).map_err(making("a status socket"))?;
    let mut buffer = vec![0; WORD_LIMIT];
    let (count, descriptor) = loop {
        match passing::receive(status, &mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // It has ended without hearing that it may go on, which is told once, and first; its last words come after that.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            // What the system calls the end of a read's time depends on the system.
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                silent += 1;
                let now = life();
                if now <= lived || silent == LIVES {
                    return Err(SpawnError::Silent(format!("it said nothing for {:?}", patience * silent)));
                }
                lived = now;
            }
            Err(error) => return Err(SpawnError::Silent(error.to_string())),
            Ok(heard) => break heard,
        }
    };
    if count == 0 {
        return Ok((None, None));
    }
    let word =
        serde_json::from_slice(&buffer[..count]).map_err(|error| SpawnError::Silent(error.to_string()))?;
    Ok((Some(word), descriptor))
}

fn refusal(word: Word) -> Refusal {
    Refusal::Other(match word {
        Word::Denied(denial) => return Refusal::Denied(denial),
        Word::Weak(missing) => SpawnError::Weak { missing, denied: None },
        Word::Failed { stage, reason } => SpawnError::Launcher { stage, reason },
        Word::Confined(_) | Word::Inside(_) => SpawnError::Silent("it reported twice".to_owned()),
        Word::Filtered { .. } | Word::Scratch => SpawnError::Silent(UNASKED.to_owned()),
    })
}

fn ending(child: &mut Child) -> String {
    child.wait().map_or_else(|error| error.to_string(), |status| status.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launcher_that_says_nothing_is_told_as_such() {
        let (status, _launcher) = UnixStream::pair().unwrap();
        let patience = Duration::from_millis(1);
        let error = hear(&status, patience, &mut || 7).unwrap_err();
        assert_eq!(error.to_string(), "the launcher gave no report: it said nothing for 1ms");
        // One that does something is waited for, but not for ever.
        let mut done = 0;
        let mut life = || {
            done += u64::from(done < 3);
            done
        };
        let error = hear(&status, patience, &mut life).unwrap_err();
        assert_eq!(error.to_string(), "the launcher gave no report: it said nothing for 3ms");
        let mut done = 0;
        let mut life = || {
            done += 1;
            done
        };
        let error = hear(&status, patience, &mut life).unwrap_err();
        assert_eq!(error.to_string(), "the launcher gave no report: it said nothing for 20ms");
    }
}
