//! `probity plugin learn`: what a plugin would have to ask a person for.

use std::fmt::Write as _;

use probity_assess::learn::{Learnt, learnt};
use probity_assess::trace::Tracing;
use serde_json::{Value, json};

use crate::args::Subject;
use crate::commands::trace::{head, section, traced};
use crate::commands::{Context, Ended};
use crate::printer::tame;
use crate::render::{self, Layout};

/// The most paths that are shown of what a plugin merely looked at and was not shown.
const LOOKED_AT: usize = 20;

pub(crate) fn learn(cx: &Context, plugin: &str, subject: &Subject, as_json: bool) -> Ended {
    let (settings, tracing) = traced(cx, plugin, subject)?;
    let learnt = learnt(&settings, &tracing)?;
    cx.result(&match as_json {
        true => render::json(&data(&tracing, &learnt), Layout::Indented),
        false => page(&tracing, &learnt),
    })
}

fn page(tracing: &Tracing, learnt: &Learnt) -> String {
    let plugin = &tracing.plugin;
    let mut page = head(tracing);
    page.push('\n');
    match learnt.has_new() {
        true => {
            let beside =
                if learnt.permissions.iter().all(|one| one.is_new) { "" } else { ", beside what it says" };
            let _ = write!(page, "its manifest would have to say{beside}:\n\n{}", learnt.block());
            page.push_str("\nand a person to grant it: docs/permissions.md tells what that gives\n");
        }
        false => {
            let _ = writeln!(page, "it needs to ask for nothing more than its manifest asks for");
        }
    }
    let options: String =
        learnt.ungranted.iter().map(|thing| format!(" {}", tame(&thing.option()))).collect();
    if !options.is_empty() {
        let _ = writeln!(
            page,
            "\nit asks for this, and nobody granted it:\n  probity plugin grant {plugin} --policy FILE{options}"
        );
    }
    section(
        &mut page,
        "to do beside",
        learnt.advice.iter().map(|one| format!("  {}\n", tame(one))).collect(),
    );
    let never = learnt.never.iter().map(|(what, why)| format!("  {}: {}\n", tame(what), tame(why)));
    section(&mut page, "denied, and never granted", never.collect());
    let unknown = learnt.unknown.iter();
    let unknown = unknown
        .map(|(path, manner)| format!("  {:<8} {}\n", manner.to_string(), tame(&path.to_string_lossy())));
    section(&mut page, "named, and where it leads cannot be told", unknown.collect());
    let mut looked: String = learnt
        .looked_at
        .iter()
        .take(LOOKED_AT)
        .map(|path| format!("  {}\n", tame(&path.to_string_lossy())))
        .collect();
    if learnt.looked_at.len() > LOOKED_AT {
        let _ = writeln!(looked, "  and {} more", learnt.looked_at.len() - LOOKED_AT);
    }
    section(&mut page, "only looked at, and not shown to it", looked);
    page
}

fn data(tracing: &Tracing, learnt: &Learnt) -> Value {
    json!({
        "plugin": tracing.plugin,
        "permissions": learnt.permissions.iter().map(|one| json!({
            "kind": one.kind, "what": one.what, "why": one.why, "optional": one.optional, "new": one.is_new,
        })).collect::<Vec<_>>(),
        "ungranted": learnt.ungranted.iter().map(|thing| json!({
            "kind": thing.kind.name(), "what": thing.what,
        })).collect::<Vec<_>>(),
        "never": learnt.never.iter().map(|(what, why)| json!({"what": what, "why": why})).collect::<Vec<_>>(),
        "advice": learnt.advice,
        "unknown": learnt.unknown.iter().map(|(path, manner)| json!({
            "path": path.to_string_lossy(), "manner": manner.to_string(),
        })).collect::<Vec<_>>(),
        "lookedAt": learnt.looked_at.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
        "block": if learnt.has_new() { Some(learnt.block()) } else { None },
    })
}
