//! `probity plugin`: what plugins there are, what one offers, and the hash that a policy must name.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use probity_assess::catalogue::Listed;
use probity_assess::description::{Configured, Description, Summary};
use probity_assess::directory::Directory;
use probity_assess::permissions::Thing;
use probity_registry::{PermissionKind, PluginId, manifest, tree_hash};
use serde_json::json;

use crate::args::{Declared, PluginCommand};
use crate::commands::trace::Shown;
use crate::commands::{Context, Ended, determinism, learn, permissions, trace};
use crate::error::CliError;
use crate::printer::{paragraphs, tame};
use crate::progress::Spinner;
use crate::render::{self, Layout};
use crate::subject;

pub(crate) fn plugin(cx: &Context, command: &PluginCommand) -> Ended {
    match command {
        PluginCommand::List { of } => list(cx, of),
        PluginCommand::Describe { plugin, of, json } => describe(cx, plugin, of, *json),
        PluginCommand::CheckDeterminism { plugin, subject } => determinism::check(cx, plugin, subject),
        PluginCommand::Trace { plugin, subject, all, json } => {
            trace::trace(cx, plugin, subject, Shown { all: *all, json: *json })
        }
        PluginCommand::Learn { plugin, subject, json } => learn::learn(cx, plugin, subject, *json),
        PluginCommand::Permissions { plugin, policy, json } => {
            permissions::show(cx, plugin, policy.as_deref(), *json)
        }
        PluginCommand::Grant { plugin, revoke: true, .. } => permissions::revoke(cx, plugin),
        PluginCommand::Grant {
            plugin,
            policy,
            env,
            file,
            read,
            net,
            exec,
            limit,
            scratch,
            token,
            all,
            ..
        } => {
            let kinds = [
                (PermissionKind::Env, env),
                (PermissionKind::File, file),
                (PermissionKind::Read, read),
                (PermissionKind::Net, net),
                (PermissionKind::Exec, exec),
                (PermissionKind::Limit, limit),
                (PermissionKind::Scratch, scratch),
                (PermissionKind::Token, token),
            ];
            let of = |(kind, names): (PermissionKind, &Vec<String>)| -> Vec<Thing> {
                names.iter().map(|what| Thing { kind, what: what.clone() }).collect()
            };
            permissions::grant(cx, plugin, policy.as_deref(), kinds.into_iter().flat_map(of).collect(), *all)
        }
        PluginCommand::Hash { folder } => hash(cx, folder),
    }
}

fn list(cx: &Context, of: &Declared) -> Ended {
    let settings = subject::without_target(of)?;
    let directory = Directory::open(&settings)?;
    let spinner = Arc::new(Spinner::new(&cx.printer, cx.verbose));
    let summaries = directory.summaries(&settings, spinner.clone());
    spinner.finish();
    let summaries = summaries.unwrap_or_else(|error| {
        // There are plugins, whether or not they can be asked.
        cx.printer.note(&format!(
            "note: the plugins could not be asked what they are: {}",
            tame(&error.to_string())
        ));
        BTreeMap::new()
    });
    let entry = |listed: &Listed| {
        let what = summaries.get(&listed.id).map_or_else(|| "did not say what it is".to_owned(), what);
        format!("{}    {what}\n", line(listed))
    };
    cx.result(&directory.plugins().map(entry).collect::<String>())
}

/// What a plugin is, on one line that fits below its name.
fn what(Summary { sentence, queries }: &Summary) -> String {
    const WIDTH: usize = 96;
    let of = if *queries > 1 { format!(" (one of {queries} queries)") } else { String::new() };
    format!("{}{of}", shortened(&tame(sentence), WIDTH - of.len()))
}

/// A sentence without the clauses that go beyond so many characters; one whose first clause does is broken off.
fn shortened(sentence: &str, width: usize) -> String {
    let fits = |text: &str| text.chars().count() <= width;
    if fits(sentence) {
        return sentence.to_owned();
    }
    let ends = sentence.match_indices([':', ';']).map(|(at, _)| &sentence[..at]);
    if let Some(clause) = ends.take_while(|clause| fits(clause)).last() {
        return clause.to_owned();
    }
    let first = textwrap::wrap(sentence, width - 2).into_iter().next().unwrap_or_default();
    format!("{} …", first.trim_end_matches(','))
}

fn line(listed: &Listed) -> String {
    let version = listed.version.as_deref().unwrap_or(env!("CARGO_PKG_VERSION"));
    let whence = match &listed.folder {
        Some(folder) => tame(&folder.display().to_string()),
        None => "built-in".to_owned(),
    };
    let lacks: Vec<String> = listed.ungranted().map(|permission| tame(&permission)).collect();
    let lacks = if lacks.is_empty() { String::new() } else { format!("; not granted: {}", lacks.join(", ")) };
    format!("{:<32} {version:<10} {whence}{lacks}\n", listed.id)
}

fn describe(cx: &Context, plugin: &str, of: &Declared, as_json: bool) -> Ended {
    let settings = subject::without_target(of)?;
    let directory = Directory::open(&settings)?;
    let id = PluginId::parse(plugin).map_err(|e| CliError::usage(&e))?.to_string();
    let spinner = Arc::new(Spinner::new(&cx.printer, cx.verbose));
    let described = directory.describe(&settings, &id, spinner)?;
    let Some((description, configured)) = described else {
        let known: Vec<&str> = directory.plugins().map(|listed| &*listed.id).collect();
        return Err(CliError::wrong(format!("there is no plugin {id}")).hinted(format!(
            "there are {}; --policy FILE adds those that a policy names",
            known.join(", ")
        )));
    };
    cx.result(&match as_json {
        true => {
            let lacks = directory.get(&id).into_iter().flat_map(Listed::ungranted).collect();
            render::json(&data(&id, &description, &configured, lacks), Layout::Indented)
        }
        false => {
            let lacks = directory.get(&id).into_iter().flat_map(Listed::ungranted);
            let lacks = lacks.map(|permission| format!("  not granted: {}\n", tame(&permission)));
            page(&id, &description, &configured, &lacks.collect::<String>())
        }
    })
}

fn data(
    id: &str,
    description: &Description,
    configured: &Configured,
    ungranted: Vec<String>,
) -> serde_json::Value {
    let query = |query: &probity_assess::description::Query| {
        json!({
            "name": query.name, "doc": query.doc, "default": query.default,
            "uses": query.uses, "key": query.key, "output": query.output,
        })
    };
    json!({
        "plugin": id,
        "queries": description.queries.iter().map(query).collect::<Vec<_>>(),
        "configSchema": description.config_schema,
        "effectiveConfig": configured.effective_config,
        "defaultPolicy": configured.default_policy,
        "explain": description.explain,
        "rules": description.rules,
        "ungranted": ungranted,
    })
}

fn page(id: &str, description: &Description, configured: &Configured, ungranted: &str) -> String {
    let mut page = format!("{id}\n{ungranted}");
    let prose = |text: &str| format!("{}\n", paragraphs(text, "    "));
    for query in &description.queries {
        let default = if query.default { "  (default)" } else { "" };
        let _ = writeln!(page, "\n  {}{default}", tame(&query.name));
        page.push_str(&prose(&query.doc));
        if !query.uses.is_empty() {
            let _ = writeln!(page, "    asks {}", tame(&query.uses.join(", ")));
        }
    }
    let _ = writeln!(page, "\n  configuration\n    {}", tame(&configured.effective_config.to_string()));
    if let Some(policy) = &configured.default_policy {
        let _ = writeln!(page, "\n  default policy\n    {}", tame(policy));
    }
    if let Some(explain) = &description.explain {
        let _ = write!(page, "\n  explanation\n{}", prose(explain));
    }
    if !description.rules.is_empty() {
        page.push_str("\n  rules\n");
    }
    for rule in &description.rules {
        let reference = rule.reference.iter().map(|address| format!(" See {address}")).collect::<String>();
        page.push_str(&prose(&format!("{} ({}): {}{reference}", rule.id, rule.query, rule.text)));
    }
    page.push_str("\nThe schemas: `--json`.\n");
    page
}

fn hash(cx: &Context, folder: &Path) -> Ended {
    let manifest = folder.join(manifest::FILE);
    if !manifest.is_file() {
        let told = format!("{} is no plugin's folder: there is no {}", folder.display(), manifest.display());
        return Err(CliError::wrong(told));
    }
    let hash = tree_hash(folder).map_err(|e| {
        CliError::usage(&e).while_doing(format!("cannot hash the plugin in {}", folder.display()))
    })?;
    cx.result(&format!("{hash}\n"))
}
