//! `probity state`: what this machine remembers of a repository's branches and tags from one check to the next.

use std::fmt::Write as _;

use probity_assess::snapshot;
use probity_assess::state::{self, Event, Ledger, StateError};

use crate::args::StateArgs;
use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::paths::Paths;
use crate::printer::tame;

/// How many branches are named, and how much of what happened.
const MOST: usize = 100;
/// Hex digits of an id that are shown.
const SHORT: usize = 12;

pub(crate) fn state(cx: &Context, args: &StateArgs) -> Ended {
    let folder = Paths::from_environment()?.state;
    let target = snapshot::open(&args.target).map_err(|error| CliError::target(&error))?;
    if args.clear {
        let told = match state::clear(&folder, &target).map_err(failed)? {
            true => "What was remembered of this repository is forgotten.\n",
            false => "Nothing was remembered of this repository.\n",
        };
        return cx.result(told);
    }
    if args.accept {
        return cx.result(&match state::accept(&folder, &target).map_err(failed)? {
            0 => "Nothing has happened that would have to be noted.\n".to_owned(),
            1 => "Noted: checks do not tell of it any more.\n".to_owned(),
            many => format!("Noted: checks do not tell of these {many} events any more.\n"),
        });
    }
    cx.result(&match state::remembered(&folder, &target).map_err(failed)? {
        Some(ledger) => page(&ledger),
        None => "Nothing is remembered of this repository: no check has asked for it yet.\n".to_owned(),
    })
}

fn failed(error: StateError) -> CliError {
    let hint = match &error {
        StateError::Damaged { .. } => {
            "the next check puts it aside and begins anew; `probity state --clear` removes it"
        }
        _ => "PROBITY_STATE_DIR names another folder",
    };
    CliError::failed(&error).hinted(hint)
}

fn page(ledger: &Ledger) -> String {
    let mut page = format!("{} is remembered since {}\n", tame(&ledger.repository), tame(&ledger.since));
    for (name, branch) in ledger.branches.iter().take(MOST) {
        let _ = writeln!(page, "  {} at {}, since {}", tame(name), short(&branch.tip), tame(&branch.since));
    }
    let (tags, gone) = (ledger.tags(), ledger.gone.len());
    let _ = writeln!(page, "  {tags} tags, and {gone} that are gone");
    if ledger.events.is_empty() {
        page.push_str("\nNothing has happened to them.\n");
        return page;
    }
    page.push_str("\nWhat happened, the newest first\n");
    for event in ledger.events.iter().rev().take(MOST) {
        let _ = writeln!(page, "  {}", told(event));
    }
    let more = ledger.dropped + ledger.events.len().saturating_sub(MOST) as u64;
    if more > 0 {
        let _ = writeln!(page, "  and {more} more");
    }
    page.push_str("\n`probity state --accept` takes note of it: checks do not tell of it any more.\n");
    page
}

fn told(event: &Event) -> String {
    match event {
        Event::Rewritten { day, branch, old, new, .. } => {
            format!(
                "{}  {} was at {}, and {} does not follow it",
                tame(day),
                tame(branch),
                short(old),
                short(new)
            )
        }
        Event::MovedTag { day, tag, old, new, .. } => {
            format!("{}  tag {} was {}, and is {}", tame(day), tame(tag), short(old), short(new))
        }
        Event::DeletedTag { day, tag, old } => {
            format!("{}  tag {} was {}, and is gone", tame(day), tame(tag), short(old))
        }
    }
}

fn short(id: &str) -> String {
    tame(id.get(..SHORT).unwrap_or(id)).to_string()
}
