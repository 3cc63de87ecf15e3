//! `probity plugin check-determinism`: whether a plugin's answers are the same bytes each time.

use std::fmt::Write as _;
use std::sync::Arc;

use probity_assess::determinism::{Determinism, DeterminismError, Difference, determinism};
use probity_registry::PluginId;

use crate::args::Subject;
use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::tame;
use crate::progress::Spinner;
use crate::subject::{self, TIMEOUT};

/// The most differences that are shown.
const SHOWN: usize = 5;
/// Bytes shown before and after the place where two answers part.
const AROUND: usize = 60;

pub(crate) fn check(cx: &Context, plugin: &str, subject: &Subject) -> Ended {
    let settings = subject::settings(subject, TIMEOUT)?;
    let id = PluginId::parse(plugin).map_err(|e| CliError::usage(&e))?.to_string();
    let spinner = Arc::new(Spinner::new(&cx.printer, cx.verbose));
    let found = determinism(&settings, &id, spinner.clone());
    spinner.finish();
    let found = found?;
    cx.result(&page(&found))?;
    Ok(if found.differences.is_empty() { Exit::Success } else { Exit::Investigate })
}

fn page(found: &Determinism) -> String {
    let mut page = match found.differences.len() {
        0 => format!("{}: the same bytes each time\n", found.plugin),
        1 => format!("{}: 1 answer differs\n", found.plugin),
        count => format!("{}: {count} answers differ\n", found.plugin),
    };
    page.push('\n');
    for (query, count) in &found.asked {
        let _ = writeln!(
            page,
            "  {:<24} {count} {}",
            tame(query),
            if *count == 1 { "question" } else { "questions" }
        );
    }
    for query in &found.unasked {
        let _ = writeln!(page, "  {:<24} not asked by this check", tame(query));
    }
    page.push('\n');
    page.extend(found.trials.iter().map(|trial| format!("  asked again {trial}\n")));
    found.differences.iter().take(SHOWN).for_each(|difference| page.push_str(&shown(difference)));
    if found.differences.len() > SHOWN {
        let _ = writeln!(page, "\n  and {} more", found.differences.len() - SHOWN);
    }
    page
}

fn shown(difference: &Difference) -> String {
    let Difference { request, trial, first, then } = difference;
    let parting = first.bytes().zip(then.bytes()).take_while(|(a, b)| a == b).count();
    let cut = |text: &str| {
        let (from, to) = (parting.saturating_sub(AROUND), parting.saturating_add(AROUND));
        let (from, to) = (text.floor_char_boundary(from), text.floor_char_boundary(to));
        let before = if from > 0 { "…" } else { "" };
        let after = if to < text.len() { "…" } else { "" };
        format!("{before}{}{after}", tame(&text[from..to]))
    };
    format!(
        "\n  {}\n    asked again {trial}, at byte {parting}\n    first: {}\n    then:  {}\n",
        tame(&request.to_string()),
        cut(first),
        cut(then)
    )
}

impl From<DeterminismError> for CliError {
    fn from(error: DeterminismError) -> CliError {
        match error {
            DeterminismError::Check(error) => (*error).into(),
            error @ DeterminismError::NotAsked { .. } => {
                CliError::usage(&error).hinted("name a policy whose analyses ask it: --policy FILE")
            }
            error => CliError::failed(&error),
        }
    }
}
