//! What one plugin of a policy asks for, for a person who decides about it.

use std::path::PathBuf;

use probity_registry::{Package, PermissionKind, PluginId};

use super::{Decided, Granted, GrantedError, Permissions, PlaceError};
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
    permissions: Permissions,
}

/// Why something was not granted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// The manifest does not ask for it.
    #[error("the manifest of {plugin} does not ask for {} {what:?}", kind.name())]
    Unasked {
        /// The plugin.
        plugin: String,
        /// What sort of thing.
        kind: PermissionKind,
        /// Its name.
        what: String,
    },
    /// It leads to what nobody may grant, or nowhere.
    #[error("{} {what:?} cannot be granted", kind.name())]
    Place {
        /// What sort of thing.
        kind: PermissionKind,
        /// Its name.
        what: String,
        /// Why.
        #[source]
        source: PlaceError,
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
        let chosen = settings.policy.as_deref().map(Chosen::file).transpose()?;
        let Some(chosen) = chosen else { return Ok(None) };
        let one = |error: CatalogueError| CheckError::Plugins(vec![error]);
        let permissions = Permissions::read(settings).map_err(|error| one(error.into()))?;
        let mut declared = packages(Some((&chosen.policy, &chosen.folder)));
        let Some((declaration, package)) =
            declared.find(|(declaration, _)| declaration.id.value == id.to_string())
        else {
            return Ok(None);
        };
        let package = package.map_err(one)?;
        let decided = permissions.decide(&package, &declaration.grants, &chosen.folder);
        Ok(Some(PermissionRequest { package, decided, permissions }))
    }

    /// Grants these to the package, all or none.
    ///
    /// # Errors
    /// [`GrantError`]; then nothing was granted.
    pub fn grant(&self, settings: &Settings, things: &[(PermissionKind, String)]) -> Result<(), GrantError> {
        let placed = |(kind, what): &(PermissionKind, String)| {
            let (kind, what) = (*kind, what.clone());
            if !self.package.manifest.permissions.iter().any(|asked| asked.covers(kind, &what)) {
                return Err(GrantError::Unasked { plugin: self.package.id.to_string(), kind, what });
            }
            let place = self.permissions.place(kind, &what);
            match place {
                Ok(leads_to) => Ok((kind, what, leads_to)),
                Err(source) => Err(GrantError::Place { kind, what, source }),
            }
        };
        let things: Vec<(PermissionKind, String, Option<PathBuf>)> =
            things.iter().map(placed).collect::<Result<_, _>>()?;
        Ok(Granted::read(&settings.granted)?.grant(&self.package, &things)?)
    }
}
