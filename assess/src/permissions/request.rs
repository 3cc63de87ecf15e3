//! What one plugin of a policy asks for, for a person who decides about it.

use probity_host::Allowance;
use probity_registry::{Package, PluginId};

use super::granted::Grant;
use super::{Decided, Granted, GrantedError, Permissions, PlaceError, Thing, allowance};
use crate::catalogue::{CatalogueError, packages};
use crate::check::CheckError;
use crate::settings::Settings;
use crate::source::Chosen;

/// A package that a policy declares, and what came of each thing that it asks for.
#[derive(Debug)]
pub struct PermissionRequest {
    /// The package, compared with the hash that the policy names.
    pub package: Package,
    /// In the order of kinds and names.
    pub decided: Vec<Decided>,
    /// How much it may use.
    pub allowance: Allowance,
    permissions: Permissions,
}

/// Why something was not granted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// The manifest does not ask for it.
    #[error("the manifest of {plugin} does not ask for {thing}")]
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
    /// Reads the package of the plugin `id` that the settings' policy declares. `None`: it declares no package of that id.
    ///
    /// # Errors
    /// The policy or the package cannot be used, or what was granted cannot be read.
    pub fn of(settings: &Settings, id: &PluginId) -> Result<Option<PermissionRequest>, CheckError> {
        let Some(file) = settings.policy.as_deref() else { return Ok(None) };
        let chosen = Chosen::file(file)?;
        let declaring = chosen.declaring();
        let one = |error: CatalogueError| CheckError::Plugins(vec![error]);
        let permissions = Permissions::read(settings).map_err(|error| one(error.into()))?;
        let mut declared = packages(declaring);
        let Some((declaration, package)) =
            declared.find(|(declaration, _)| declaration.id.value == id.to_string())
        else {
            return Ok(None);
        };
        let package = package.map_err(one)?;
        let decided = permissions.decide(&package, declaration, declaring);
        let allowance = allowance(&package.manifest, &decided, permissions.most(), settings.timeout);
        Ok(Some(PermissionRequest { package, decided, allowance, permissions }))
    }

    /// Grants these to the package, all or none.
    ///
    /// # Errors
    /// [`GrantError`]; then nothing was granted.
    pub fn grant(&self, settings: &Settings, things: Vec<Thing>) -> Result<(), GrantError> {
        let grants = things.into_iter().map(|thing| self.grantable(thing)).collect::<Result<_, _>>()?;
        Ok(Granted::grant(&settings.granted, &self.package, grants)?)
    }

    fn grantable(&self, thing: Thing) -> Result<Grant, GrantError> {
        let asked = &self.package.manifest.permissions;
        if !asked.iter().any(|permission| thing.is_covered_by(permission)) {
            return Err(GrantError::Unasked { plugin: self.package.id.to_string(), thing });
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
