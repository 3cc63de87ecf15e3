//! `probity check`: the report on standard output, everything else on standard error.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use probity_assess::check::{self, CheckError, Checked};
use probity_assess::permissions::quoted;
use probity_assess::report::{Outcome, VerdictKind};
use probity_assess::session::Effort;
use probity_assess::settings::Settings;
use probity_assess::source::{Passed, PassedOver, SourceKind};
use probity_host::{Level, bare_name, plugin_of};
use probity_registry::PluginId;
use serde::Serialize;

use crate::args::{CheckArgs, Format, Subject};
use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::tame;
use crate::progress::Spinner;
use crate::render::{self, Layout};
use crate::subject;

/// The line of `--stats`: what may differ from run to run and therefore is in no report.
#[derive(Debug, Serialize)]
struct Stats<'a> {
    plugin_processes: u64,
    plugin_calls: u64,
    executed: u64,
    /// Which queries were run, and how often each.
    ran: &'a BTreeMap<String, u64>,
    verified: u64,
    store_hits: u64,
    session_hits: u64,
    wall_ms: u64,
    /// The sandbox's level for each plugin that was started.
    levels: BTreeMap<&'a str, String>,
}

pub(crate) fn check(cx: &Context, args: &CheckArgs) -> Ended {
    let start = Instant::now();
    let settings = settings(args)?;
    let spinner = Arc::new(Spinner::new(&cx.printer, cx.verbose));
    let checked = check::check(&settings, spinner.clone());
    spinner.finish();
    let mut checked = checked.map_err(|error| failed(error, &args.subject))?;
    note(cx, &mut checked);
    let colored = cx.printer.colored_stdout();
    let report = render::report(&checked.report, args.format, Layout::Indented, colored);
    for remark in remarks(&checked) {
        cx.printer.note(&remark);
    }
    cx.printer.result(&report).map_err(|e| CliError::failed(&e))?;
    if args.format == Format::Text {
        cx.printer.note(&render::next(&checked.report, &args.subject));
    }
    if let Some(told) = weaker(&checked.effort) {
        cx.printer.note(&told);
    }
    for hint in tracing_hints(&checked, &args.subject) {
        cx.printer.note(&hint);
    }
    if args.stats {
        cx.printer.error(&stats(&checked, start));
    }
    Ok(exit(checked.report.outcome))
}

pub(super) fn settings(args: &CheckArgs) -> Result<Settings, CliError> {
    let mut settings = subject::settings(&args.subject, Duration::from_secs(args.timeout))?;
    settings.remembers = !args.no_cache;
    settings.trust_imported = args.trust_imported;
    settings.state = settings.state.kept_unless(args.no_state);
    for plugin in &args.refresh {
        let id = PluginId::parse(plugin).map_err(|error| CliError::usage(&error))?;
        settings.refresh.push(id.to_string());
    }
    Ok(settings)
}

/// Leaves for `probity why` what was run, and why. Where the cache folder cannot be used, the store says so already.
pub(super) fn note(cx: &Context, checked: &mut Checked) {
    let Some(file) = &checked.why_file else { return };
    let Err(error) = checked.why.keep(file) else { return };
    if checked.warnings.is_empty() && checked.closing.unkept().is_none() {
        let file = tame(&file.display().to_string());
        cx.printer
            .note(&format!("warning: cannot note in {file} what ran and why, for `probity why`: {error}"));
    }
}

/// What the person should know beside the report.
pub(super) fn remarks(checked: &Checked) -> Vec<String> {
    let mut remarks = Vec::new();
    for warning in &checked.warnings {
        remarks.push(format!("warning: {}", tame(&warning.to_string())));
    }
    if let Some(error) = checked.closing.unkept() {
        let error = tame(&error.to_string());
        remarks.push(format!("warning: not all that was learnt could be kept: {error}"));
    }
    if let Some(warning) = &checked.state_warning {
        remarks.push(format!("warning: {}", tame(warning)));
    }
    for (plugin, warning) in &checked.plugin_warnings {
        remarks.push(format!("warning: {plugin}: {}", tame(warning)));
    }
    for refused in &checked.refused {
        remarks.push(format!("warning: {}", tame(&refused.to_string())));
    }
    for absent in &checked.absent {
        remarks.push(format!("note: {}", tame(&absent.to_string())));
    }
    for note in &checked.notes {
        remarks.push(format!("note: {}", tame(&note.to_string())));
    }
    if checked.policy == SourceKind::BuiltInSinceUntrusted {
        remarks.push(
            "note: this repository has a probity.kdl, which is not used: a stranger may have written it\n\
             hint: read it, then run `probity trust`, or name it with --policy"
                .to_owned(),
        );
    }
    remarks.extend(checked.passed_over.as_ref().map(passed_over));
    remarks
}

/// That a policy of the working tree was not used, and how it is.
fn passed_over(PassedOver { file, why }: &PassedOver) -> String {
    let named = format!("name it: --policy {}", tame(&quoted(&file.to_string_lossy())));
    let (why, how) = match why {
        Passed::New { trusted: true } => (
            "the working tree has a probity.kdl, which is not used, since it is not committed",
            format!("commit it, check with --worktree, or {named}"),
        ),
        Passed::New { trusted: false } => (
            "the working tree has a probity.kdl, which is not used, since it is neither committed nor trusted",
            format!(
                "if it is yours, {named}; or run `probity trust`, and commit it or check with --worktree"
            ),
        ),
        Passed::Changed => (
            "the probity.kdl of the working tree is not used, but the committed one, which differs",
            format!("commit it, check with --worktree, or {named}"),
        ),
        Passed::Ignored => {
            ("the working tree has a probity.kdl, which is not used, since git ignores it", named)
        }
    };
    format!("note: {why}\nhint: {how}")
}

/// Which plugins ran at a lesser level of the sandbox than *full*, and why. It is no part of the report, which is the same
/// bytes whether plugins were run or remembered.
pub(super) fn weaker(effort: &Effort) -> Option<String> {
    let least = effort.levels.iter().map(|(_, level)| *level).min().filter(|level| *level < Level::Full)?;
    let (all, of_least): (usize, Vec<&str>) = (
        effort.levels.len(),
        effort.levels.iter().filter(|(_, level)| *level == least).map(|(plugin, _)| &**plugin).collect(),
    );
    let whom = if of_least.len() == all { "every plugin".to_owned() } else { of_least.join(", ") };
    let kind = if least < Level::Standard { "warning" } else { "note" };
    let why = effort.no_namespaces.as_ref().map(|why| format!(", without namespaces: {}", tame(why)));
    Some(format!("{kind}: the sandbox of {whom} was {least}{}", why.unwrap_or_default()))
}

/// A check that did not come about, and how to see what the plugin tried for which it did not.
fn failed(error: CheckError, subject: &Subject) -> CliError {
    let hint = match &error {
        CheckError::Plugin(failure) if !failure.denied => tracing_hint(&failure.plugin, subject),
        _ => None,
    };
    CliError::from(error).also_hinted(hint)
}

/// How to see what those plugins tried that failed: strangers', to whom the sandbox may have denied a file.
fn tracing_hints(checked: &Checked, subject: &Subject) -> Vec<String> {
    let failed = checked.report.analyses().into_iter().filter(|one| one.verdict == VerdictKind::Error);
    let plugins: BTreeSet<&str> = failed.map(|one| one.plugin.as_str()).collect();
    let hint = |plugin| tracing_hint(plugin, subject);
    plugins.into_iter().filter_map(hint).map(|hint| format!("hint: {hint}")).collect()
}

/// The same for one plugin, of the same check; none for a built-in one.
fn tracing_hint(plugin: &str, subject: &Subject) -> Option<String> {
    let id = plugin_of(plugin);
    let stranger = bare_name(id).is_none();
    let command = || format!("probity plugin trace {}{}", tame(id), tame(&subject::words(subject)));
    stranger.then(|| format!("to see what it tried: `{}`", command()))
}

pub(super) fn stats(checked: &Checked, start: Instant) -> String {
    let effort = &checked.effort;
    let stats = Stats {
        plugin_processes: effort.plugin_processes,
        plugin_calls: effort.plugin_calls,
        executed: effort.executed,
        ran: &effort.ran,
        verified: effort.verified,
        store_hits: effort.store_hits,
        session_hits: effort.session_hits,
        wall_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        levels: effort.levels.iter().map(|(plugin, level)| (&**plugin, level.to_string())).collect(),
    };
    serde_json::to_string(&stats).expect("numbers and texts are JSON")
}

pub(super) fn exit(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Pass => Exit::Success,
        Outcome::Investigate => Exit::Investigate,
        Outcome::NothingJudged => Exit::NothingJudged,
        Outcome::Error => Exit::Failed,
    }
}
