//! `probity plugin permissions` and `grant`: what a plugin asks for, what it gets, and the person's word.

use std::fmt::Write as _;
use std::path::Path;

use probity_assess::permissions::{
    Decided, GrantError, Granted, Granter, PermissionRequest, State, Thing, why_refused,
};
use probity_assess::settings::Settings;
use probity_host::Allowance;
use probity_registry::manifest::ANY;
use probity_registry::{Permission, PermissionKind, PluginId, Resource};
use serde_json::{Value, json};

use crate::args::Declared;
use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::paths::Paths;
use crate::printer::tame;
use crate::render::{self, Layout, count};
use crate::subject;

pub(crate) fn show(cx: &Context, plugin: &str, policy: Option<&Path>, as_json: bool) -> Ended {
    let (_, request) = asked(plugin, policy)?;
    cx.result(&match as_json {
        true => render::json(&data(&request), Layout::Indented),
        false => page(&request),
    })
}

/// Grants what is named and, if `all` is, what the manifest names.
pub(crate) fn grant(
    cx: &Context,
    plugin: &str,
    policy: Option<&Path>,
    named: Vec<Thing>,
    all: bool,
) -> Ended {
    let (settings, request) = asked(plugin, policy)?;
    // Which variable holds a token, no manifest says.
    let is_named = |asked: &&Permission| asked.what != ANY && asked.kind != PermissionKind::Token;
    let asked_for = request.asker.permissions.iter().filter(|asked| all && is_named(asked));
    let asked_for = asked_for.map(|asked| Thing { kind: asked.kind, what: asked.what.clone() });
    let things: Vec<Thing> = named.into_iter().chain(asked_for).collect();
    if things.is_empty() {
        let mut page = page(&request);
        page.push_str(match request.decided.is_empty() {
            true => "There is nothing to grant.\n",
            false => {
                "Nothing was granted: name what shall be (--env, --file, --read, --net, --exec, --limit, --scratch, --token), or pass --all.\n"
            }
        });
        return cx.result(&page);
    }
    request.grant(&settings, things).map_err(|error| match error {
        GrantError::Granted(error) => CliError::granted(&error),
        GrantError::Place { ref source, .. } => {
            let advice = source.advice().map(str::to_owned);
            CliError::usage(&error).also_hinted(advice)
        }
        error => CliError::usage(&error),
    })?;
    show(cx, plugin, policy, false)
}

pub(crate) fn revoke(cx: &Context, plugin: &str) -> Ended {
    let id = PluginId::parse(plugin).map_err(|e| CliError::usage(&e))?.to_string();
    let file = Paths::from_environment()?.granted();
    let gone = Granted::revoke(&file, &id).map_err(|e| CliError::granted(&e))?;
    cx.result(&match gone {
        0 => format!("Nothing was granted to {id}.\n"),
        gone => format!("{} to {id} taken back.\n", count(gone as u64, "grant")),
    })
}

fn asked(plugin: &str, policy: Option<&Path>) -> Result<(Settings, PermissionRequest), CliError> {
    let id = PluginId::parse(plugin).map_err(|e| CliError::usage(&e))?;
    let settings = subject::without_target(&Declared::by(policy))?;
    let Some(request) = PermissionRequest::of(&settings, &id)? else {
        return Err(match policy {
            None => CliError::wrong(format!("{id} is not built in: which package it is, a policy says"))
                .hinted("name that policy: --policy FILE"),
            Some(policy) => CliError::wrong(format!(
                "the policy {} declares no plugin {id} with a path",
                policy.display()
            ))
            .hinted("`probity plugin list --policy FILE` names those that it declares"),
        });
    };
    Ok((settings, request))
}

fn page(request: &PermissionRequest) -> String {
    let asker = &request.asker;
    let mut page = format!("{} {}\n", asker.id, asker.version);
    page.push_str(
        "  reads its own package and the target's git objects, writes a scratch folder of its own\n",
    );
    for Decided { permission, state } in &request.decided {
        let optional = if permission.optional { " (can do without)" } else { "" };
        let _ = writeln!(page, "  {}{optional}: {}", tame(&permission.to_string()), tame(&told(state)));
        let _ = writeln!(page, "    {}", tame(&permission.why));
        page.push_str(match permission.kind {
            PermissionKind::Read | PermissionKind::Scratch => {
                "    what it reads so is not recorded, so none of its answers is remembered\n"
            }
            PermissionKind::Exec => {
                "    what that program sees is not recorded, so none of its answers is remembered; it is started with whatever \
                 arguments the plugin wants\n"
            }
            PermissionKind::Token => {
                "    it goes to that server alone, with whatever address the plugin asks for there; the plugin does not see it\n"
            }
            PermissionKind::Env | PermissionKind::File | PermissionKind::Net | PermissionKind::Limit => "",
        });
    }
    if let Some(allowance) = &request.allowance {
        let time =
            if allowance.wall.is_none() { " (`--timeout` of a check changes wall-seconds)" } else { "" };
        let _ = writeln!(page, "  limits: {}{time}", amounts(allowance));
    }
    page
}

/// How much it may use, as a manifest would say it.
fn amounts(allowance: &Allowance) -> String {
    let wall = allowance.wall.map_or(Resource::WallSeconds.default(), |wall| wall.as_secs());
    let amounts = [
        (Resource::Memory, allowance.memory),
        (Resource::CpuSeconds, allowance.cpu.as_secs()),
        (Resource::WallSeconds, wall),
        (Resource::Tasks, allowance.tasks),
        (Resource::Files, allowance.files),
        (Resource::ScratchSize, allowance.scratch_size),
        (Resource::ScratchFiles, allowance.scratch_files),
    ];
    amounts.map(|(resource, amount)| resource.wanted(amount)).join(", ")
}

fn told(state: &State) -> String {
    match state {
        State::Granted { by, leads_to } => {
            let by = match by {
                Granter::Policy => "granted by the policy",
                Granter::Person => "granted by you",
            };
            let leads_to = leads_to.as_ref().map(|path| format!(", {}", path.display()));
            format!("{by}{}", leads_to.unwrap_or_default())
        }
        State::Asked => "not granted".to_owned(),
        State::Open => "which, the configuration says; none is granted".to_owned(),
        State::Forbidden { .. } => "forbidden by this machine's policy".to_owned(),
        State::Refused { .. } => format!("not given: {}", why_refused(state).unwrap_or_default()),
    }
}

fn data(request: &PermissionRequest) -> Value {
    let one = |Decided { permission, state }: &Decided| {
        let leads_to = match state {
            State::Granted { leads_to: Some(path), .. } => Some(path.display().to_string()),
            _ => None,
        };
        json!({
            "kind": permission.kind.name(),
            "what": permission.what,
            "why": permission.why,
            "optional": permission.optional,
            "granted": matches!(state, State::Granted { .. }),
            "state": told(state),
            "leadsTo": leads_to,
        })
    };
    json!({
        "plugin": request.asker.id,
        "version": request.asker.version,
        "sha256": request.asker.sha256,
        "limits": request.allowance.as_ref().map(amounts),
        "permissions": request.decided.iter().map(one).collect::<Vec<_>>(),
    })
}
