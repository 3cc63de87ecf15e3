//! What a person sees while plugins work: one line on a terminal's standard error, and the plugins' logs where they are asked for.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use probity_host::{Log, LogLevel, Progress, Sink};

use crate::printer::{Printer, tame, tame_lines};

/// How often the line moves.
const TICK: Duration = Duration::from_millis(100);
/// How many different deaths are told; of a plugin whose deaths are all different it is enough.
const DEATHS: usize = 64;

/// Draws progress. Nothing is drawn before a plugin is asked, so an unchanged re-check stays silent.
#[derive(Debug)]
pub(crate) struct Spinner {
    bar: ProgressBar,
    drawn: bool,
    verbose: bool,
    calls: AtomicU64,
    deaths: Mutex<BTreeSet<String>>,
}

impl Spinner {
    /// A spinner that draws where the printer shows progress, and logs where `verbose`.
    pub(crate) fn new(printer: &Printer, verbose: bool) -> Spinner {
        let drawn = printer.shows_progress();
        let bar = if drawn { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        Spinner { bar, drawn, verbose, calls: AtomicU64::new(0), deaths: Mutex::default() }
    }

    /// Begins anew, for another check.
    pub(crate) fn begin(&self) {
        self.calls.store(0, Ordering::Relaxed);
        self.bar.reset();
        self.deaths.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Tells what is known of one analysis while others are still being answered, for those who want to hear all.
    pub(crate) fn judged(&self, analysis: &str, verdict: &str) {
        if self.verbose {
            let line = format!("{}: {verdict}", tame(analysis));
            self.bar.suspend(|| Printer::log(&line));
        }
    }

    /// Takes the line away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Sink for Spinner {
    fn calling(&self, plugin: &str, query: &str) {
        if !self.drawn {
            return;
        }
        let before = self.calls.fetch_add(1, Ordering::Relaxed);
        if before == 0 {
            self.bar.enable_steady_tick(TICK);
        }
        let name = plugin.rsplit('/').next().unwrap_or(plugin);
        self.bar.set_message(format!("{} questions put to plugins, now {name}/{query}", before + 1));
    }

    fn log(&self, plugin: &str, log: Log) {
        if self.verbose || log.level <= LogLevel::Warn {
            let line = format!("{plugin}: {}", tame(&log.message));
            self.bar.suspend(|| Printer::log(&line));
        }
    }

    fn ended(&self, plugin: &str, certificate: &str) {
        let lines = format!("plugin {plugin}: {}", tame_lines(certificate, "    "));
        let is_new = {
            let mut deaths = self.deaths.lock().unwrap_or_else(PoisonError::into_inner);
            deaths.len() < DEATHS && deaths.insert(lines.clone())
        };
        let lines = if is_new { lines } else { format!("plugin {plugin}: ended once more") };
        self.bar.suspend(|| Printer::log(&lines));
    }

    fn denied(&self, plugin: &str, violation: &str) {
        let line = format!("warning: plugin {plugin} {}", tame(violation));
        self.bar.suspend(|| Printer::log(&line));
    }

    fn progress(&self, plugin: &str, progress: Progress) {
        if !self.drawn {
            return;
        }
        let done = match (progress.done, progress.total) {
            (Some(done), Some(total)) => format!(" {done} of {total}"),
            (Some(done), None) => format!(" {done}"),
            _ => String::new(),
        };
        let message = progress.message.map(|text| format!(", {}", tame(&text))).unwrap_or_default();
        self.bar.set_message(format!("{plugin}: {}{done}{message}", progress.query));
    }
}
