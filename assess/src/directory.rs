//! The plugins by themselves, without a target: what there is, and what each says of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use probity_engine::{Outcome, Reply};
use probity_host::Sink;

use crate::catalogue::{Catalogue, Listed};
use crate::check::CheckError;
use crate::description::{Configured, Description, Summary};
use crate::facts::Interview;
use crate::policy::Policy;
use crate::session::Session;
use crate::settings::Settings;
use crate::source::Chosen;

/// The plugins that a policy could use.
#[derive(Debug)]
pub struct Directory {
    catalogue: Catalogue,
    policy: Option<Policy>,
}

impl Directory {
    /// The built-in plugins, and those of the policy that the settings name, if they name one.
    ///
    /// # Errors
    /// As a check's stages up to the plugins.
    pub fn open(settings: &Settings) -> Result<Directory, CheckError> {
        let chosen = settings.policy.as_deref().map(Chosen::file).transpose()?;
        let catalogue = Catalogue::to_look_at(settings, chosen.as_ref().map(Chosen::declaring))?;
        Ok(Directory { catalogue, policy: chosen.map(|chosen| chosen.policy) })
    }

    /// The plugin of this id.
    pub fn get(&self, id: &str) -> Option<&Listed> {
        self.catalogue.get(id)
    }

    /// The plugins, by id.
    pub fn plugins(&self) -> impl Iterator<Item = &Listed> {
        self.catalogue.iter()
    }

    /// What each plugin is, in a sentence of its own, by id. One that did not say is not among them.
    ///
    /// # Errors
    /// [`CheckError::Start`] where no plugin can be asked anything.
    pub fn summaries(
        &self,
        settings: &Settings,
        sink: Arc<dyn Sink>,
    ) -> Result<BTreeMap<Arc<str>, Summary>, CheckError> {
        let session = Session::open(settings, None, self.catalogue.specs(self.policy.as_ref()), sink)?;
        let ids: Vec<Arc<str>> = self.plugins().map(|listed| listed.id.clone()).collect();
        let replies = session.each(&ids, "$describe");
        // What could not be kept is asked again another time.
        let _ = session.close();
        let summary = |reply: Reply| match reply {
            Ok(Outcome::Answered(answer)) => Description::read(&answer).ok()?.summary(),
            _ => None,
        };
        let told = ids.into_iter().zip(replies);
        Ok(told.filter_map(|(id, reply)| Some((id, summary(reply)?))).collect())
    }

    /// What a plugin says of itself, as configured for all who ask it. `None`: there is no such plugin.
    ///
    /// # Errors
    /// [`CheckError::Plugin`] where it cannot be asked, [`CheckError::Policy`] where it refuses its configuration.
    pub fn describe(
        &self,
        settings: &Settings,
        id: &str,
        sink: Arc<dyn Sink>,
    ) -> Result<Option<(Description, Configured)>, CheckError> {
        let Some(listed) = self.catalogue.get(id) else { return Ok(None) };
        let session = Session::open(settings, None, self.catalogue.specs(self.policy.as_ref()), sink)?;
        let mut interview = Interview::hold(&session, &self.catalogue, [listed.id.clone()])?;
        let described = interview.descriptions.remove(&listed.id);
        // What could not be kept is asked again another time.
        let _ = session.close();
        match described {
            Some(described) => Ok(Some(described)),
            None => Err(CheckError::Refused { plugin: listed.id.clone() }),
        }
    }
}
