//! The one question that `typo` answers.

use std::collections::BTreeSet;

use probity_sdk::config::Compat;
use probity_sdk::dependencies::{Manifest, Manifests};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::dependencies::{HipcheckNpm, is_manifest};
use crate::guarded::{Guarded, Mistakable};
use crate::hipcheck::Slips;
use crate::lists::{ECOSYSTEMS, normal};

/// For each direct dependency whether its name is easily mistaken for that of a popular package.
#[query(default, uses("dependencies/manifests", "dependencies/hipcheck_npm"))]
pub(crate) fn typo(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<bool>>> {
    match engine.config().compat {
        Some(Compat::Hipcheck) => by_hipcheck(engine, &target),
        None => by_likeness(engine, &target),
    }
}

/// Key of `mistakable`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamesKey {
    /// `npm`, `cargo`, `pypi`, `rubygems`, `actions` for `owner/repository` or `action-owners`.
    pub(crate) ecosystem: String,
    pub(crate) names: Vec<String>,
}

/// For each name the popular one that it is easily mistaken for, and how; null where there is none.
#[query]
pub(crate) fn mistakable(engine: &Engine<Config>, key: NamesKey) -> Result<Vec<Option<Mistakable>>> {
    let guarded = engine.shared(|| Ok(Guarded::new()))?;
    if !guarded.knows(&key.ecosystem) {
        return Err(failed(format!("no popular names of {:?} are known", key.ecosystem)));
    }
    Ok(key.names.iter().map(|name| guarded.mistakable(&key.ecosystem, name)).collect())
}

fn by_likeness(engine: &Engine<Config>, target: &Target) -> Result<Answer<Vec<bool>>> {
    let told: Manifests = engine.query("dependencies/manifests", &target.tree())?;
    let guarded = engine.shared(|| Ok(Guarded::new()))?;
    let own = told.files.iter().filter(|file| is_manifest(file) && !file.is_foreign());
    let (readable, unreadable): (Vec<&Manifest>, Vec<&Manifest>) =
        own.filter(|file| guarded.knows(&file.ecosystem)).partition(|file| file.problem.is_none());
    // A manifest that others can read and this cannot may hide something.
    if let Some(file) = unreadable.iter().find(|file| !file.is_made_up()) {
        let problem = file.problem.as_deref().unwrap_or_default();
        return Err(abstain(format!("{} cannot be read: {problem}", file.path)));
    }
    if readable.is_empty() {
        return Err(abstain(nothing_to_judge(&told, &unreadable)));
    }
    let mut value = Vec::new();
    let mut concerns = Vec::new();
    for manifest in &readable {
        let allowed: BTreeSet<String> =
            engine.config().allowed.0.iter().map(|name| normal(&manifest.ecosystem, name)).collect();
        for direct in manifest.direct.iter().filter(|direct| direct.source.is_none()) {
            let meant = allowed.contains(&normal(&manifest.ecosystem, &direct.name));
            let found = (!meant).then(|| guarded.mistakable(&manifest.ecosystem, &direct.name)).flatten();
            value.push(found.is_some());
            if let Some(found) = found {
                let message =
                    format!("{} is easily mistaken for {}: {}", direct.name, found.popular, found.how);
                let concern = Concern::new(message).path(&manifest.path);
                concerns.push(match direct.line {
                    Some(line) => concern.line(u64::from(line)),
                    None => concern,
                });
            }
        }
    }
    for file in unreadable {
        let problem = file.problem.as_deref().unwrap_or_default();
        concerns
            .push(Concern::new(format!("not judged, since it cannot be read: {problem}")).path(&file.path));
    }
    if told.left_out > 0 {
        concerns.push(Concern::new(format!(
            "{} more manifests and lock files were not looked at",
            told.left_out
        )));
    }
    Ok(Answer::new(value).concerns(concerns))
}

fn nothing_to_judge(told: &Manifests, unreadable: &[&Manifest]) -> String {
    if let Some(file) = unreadable.first() {
        let problem = file.problem.as_deref().unwrap_or_default();
        return format!("no manifest can be read; the first is {}: {problem}", file.path);
    }
    let others: BTreeSet<&str> = told.files.iter().map(|file| file.ecosystem.as_str()).collect();
    let known = ECOSYSTEMS.join(", ");
    if others.is_empty() {
        return format!("there are no manifests, so no dependencies are known (of {known})");
    }
    let others: Vec<&str> = others.into_iter().collect();
    format!(
        "there are no manifests of {known} outside of vendored folders; those of {} cannot be judged",
        others.join(", ")
    )
}

fn by_hipcheck(engine: &Engine<Config>, target: &Target) -> Result<Answer<Vec<bool>>> {
    let told: HipcheckNpm = engine.query("dependencies/hipcheck_npm", &target.tree())?;
    let slips = engine.shared(|| Ok(Slips::new()))?;
    let value: Vec<bool> = told.deps.iter().map(|name| !slips.of(name).is_empty()).collect();
    let found: BTreeSet<&String> = told.deps.iter().filter(|name| !slips.of(name).is_empty()).collect();
    let concern =
        |name: &String| Concern::new(format!("{name} could be a slip for {}", slips.of(name).join(", ")));
    Ok(Answer::new(value).concerns(found.into_iter().map(concern)))
}
