//! `probity plugin trace`: what a plugin tries.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use probity_assess::settings::Settings;
use probity_assess::trace::{Failed, TraceError, Tracing, tracing};
use probity_host::{Answered, Manner, Named, Outcome, Whose};
use probity_registry::PluginId;
use serde_json::{Value, json};

use crate::args::Subject;
use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::printer::tame;
use crate::progress::Spinner;
use crate::render::{self, Layout, count};
use crate::subject::{self, TIMEOUT};

/// The most paths that are shown of a trace, unless all are.
const LINES: usize = 200;

/// What of a trace is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    /// Also what the runtime names, what is not there, and what is its own.
    pub(crate) all: bool,
    pub(crate) json: bool,
}

pub(crate) fn trace(cx: &Context, plugin: &str, subject: &Subject, shown: Shown) -> Ended {
    let (_, tracing) = traced(cx, plugin, subject)?;
    cx.result(&match shown.json {
        true => render::json(&data(&tracing), Layout::Indented),
        false => page(&tracing, shown.all),
    })
}

pub(super) fn traced(cx: &Context, plugin: &str, subject: &Subject) -> Result<(Settings, Tracing), CliError> {
    let settings = subject::settings(subject, TIMEOUT)?;
    let id = PluginId::parse(plugin).map_err(|e| CliError::usage(&e))?.to_string();
    let spinner = Arc::new(Spinner::new(&cx.printer, cx.verbose));
    let tracing = tracing(&settings, &id, spinner.clone());
    spinner.finish();
    Ok((settings, tracing?))
}

fn page(tracing: &Tracing, all: bool) -> String {
    let mut page = head(tracing);
    let (shown, hidden): (Vec<&Named>, Vec<&Named>) =
        tracing.traced.named.iter().partition(|one| all || is_telling(one));
    if !shown.is_empty() {
        let most = if all { usize::MAX } else { LINES };
        page.push_str("\npaths\n");
        shown.iter().take(most).for_each(|one| page.push_str(&line(one)));
        if let Some(further) = shown.len().checked_sub(most).filter(|further| *further > 0) {
            let _ = writeln!(page, "  and {further} more: --all shows them");
        }
    }
    page.push_str(&rest(&hidden));
    let lines = tracing.denied.iter().map(|denied| format!("  {}\n", tame(denied)));
    section(&mut page, "system calls", lines.collect());
    section(&mut page, "asked of the host", asked(tracing).concat());
    let failed = |Failed { analysis, message }: &Failed| match analysis {
        Some(analysis) => format!("  {}: {}\n", tame(analysis), tame(message)),
        None => format!("  {}\n", tame(message)),
    };
    section(&mut page, "what it failed at", tracing.failures.iter().map(failed).collect());
    page
}

pub(super) fn head(tracing: &Tracing) -> String {
    let traced = &tracing.traced;
    let level = traced.level.map(|level| format!(", sandbox {level}")).unwrap_or_default();
    let processes = if traced.processes == 1 { "process" } else { "processes" };
    let mut head = format!("{}: {} {processes}{level}\n", tracing.plugin, traced.processes);
    if traced.untold > 0 {
        head.push_str("  this machine does not tell what plugins try: see `probity doctor`\n");
    }
    if traced.unseen > 0 {
        let calls = count(traced.unseen, "call");
        let _ = writeln!(head, "  {calls} named paths that this machine does not let Probity see");
    }
    if traced.unreadable > 0 {
        let _ = writeln!(head, "  {} named what is no path", count(traced.unreadable, "call"));
    }
    if traced.more > 0 {
        let _ = writeln!(head, "  {} named yet other paths, more than are kept", count(traced.more, "call"));
    }
    if tracing.more > 0 {
        let calls = count(tracing.more, "call");
        let _ = writeln!(head, "  {calls} for yet other things, of more kinds than are kept");
    }
    head
}

/// What is neither its own nor everybody's, and lies somewhere or may do so.
fn is_telling(one: &Named) -> bool {
    let everyday = matches!(one.whose, Whose::Package | Whose::Scratch | Whose::Objects);
    match one.outcome {
        Outcome::Absent => false,
        Outcome::Denied => one.whose != Whose::Runtime,
        Outcome::Unknown => one.whose != Whose::Runtime && one.manner != Manner::Look,
        Outcome::Allowed => one.whose != Whose::Runtime && !everyday && one.manner != Manner::Look,
    }
}

fn line(one: &Named) -> String {
    let times = if one.times > 1 { format!(", {} times", one.times) } else { String::new() };
    let leads_to = match one.leads_to == one.path {
        true => String::new(),
        false => format!(" -> {}", tame(&one.leads_to.to_string_lossy())),
    };
    format!(
        "  {:<9} {:<8} {}{}{leads_to}{times}\n",
        one.outcome.to_string(),
        one.manner.to_string(),
        prefix(one.whose),
        tame(&shown(&one.path))
    )
}

/// The folder itself has no name below itself.
fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { ".".to_owned() } else { path.to_string_lossy().into_owned() }
}

fn prefix(whose: Whose) -> &'static str {
    match whose {
        Whose::Package => "(package) ",
        Whose::Scratch => "(scratch) ",
        Whose::Runtime | Whose::Objects | Whose::Granted | Whose::Other => "",
    }
}

/// How many paths are not shown, by whose they are.
fn rest(hidden: &[&Named]) -> String {
    let mut counts: BTreeMap<(bool, Whose), u64> = BTreeMap::new();
    for one in hidden {
        *counts.entry((one.outcome == Outcome::Absent, one.whose)).or_default() += 1;
    }
    let words = |whose| match whose {
        Whose::Package => "of its package",
        Whose::Scratch => "of its scratch folder",
        Whose::Runtime => "of its runtime",
        Whose::Objects => "of the target's objects",
        Whose::Granted => "of what is granted",
        Whose::Other => "elsewhere, at which it only looked",
    };
    let mut parts: Vec<String> = Vec::new();
    for ((absent, whose), paths) in counts {
        parts.push(match (absent, whose) {
            (true, Whose::Other) => format!("{paths} elsewhere at which nothing lies"),
            (true, whose) => format!("{paths} {} at which nothing lies", words(whose)),
            (false, whose) => format!("{paths} {}", words(whose)),
        });
    }
    match parts.is_empty() {
        true => String::new(),
        false => format!("\nnot shown without --all: paths\n  {}\n", parts.join("\n  ")),
    }
}

fn asked(tracing: &Tracing) -> Vec<String> {
    let words = |answered| match answered {
        Answered::Given => "",
        Answered::Undeclared => ": denied, its description does not say that it asks for that",
        Answered::Ungranted => ": denied, nobody granted it",
        Answered::Unavailable => ": there is none",
    };
    let times = |times: u64| if times > 1 { format!(", {times} times") } else { String::new() };
    let inputs = tracing.inputs.iter().map(|asked| {
        let name = tame(&format!("{}/{}", asked.kind, asked.id));
        format!("  input {name}{}{}\n", words(asked.answered), times(asked.times))
    });
    let queries = tracing.queries.iter().map(|asked| {
        let name = tame(&format!("{}/{}", asked.plugin, asked.query));
        format!("  query {name}{}{}\n", words(asked.answered), times(asked.keys))
    });
    inputs.chain(queries).collect()
}

pub(super) fn section(page: &mut String, title: &str, lines: String) {
    if !lines.is_empty() {
        let _ = write!(page, "\n{title}\n{lines}");
    }
}

fn data(tracing: &Tracing) -> Value {
    let traced = &tracing.traced;
    let named = |one: &Named| {
        json!({
            "path": shown(&one.path),
            "leadsTo": shown(&one.leads_to),
            "whose": whose(one.whose),
            "manner": one.manner.to_string(),
            "outcome": outcome(one.outcome),
            "times": one.times,
        })
    };
    json!({
        "plugin": tracing.plugin,
        "processes": traced.processes,
        "level": traced.level.map(|level| level.to_string()),
        "untold": traced.untold,
        "paths": traced.named.iter().map(named).collect::<Vec<_>>(),
        "morePaths": traced.more,
        "unreadablePaths": traced.unreadable,
        "unseenPaths": traced.unseen,
        "systemCalls": tracing.denied,
        "moreAsked": tracing.more,
        "inputs": tracing.inputs.iter().map(|asked| json!({
            "kind": asked.kind, "id": asked.id, "answered": answered(asked.answered), "times": asked.times,
        })).collect::<Vec<_>>(),
        "queries": tracing.queries.iter().map(|asked| json!({
            "plugin": asked.plugin, "query": asked.query, "answered": answered(asked.answered), "keys": asked.keys,
        })).collect::<Vec<_>>(),
        "failures": tracing.failures.iter().map(|failed| json!({
            "analysis": failed.analysis, "message": failed.message,
        })).collect::<Vec<_>>(),
    })
}

/// In the data, which is read by programs: these words stay.
fn whose(whose: Whose) -> &'static str {
    match whose {
        Whose::Package => "package",
        Whose::Scratch => "scratch",
        Whose::Runtime => "runtime",
        Whose::Objects => "objects",
        Whose::Granted => "granted",
        Whose::Other => "other",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "allowed",
        Outcome::Denied => "denied",
        Outcome::Absent => "absent",
        Outcome::Unknown => "unknown",
    }
}

fn answered(answered: Answered) -> &'static str {
    match answered {
        Answered::Given => "given",
        Answered::Undeclared => "undeclared",
        Answered::Ungranted => "ungranted",
        Answered::Unavailable => "unavailable",
    }
}

impl From<TraceError> for CliError {
    fn from(error: TraceError) -> CliError {
        match error {
            TraceError::Check(error) => (*error).into(),
            error => CliError::usage(&error).hinted("name a policy whose analyses ask it: --policy FILE"),
        }
    }
}
