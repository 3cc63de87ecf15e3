//! SIGKILL at any moment: pairs of checks on one cache are killed again and again, most of them inside an open write
//! transaction. Afterwards no record is damaged and the next check gives the right report.
//!
//! That a check is inside is seen from outside: it is stopped first, and the kernel is asked who holds the lock that
//! SQLite takes for a write transaction. A stopped process cannot let go of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use probity_tests::{Lab, Repository};
use rustix::process::{
    Flock, FlockOffsetType, FlockType, Pid, Signal, WaitId, WaitIdOptions, fcntl_getlk, kill_process, waitid,
};

const KILLS: u32 = 200;
const INSIDE: u32 = 100;
/// Pairs of checks that are started at most; some end before they can be killed.
const PAIRS: u32 = 400;
const COMMITS: u64 = 40;

/// Bytes of the shared-memory file that stand for the locks of a write-ahead log.
const WRITE_LOCK: u64 = 120;
const RECOVER_LOCK: u64 = 122;

/// Who holds one of those locks.
fn holder(shm: &Path, byte: u64) -> Option<Pid> {
    let file = File::options().read(true).write(true).open(shm).ok()?;
    let wanted = Flock {
        start: byte,
        length: 1,
        pid: None,
        typ: FlockType::WriteLock,
        offset_type: FlockOffsetType::Set,
    };
    fcntl_getlk(&file, &wanted).ok()?.and_then(|held| held.pid)
}

/// One check, and when it is to be killed.
struct Victim {
    child: Child,
    aim: Aim,
    holding: bool,
    polls: u32,
}

enum Aim {
    /// In the so-manieth of its transactions that is seen.
    Inside(u32),
    /// When it was looked at so often.
    Anywhere(u32),
}

/// What became of a look at a victim.
enum Look {
    Lives,
    Ended,
    Killed { inside: bool },
}

impl Victim {
    fn start(lab: &Lab, repository: &Repository, number: u32) -> Victim {
        let revision = format!("HEAD~{}", u64::from(number) * 7 % COMMITS);
        let day = format!("2026-{:02}-{:02}", 6 + number / 28 % 6, 1 + number % 28);
        let child = lab
            .command()
            .args(["check", repository.path().to_str().unwrap(), "--rev", &revision, "--now", &day])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let aim = match number % 5 {
            4 => Aim::Anywhere(number * 37 % 900),
            3 => Aim::Inside(2),
            _ => Aim::Inside(1),
        };
        Victim { child, aim, holding: false, polls: 0 }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn look(&mut self, shm: &Path) -> Look {
        if self.child.try_wait().unwrap().is_some() {
            return Look::Ended;
        }
        self.polls += 1;
        let holds = holder(shm, WRITE_LOCK) == Some(self.pid());
        let begun = holds && !std::mem::replace(&mut self.holding, holds);
        let now = match &mut self.aim {
            Aim::Inside(left) => {
                *left -= u32::from(begun && *left > 0);
                begun && *left == 0
            }
            Aim::Anywhere(polls) => self.polls > *polls,
        };
        if now { self.strike(shm) } else { Look::Lives }
    }

    /// Stops the process, looks whether it is inside a transaction, and kills it unless it should be and is not.
    fn strike(&mut self, shm: &Path) -> Look {
        kill_process(self.pid(), Signal::STOP).unwrap();
        let seen = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        if !waitid(WaitId::Pid(self.pid()), seen).unwrap().is_some_and(|status| status.stopped()) {
            return Look::Ended;
        }
        // Who mends the log's index after a kill holds that lock too, without a transaction.
        let inside =
            holder(shm, WRITE_LOCK) == Some(self.pid()) && holder(shm, RECOVER_LOCK) != Some(self.pid());
        if let (Aim::Inside(left), false) = (&mut self.aim, inside) {
            *left = 1;
            kill_process(self.pid(), Signal::CONT).unwrap();
            return Look::Lives;
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        Look::Killed { inside }
    }
}

/// Starts two checks and kills what can be caught of them. Returns how many were, and how many of these inside.
fn pair(lab: &Lab, repository: &Repository, number: u32, shm: &Path) -> (u32, u32) {
    let mut victims: Vec<Victim> =
        [2 * number, 2 * number + 1].map(|number| Victim::start(lab, repository, number)).into();
    let (mut kills, mut inside) = (0, 0);
    while !victims.is_empty() {
        victims.retain_mut(|victim| match victim.look(shm) {
            Look::Lives => true,
            Look::Ended => false,
            Look::Killed { inside: was } => {
                kills += 1;
                inside += u32::from(was);
                false
            }
        });
        // Leaves the processors to the checks; nothing depends on how long this takes.
        std::thread::sleep(Duration::from_micros(25));
    }
    (kills, inside)
}

#[test]
fn two_hundred_kills_of_two_concurrent_checks_damage_no_record_and_no_report() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(COMMITS + 1);
    let shm: PathBuf = lab.path("cache/store/memos.sqlite-shm");
    let (mut kills, mut inside, mut pairs) = (0, 0, 0);
    while (kills < KILLS || inside < INSIDE) && pairs < PAIRS {
        let (more, more_inside) = pair(&lab, &repository, pairs, &shm);
        (kills, inside, pairs) = (kills + more, inside + more_inside, pairs + 1);
    }
    // Past the capture of the test harness: these figures are the point.
    let line = format!("{kills} of {} checks killed, {inside} of them inside a write transaction", 2 * pairs);
    writeln!(std::io::stderr(), "{line}").unwrap();
    assert!(kills >= KILLS && inside >= INSIDE, "{line}");

    let verified = lab.probity(["cache", "verify"]).expect(0).stdout;
    writeln!(std::io::stderr(), "then: {}", verified.trim_end()).unwrap();
    assert!(verified.ends_with(" records, 0 damaged\n") && !verified.starts_with("0 "), "{verified}");
    let fresh = Lab::new();
    for revision in ["HEAD", "HEAD~7", "HEAD~21"] {
        let arguments = ["--rev", revision, "--format", "json"];
        let after = lab.check(repository.path(), &arguments);
        assert!(!after.stderr.contains("warning"), "{}", after.stderr);
        assert_eq!(after.stdout, fresh.check(repository.path(), &arguments).stdout, "{revision}");
    }
    assert_eq!(lab.check(repository.path(), &["--rev", "HEAD"]).stat("executed"), 0);
}
