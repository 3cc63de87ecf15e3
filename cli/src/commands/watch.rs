//! `probity check --watch`: checks, and checks again after each change, until it is told to end.
//!
//! One thread decides, here: it hears of the file system, of signals and of finished checks through one channel. Another
//! one runs the checks. A change ends the check that runs, since its report would be of the past.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Instant, SystemTime};

use probity_assess::check::{CheckError, Checked};
use probity_assess::live::{Change, Live, Round};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::args::{CheckArgs, Format};
use crate::commands::check::{exit, note, remarks, settings, stats, weaker};
use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::tame;
use crate::progress::Spinner;
use crate::render::{self, Layout};
use crate::watch::files::{Folders, Meaning, Notice, cannot};
use crate::watch::quiet::Quiet;
use crate::watch::today::Today;
use crate::watch::{Cause, told};

/// The status of a process that a second Ctrl-C ends.
const INTERRUPTED: i32 = 130;

/// What the deciding thread hears.
#[derive(Debug)]
enum Event {
    Noticed(Notice),
    /// It is known what is to be watched, or that there is nothing.
    Looked(Result<bool, CheckError>),
    /// A check has ended.
    Ended {
        began: Instant,
        causes: BTreeSet<Cause>,
        round: Result<Round, CheckError>,
    },
    /// The thread that checks has panicked, and said so.
    Broken,
    /// Ctrl-C, or what asks a program to end.
    End,
}

pub(crate) fn watch(cx: &Context, args: &CheckArgs) -> Ended {
    let settings = settings(args)?;
    let (hear, heard) = mpsc::channel();
    end_on_signals(hear.clone())?;
    let spinner = Arc::new(Spinner::new(&cx.printer, cx.verbose));
    let today = Today::new(settings.day.clone(), args.subject.now.is_some());
    let live = Live::open(settings, spinner.clone())?;
    let noticed = hear.clone();
    // Whoever decides has ended: then nobody need hear.
    let folders = Folders::new(move |notice| drop(noticed.send(Event::Noticed(notice))))?;
    let run = runner(live.clone(), spinner, hear)?;
    let mut watch = Watch {
        cx,
        args,
        live: live.clone(),
        folders,
        run,
        heard,
        quiet: Quiet::default(),
        because: BTreeSet::new(),
        today,
        rounds: 0,
        ready: false,
        waiting: false,
        remarks: Vec::new(),
        held: None,
        told: String::new(),
        last: Exit::NothingJudged,
    };
    let ended = watch.until_the_end();
    // What could not be kept is computed again some day.
    let _ = live.close();
    ended
}

/// Sends an event for the first signal; a second one ends the process at once.
fn end_on_signals(hear: Sender<Event>) -> Result<(), CliError> {
    let failed = |error: std::io::Error| CliError::failed(&error).while_doing("cannot wait for signals");
    let again = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, INTERRUPTED, again.clone())
            .map_err(failed)?;
        signal_hook::flag::register(signal, again.clone()).map_err(failed)?;
    }
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || signals.forever().take(1).for_each(|_| drop(hear.send(Event::End))))
        .map_err(failed)?;
    Ok(())
}

/// Looks what is to be watched, and then runs a check for each message, which says what it is for.
fn runner(
    live: Live,
    spinner: Arc<Spinner>,
    hear: Sender<Event>,
) -> Result<Sender<BTreeSet<Cause>>, CliError> {
    let (run, wanted) = mpsc::channel();
    let checks = move || {
        let _broken = Broken(hear.clone());
        if hear.send(Event::Looked(live.look())).is_err() {
            return;
        }
        for causes in wanted {
            let began = Instant::now();
            spinner.begin();
            let round = live.check(&|analysis, result| {
                spinner.judged(&analysis.name, render::verdict((&result.judged.verdict).into()));
            });
            spinner.finish();
            if hear.send(Event::Ended { began, causes, round }).is_err() {
                return;
            }
        }
    };
    let started = thread::Builder::new().name("checks".into()).spawn(checks);
    started.map_err(|error| CliError::failed(&error).while_doing("cannot start a thread"))?;
    Ok(run)
}

/// Tells of a panic of its thread: a watch that checks nothing any more must not go on.
struct Broken(Sender<Event>);

impl Drop for Broken {
    fn drop(&mut self) {
        if thread::panicking() {
            // Whoever decides has ended: then nobody need hear.
            let _ = self.0.send(Event::Broken);
        }
    }
}

/// A watch that goes on.
struct Watch<'a> {
    cx: &'a Context,
    args: &'a CheckArgs,
    live: Live,
    folders: Folders,
    run: Sender<BTreeSet<Cause>>,
    heard: Receiver<Event>,
    quiet: Quiet,
    /// What was not reported on yet.
    because: BTreeSet<Cause>,
    today: Today,
    /// How many checks were reported.
    rounds: u64,
    /// Whether the person was told that changes are noticed from now on.
    ready: bool,
    /// Whether the repository is gone, and the person was told that another one is waited for.
    waiting: bool,
    remarks: Vec<String>,
    /// A report that is told if nothing has changed once git has done what it does.
    held: Option<Box<Checked>>,
    /// The last report or error, so that none is told twice in a row.
    told: String,
    last: Exit,
}

impl Watch<'_> {
    fn until_the_end(&mut self) -> Ended {
        loop {
            let event = match self.next_due() {
                Some(due) => self.heard.recv_timeout(due.saturating_duration_since(Instant::now())),
                None => self.heard.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(Event::End) => return Ok(self.last),
                Ok(Event::Broken) => {
                    return Err(CliError::failed(&std::io::Error::other(
                        "the check broke off: a fault of Probity",
                    )));
                }
                Ok(Event::Noticed(notice)) => self.notice(notice)?,
                Ok(Event::Looked(looked)) => self.looked(looked)?,
                Ok(Event::Ended { began, causes, round }) => {
                    if !self.ended(began, &causes, round)? {
                        return Ok(self.last);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(self.last),
            }
            self.act();
        }
    }

    /// When there may be something to do though nothing is heard.
    fn next_due(&self) -> Option<Instant> {
        let midnight = self.today.left(SystemTime::now()).map(|left| Instant::now() + left);
        self.quiet.due().into_iter().chain(midnight).min()
    }

    fn notice(&mut self, notice: Notice) -> Result<(), CliError> {
        let now = Instant::now();
        match notice {
            Notice::Event(event) => {
                for meaning in self.folders.meanings(&event) {
                    match meaning {
                        Meaning::Changed(cause) => self.quiet.changed(cause, now),
                        Meaning::Locked(held) => self.quiet.lock(held, now),
                    }
                }
            }
            Notice::Lost => {
                // Folders may have come in the place of others meanwhile.
                self.folders.forget();
                self.quiet.changed(Cause::Repository, now);
            }
            Notice::Failed(error) => return Err(cannot(&error, self.folders.count())),
        }
        Ok(())
    }

    /// Takes in what has changed, if that is whole, and checks again.
    fn act(&mut self) {
        if let Some(day) = self.today.passed(SystemTime::now()) {
            self.apply(Change::Day(day));
            self.because.insert(Cause::Day);
            self.check();
        }
        if let Some(causes) = self.quiet.take(Instant::now()) {
            self.apply(Change::Target);
            self.because.extend(causes);
            self.check();
        }
    }

    fn apply(&self, change: Change) {
        // Only buffers can be refused.
        let applied = self.live.apply_change(change);
        debug_assert!(applied.is_ok());
    }

    fn check(&mut self) {
        // The other end lives as long as the process.
        let _ = self.run.send(self.because.clone());
    }

    /// Watches before the first check, so that no change falls between the two.
    fn looked(&mut self, looked: Result<bool, CheckError>) -> Result<(), CliError> {
        match (self.live.watching(), looked) {
            (None, Err(error)) => Err(error.into()),
            (None, Ok(_)) => Ok(()),
            (Some(watching), _) => {
                self.folders.watch(watching)?;
                self.check();
                Ok(())
            }
        }
    }

    /// Reports a check. `false` once nobody listens.
    fn ended(
        &mut self,
        began: Instant,
        causes: &BTreeSet<Cause>,
        round: Result<Round, CheckError>,
    ) -> Result<bool, CliError> {
        let heard = match round {
            // The check that is to come instead has been asked for already.
            Ok(Round::Cancelled) => return Ok(true),
            Ok(Round::Unchanged) => match self.held.take() {
                Some(checked) => self.report(&checked, began, causes)?,
                None => true,
            },
            Ok(Round::Checked(mut checked)) => {
                note(self.cx, &mut checked);
                self.held = None;
                // Git is between two states: whether this is one of them, the next check tells.
                if self.quiet.is_locked() {
                    self.held = Some(checked);
                    self.quiet.look_again(Instant::now());
                    return Ok(true);
                }
                self.report(&checked, began, causes)?
            }
            Err(error) => {
                self.fail(&error.into(), began, causes);
                true
            }
        };
        self.because.retain(|cause| !causes.contains(cause));
        self.watch_what_there_is()?;
        Ok(heard)
    }

    /// Watches the folders that there are now. What happened in a new one before it was watched, another check finds.
    fn watch_what_there_is(&mut self) -> Result<(), CliError> {
        let Some(watching) = self.live.watching() else { return Ok(()) };
        let place = watching.target.display().to_string();
        if self.folders.watch(watching)? {
            self.quiet.look_again(Instant::now());
            return Ok(());
        }
        if self.folders.is_waiting() != self.waiting {
            self.waiting = !self.waiting;
            if self.waiting {
                self.cx.printer.note(&format!("waiting for a repository at {}; Ctrl-C ends", tame(&place)));
            }
        } else if !self.ready {
            self.ready = true;
            let count = self.folders.count();
            self.cx.printer.note(&format!("watching {count} folders; Ctrl-C ends"));
        }
        Ok(())
    }

    /// An error ends a check, and not the watch.
    fn fail(&mut self, error: &CliError, began: Instant, causes: &BTreeSet<Cause>) {
        self.last = error.exit();
        let shown = error.shown(self.cx.printer.colored_stderr());
        if shown != self.told {
            self.say(began, causes);
            self.cx.printer.error(&shown);
            self.told = shown;
        }
        self.rounds += 1;
    }

    fn report(
        &mut self,
        checked: &Checked,
        began: Instant,
        causes: &BTreeSet<Cause>,
    ) -> Result<bool, CliError> {
        self.last = exit(checked.report.outcome);
        let remarks: Vec<String> = remarks(checked).into_iter().chain(weaker(&checked.effort)).collect();
        if remarks != self.remarks {
            remarks.iter().for_each(|remark| self.cx.printer.note(remark));
            self.remarks = remarks;
        }
        let printer = &self.cx.printer;
        let colored = printer.colored_stdout();
        let text = render::report(&checked.report, self.args.format, Layout::Line, colored);
        if text == self.told && causes.is_empty() {
            return Ok(true);
        }
        self.say(began, causes);
        let heard = printer.heard(&text).map_err(|error| CliError::failed(&error))?;
        self.told = text;
        if self.args.stats {
            printer.error(&stats(checked, began));
        }
        self.rounds += 1;
        Ok(heard)
    }

    /// The line that stands above a report but the first: when, why, how long.
    fn say(&self, began: Instant, causes: &BTreeSet<Cause>) {
        if self.rounds == 0 || self.args.format != Format::Text {
            return;
        }
        let (now, took) = (jiff::Zoned::now().strftime("%H:%M:%S"), began.elapsed().as_millis());
        let why = match causes.is_empty() {
            true => String::new(),
            false => format!(" after a change of {}", told(causes)),
        };
        // Nobody who has stopped reading need be told; the report will find out.
        let _ = self.cx.printer.heard(&format!("\n─ {now}  re-checked{why}  {took} ms\n\n"));
    }
}
