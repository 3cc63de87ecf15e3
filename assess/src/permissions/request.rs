//! What one plugin of a policy asks for, for a person who decides about it.

use probity_host::Allowance;
use probity_registry::PluginId;

use super::granted::Grant;
use super::{Asker, Decided, Declaring, Granted, GrantedError, Permissions, PlaceError, Thing, allowance};
use crate::catalogue::{CatalogueError, packages};
use crate::check::CheckError;
use crate::settings::Settings;
use crate::source::{Chosen, SourceError, SourceKind};

/// A plugin, and what came of each thing that it asks for.
#[derive(Debug)]
pub struct PermissionRequest {
    /// A package, compared with the hash that the policy names, or a plugin that comes with the program.
    pub asker: Asker,
    /// In the order of kinds and names.
    pub decided: Vec<Decided>,
    /// How much it may use, if it is no built-in.
    pub allowance: Option<Allowance>,
    permissions: Permissions,
}

/// Why something was not granted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// The plugin does not ask for it.
    #[error("{plugin} does not ask for {thing}")]
    Unasked {
        /// The plugin.
        plugin: String,
        /// What was to be granted.
        thing: Thing,
    },
    /// It leads to what nobody may grant, or nowhere.
    #[error("{thing} cannot be granted")]
    Place {
        /// What was to be granted.
        thing: Thing,
        /// Why.
        #[source]
        source: PlaceError,
    },
    /// The machine's administrator does not want it.
    #[error("{thing} cannot be granted: this machine's policy forbids it")]
    Forbidden {
        /// What was to be granted.
        thing: Thing,
    },
    /// The list of grants cannot be kept.
    #[error(transparent)]
    Granted(#[from] GrantedError),
}

impl PermissionRequest {
    /// Of the plugin `id`: a built-in one, or the package that the settings' policy declares. `None`: there is no such package. Without a
    /// policy, what a built-in gets under one that the person names and that grants nothing itself.
    ///
    /// # Errors
    /// The policy or the package cannot be used, or what was granted cannot be read.
    pub fn of(settings: &Settings, id: &PluginId) -> Result<Option<PermissionRequest>, CheckError> {
        let chosen = match settings.policy.as_deref() {
            Some(file) => Chosen::file(file)?,
            None => Chosen::built_in(SourceKind::BuiltIn).map_err(SourceError::from)?,
        };
        let declaring = chosen.declaring();
        if let Some(builtin) = settings.builtins.iter().find(|builtin| builtin.id() == id.to_string()) {
            let declaring = Declaring { named: true, ..declaring };
            return PermissionRequest::of_built_in(settings, Asker::built_in(builtin), declaring).map(Some);
        }
        let one = |error: CatalogueError| CheckError::Plugins(vec![error]);
        let permissions = Permissions::read(settings).map_err(|error| one(error.into()))?;
        let mut declared = packages(declaring);
        let Some((declaration, package)) =
            declared.find(|(declaration, _)| declaration.id.value == id.to_string())
        else {
            return Ok(None);
        };
        let package = package.map_err(one)?;
        let asker = Asker::package(&package);
        let decided = permissions.decide(&asker, Some(declaration), declaring);
        let allowance = allowance(&package.manifest, &decided, permissions.most(), settings.timeout);
        Ok(Some(PermissionRequest { asker, decided, allowance: Some(allowance), permissions }))
    }

    fn of_built_in(
        settings: &Settings,
        asker: Asker,
        declaring: Declaring<'_>,
    ) -> Result<PermissionRequest, CheckError> {
        let permissions =
            Permissions::read(settings).map_err(|error| CheckError::Plugins(vec![error.into()]))?;
        let decided = permissions.decide(&asker, declaring.policy.plugin(&asker.id), declaring);
        Ok(PermissionRequest { asker, decided, allowance: None, permissions })
    }

    /// Grants these to the plugin, all or none.
    ///
    /// # Errors
    /// [`GrantError`]; then nothing was granted.
    pub fn grant(&self, settings: &Settings, things: Vec<Thing>) -> Result<(), GrantError> {
        let grants = things.into_iter().map(|thing| self.grantable(thing)).collect::<Result<_, _>>()?;
        Ok(Granted::grant(&settings.granted, &self.asker, grants)?)
    }

    fn grantable(&self, thing: Thing) -> Result<Grant, GrantError> {
        let asked = &self.asker.permissions;
        if !asked.iter().any(|permission| thing.is_covered_by(permission)) {
            return Err(GrantError::Unasked { plugin: self.asker.id.clone(), thing });
        }
        let leads_to = match self.permissions.ground.of_person(&thing, None) {
            Ok(leads_to) => leads_to,
            Err(source) => return Err(GrantError::Place { thing, source }),
        };
        match self.permissions.machine.forbids(&thing, leads_to.as_deref()) {
            true => Err(GrantError::Forbidden { thing }),
            false => Ok(Grant::now(thing, leads_to)),
        }
    }
}
