//! Compares the actions that workflows use with well-known ones.

use std::collections::BTreeSet;

use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::prelude::*;

use crate::answers::{Mistakable, Reference};
use crate::config::Config;
use crate::rules::LOOKALIKE_ACTION;

/// Key of `typo/mistakable`.
#[derive(Serialize)]
struct Names<'a> {
    ecosystem: &'a str,
    names: Vec<&'a str>,
}

/// What is found, in the order of the references.
pub(crate) fn findings(engine: &Engine<Config>, target: &Target) -> Result<Vec<Finding>> {
    let references: Vec<Reference> = engine.query("workflows/references", target)?;
    let actions: Vec<(&Reference, (&str, &str))> =
        references.iter().filter_map(|reference| Some((reference, action(reference)?))).collect();
    let whole: BTreeSet<&str> = actions.iter().map(|(_, (action, _))| *action).collect();
    let owners: BTreeSet<&str> = actions.iter().map(|(_, (_, owner))| *owner).collect();
    let whole = Alike::ask(engine, "actions", whole)?;
    let owners = Alike::ask(engine, "action-owners", owners)?;
    let mut found = Vec::new();
    for (reference, (action, owner)) in actions {
        // What has a well-known owner was made by that owner, whatever its name.
        let others = |alike: &&Mistakable| !is_of(&alike.popular, owner);
        let of_whole = whole.of(action).filter(others).map(|alike| (Severity::High, alike));
        let of_owner = || owners.of(owner).map(|alike| (Severity::Medium, alike));
        let Some((severity, Mistakable { popular, how })) = of_whole.or_else(of_owner) else { continue };
        let message = format!("{} is easily mistaken for {popular}: {how}", shortened(action));
        let finding = Finding::new(LOOKALIKE_ACTION, severity, message).package(action);
        found.push(finding.path(&reference.path).line(reference.line));
    }
    Ok(found)
}

fn is_of(action: &str, owner: &str) -> bool {
    action.split('/').next().is_some_and(|own| own.eq_ignore_ascii_case(owner))
}

/// Owner and repository, and the owner, of an action that lies in a repository of its own.
fn action(reference: &Reference) -> Option<(&str, &str)> {
    if reference.rule != "unpinned-uses" || reference.uses.starts_with('.') || reference.uses.contains("://")
    {
        return None;
    }
    let name = reference.uses.split('@').next()?;
    let (owner, rest) = name.split_once('/')?;
    let repository = rest.split('/').next()?;
    Some((&name[..owner.len() + 1 + repository.len()], owner))
}

/// Names, and for each whether it is easily mistaken.
struct Alike<'a>(Vec<(&'a str, Option<Mistakable>)>);

impl<'a> Alike<'a> {
    fn ask(engine: &Engine<Config>, ecosystem: &str, names: BTreeSet<&'a str>) -> Result<Self> {
        let names: Vec<&str> = names.into_iter().collect();
        let key = Names { ecosystem, names: names.clone() };
        let alike: Vec<Option<Mistakable>> = engine.query("typo/mistakable", &key)?;
        Ok(Self(names.into_iter().zip(alike).collect()))
    }

    fn of(&self, name: &str) -> Option<&Mistakable> {
        self.0.iter().find(|(known, _)| *known == name).and_then(|(_, alike)| alike.as_ref())
    }
}
