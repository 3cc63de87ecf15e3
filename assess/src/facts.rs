//! What the plugins of a policy say of themselves, asked of each once and remembered like any other answer: those that analyses
//! use, and, in waves, those that these will ask.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use probity_engine::{FailureKind, Outcome, Refusal, Reply};
use probity_host::plugin_of;
use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::description::{Configured, Description, split_use};
use crate::expression::suggest;
use crate::policy::{Facts, PluginFacts, PluginTrouble};
use crate::session::{Session, told};

/// A plugin that could not be asked what it offers: it crashed, hung or broke the protocol. Nothing was judged.
#[derive(Debug, thiserror::Error)]
#[error("plugin {plugin} could not be asked what it offers: {message}")]
pub struct PluginFailure {
    /// The instance.
    pub plugin: Arc<str>,
    /// What happened.
    pub message: String,
    /// Whether it was not started since something is not guaranteed, or not granted.
    pub denied: bool,
}

/// One plugin's own words, by instance.
pub(crate) type Descriptions = BTreeMap<Arc<str>, (Description, Configured)>;

/// Everything that was said.
#[derive(Debug, Default)]
pub(crate) struct Interview {
    /// For the policy's check.
    pub(crate) facts: Facts,
    /// For explanations and the report.
    pub(crate) descriptions: Descriptions,
}

impl Interview {
    /// Asks `instances`, and then those that they will ask.
    pub(crate) fn hold(
        session: &Session,
        catalogue: &Catalogue,
        instances: impl IntoIterator<Item = Arc<str>>,
    ) -> Result<Interview, PluginFailure> {
        let mut interview = Interview::default();
        let mut wave: Vec<Arc<str>> = instances.into_iter().collect();
        while !wave.is_empty() {
            interview.ask(session, catalogue, &wave)?;
            wave = interview.asked_for(catalogue, &wave);
        }
        interview.find_unanswered();
        Ok(interview)
    }

    /// What the plugins said of their configurations, for the person, by instance.
    pub(crate) fn warnings(&self) -> Vec<(Arc<str>, String)> {
        let of = |(instance, (_, configured)): (&Arc<str>, &(Description, Configured))| {
            configured.warnings.iter().map(|warning| (instance.clone(), warning.clone())).collect::<Vec<_>>()
        };
        self.descriptions.iter().flat_map(of).collect()
    }

    /// Describes and configures the instances of one wave, all at once each time.
    fn ask(
        &mut self,
        session: &Session,
        catalogue: &Catalogue,
        wave: &[Arc<str>],
    ) -> Result<(), PluginFailure> {
        let mut described = Vec::new();
        for (instance, reply) in wave.iter().zip(session.each(wave, "$describe")) {
            match read(instance, reply, "did not describe itself", Description::read)? {
                Ok(description) => described.push((instance.clone(), description)),
                Err(trouble) => drop(self.facts.insert(instance.clone(), Err(trouble))),
            }
        }
        let instances: Vec<Arc<str>> = described.iter().map(|(instance, _)| instance.clone()).collect();
        let replies = session.each(&instances, "$configure");
        for ((instance, description), reply) in described.into_iter().zip(replies) {
            match read(&instance, reply, "refused its configuration", Configured::read)? {
                Ok(configured) => {
                    let permissions = catalogue.permissions(plugin_of(&instance));
                    self.facts.insert(instance.clone(), Ok(facts(&description, &configured, permissions)));
                    self.descriptions.insert(instance, (description, configured));
                }
                Err(trouble) => drop(self.facts.insert(instance, Err(trouble))),
            }
        }
        Ok(())
    }

    /// The plugins that those of `wave` will ask and that were not asked yet. One that does not exist is the asker's trouble.
    fn asked_for(&mut self, catalogue: &Catalogue, wave: &[Arc<str>]) -> Vec<Arc<str>> {
        let mut next = BTreeSet::new();
        for instance in wave {
            let Some((_, configured)) = self.descriptions.get(instance) else { continue };
            for name in &configured.uses {
                match split_use(name) {
                    // A query of its own.
                    None => {}
                    Some((plugin, _)) if catalogue.get(&plugin).is_some() => drop(next.insert(plugin)),
                    _ => {
                        let message = format!("asks {name:?}, which no plugin here answers");
                        let hint = Some("list the plugin that answers it in `plugins`".to_owned());
                        let trouble = PluginTrouble { message, hint, member: None };
                        self.facts.insert(instance.clone(), Err(trouble));
                    }
                }
            }
        }
        next.into_iter().filter(|plugin| !self.facts.contains_key(plugin)).collect()
    }

    /// Finds the plugins that will ask another one for what it does not offer. To be called when all have described themselves.
    fn find_unanswered(&mut self) {
        for (instance, (_, configured)) in &self.descriptions {
            let unanswered = configured.uses.iter().find_map(|name| {
                let (plugin, query) = split_use(name)?;
                let (asked, _) = self.descriptions.get(&plugin)?;
                asked.query(Some(query)).is_none().then(|| unanswered(name, query, &plugin, asked))
            });
            if let Some(trouble) = unanswered {
                self.facts.insert(instance.clone(), Err(trouble));
            }
        }
    }
}

/// The outer error ends the check; the inner one is the policy's to point at.
fn read<T>(
    instance: &Arc<str>,
    reply: Reply,
    refused: &str,
    read: fn(&probity_engine::Answer) -> Result<T, serde_json::Error>,
) -> Result<Result<T, PluginTrouble>, PluginFailure> {
    let failure = |message: String| PluginFailure { plugin: instance.clone(), message, denied: false };
    match reply {
        Ok(Outcome::Answered(answer)) => read(&answer).map(Ok).map_err(|error| failure(error.to_string())),
        Ok(Outcome::Refused(refusal)) => Ok(Err(trouble(refused, &refusal))),
        Err(error) => {
            let denied = error.kind == FailureKind::Denied;
            Err(PluginFailure { denied, ..failure(told(&error)) })
        }
    }
}

/// The trouble of a plugin that will ask `plugin` for a query that it does not have.
fn unanswered(name: &str, query: &str, plugin: &str, asked: &Description) -> PluginTrouble {
    let message = format!("asks {name:?}, but plugin `{plugin}` has no query {query:?}");
    PluginTrouble { message, hint: Some(suggest::hint(query, &asked.names())), member: None }
}

fn trouble(refused: &str, refusal: &Refusal) -> PluginTrouble {
    let data: Value =
        refusal.data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
    let path = data["path"].as_str().unwrap_or_default();
    let member = path.trim_start_matches('/').split('/').next().filter(|name| !name.is_empty());
    let message = match (member, data["expected"].as_str()) {
        (Some(member), Some(expected)) => format!("{refused} at `{member}`: {expected}"),
        (None, Some(expected)) => format!("{refused}: {expected}"),
        (_, None) => format!("{refused}: {}", refusal.message),
    };
    let hint = Some("`probity plugin describe` tells what it takes".to_owned());
    PluginTrouble { message, hint, member: member.map(str::to_owned) }
}

fn facts(description: &Description, configured: &Configured, permissions: Vec<String>) -> PluginFacts {
    PluginFacts {
        queries: description.queries.iter().map(|query| (query.name.clone(), query.output.clone())).collect(),
        default_query: description.query(None).map(|query| query.name.clone()),
        default_policy: configured.default_policy.clone(),
        effective_config: configured.effective_config.clone(),
        permissions,
        rules: description.rules.iter().map(|rule| (rule.id.clone(), rule.query.clone())).collect(),
    }
}
