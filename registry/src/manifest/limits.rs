//! How much of the machine a package wants to use:
//!
//! ```kdl
//! limits {
//!     memory "2GiB" why="holds a whole tree"
//!     cpu-seconds 60
//!     wall-seconds 120
//! }
//! permissions { scratch size="256MiB" files=8192 keep=#true why="an index that is dear to make"; }
//! ```
//!
//! Less than what everybody gets is taken at its word. More is a permission like any other, and so is a scratch folder that
//! is kept.

use kdl::{KdlEntry, KdlNode, KdlValue};
use miette::SourceSpan;

use super::ManifestError;
use super::permissions::{Permission, PermissionKind, Reason, reason};
use crate::resource::{Amounts, Resource};

/// What the permission of the kind `scratch` is about.
pub const KEEP: &str = "keep";

const SHAPE: &str = "an amount, such as memory \"512MiB\" or cpu-seconds 60, with why=\"…\" if it is more than everybody gets";
const SCRATCH: &str = "scratch with size=\"256MiB\", files=8192 or keep=#true, and why=\"…\"";

/// What a manifest says of limits.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Every amount that it names.
    pub(super) amounts: Amounts,
    /// What of it a person has to grant.
    pub(super) permissions: Vec<Permission>,
    /// Whether it has said that its scratch folder is to be kept, or not.
    keep: bool,
}

impl Wanted {
    /// Reads the node `limits`.
    pub(super) fn read(&mut self, node: &KdlNode, errors: &mut Vec<ManifestError>) {
        if let Some(entry) = node.entries().first() {
            errors.push(ManifestError::Shape { expected: "limits { … }", at: entry.span() });
        }
        for child in node.iter_children() {
            if let Err(error) = self.limit(child) {
                errors.push(error);
            }
        }
    }

    fn limit(&mut self, node: &KdlNode) -> Result<(), ManifestError> {
        let (name, at) = (node.name().value(), node.name().span());
        let unknown = || ManifestError::UnknownLimit { name: name.to_owned(), at };
        let is_scratch = |one: &Resource| matches!(one, Resource::ScratchSize | Resource::ScratchFiles);
        let resource = Resource::named(name).filter(|one| !is_scratch(one)).ok_or_else(unknown)?;
        let (amount, properties) = super::fields::argument_beside_properties(node, SHAPE)?;
        let why = reason(node, &properties, SHAPE)?;
        self.take(resource, amount, &why, node.span())
    }

    /// Reads a node `scratch` of the permissions.
    pub(super) fn scratch(&mut self, node: &KdlNode) -> Result<(), ManifestError> {
        let wrong = |at| ManifestError::Shape { expected: SCRATCH, at };
        let (mut amounts, mut keep, mut further) = (Vec::new(), None, Vec::new());
        for entry in node.entries() {
            match (entry.name().map(|name| name.value()), entry.value()) {
                (Some("size"), _) => amounts.push((Resource::ScratchSize, entry)),
                (Some("files"), _) => amounts.push((Resource::ScratchFiles, entry)),
                (Some(KEEP), KdlValue::Bool(_)) if keep.is_some() || self.keep => {
                    return Err(ManifestError::Twice { name: format!("scratch {KEEP}"), at: node.span() });
                }
                (Some(KEEP), KdlValue::Bool(kept)) => keep = Some(*kept),
                (Some("why" | "optional"), _) => further.push(entry),
                _ => return Err(wrong(entry.span())),
            }
        }
        if node.children().is_some() || amounts.is_empty() && keep != Some(true) {
            return Err(wrong(node.span()));
        }
        self.keep |= keep.is_some();
        let why = reason(node, &further, SCRATCH)?;
        for (resource, entry) in amounts {
            self.take(resource, entry, &why, node.span())?;
        }
        if keep == Some(true) {
            self.ask(PermissionKind::Scratch, KEEP.to_owned(), &why, wrong(node.span()))?;
        }
        Ok(())
    }

    /// Takes down an amount, and asks for it if it is more than everybody gets.
    fn take(
        &mut self,
        resource: Resource,
        entry: &KdlEntry,
        why: &Reason,
        node: SourceSpan,
    ) -> Result<(), ManifestError> {
        let amount = match entry.value() {
            KdlValue::String(text) if resource.is_bytes() => resource.read(text),
            KdlValue::Integer(number) if !resource.is_bytes() => u64::try_from(*number).ok(),
            _ => None,
        };
        let amount = amount.ok_or(ManifestError::Shape { expected: SHAPE, at: entry.span() })?;
        let (least, most) = resource.bounds();
        if !(least..=most).contains(&amount) {
            let (least, most) = (resource.told(least), resource.told(most));
            return Err(ManifestError::Amount { name: resource.name(), least, most, at: entry.span() });
        }
        if self.amounts.insert(resource, amount).is_some() {
            return Err(ManifestError::Twice { name: resource.name().to_owned(), at: node });
        }
        if amount > resource.default() {
            let missing = ManifestError::Unexplained {
                name: resource.name(),
                default: resource.told(resource.default()),
                at: node,
            };
            self.ask(PermissionKind::Limit, resource.wanted(amount), why, missing)?;
        }
        Ok(())
    }

    fn ask(
        &mut self,
        kind: PermissionKind,
        what: String,
        why: &Reason,
        missing: ManifestError,
    ) -> Result<(), ManifestError> {
        let optional = why.optional;
        let why = why.why.clone().ok_or(missing)?;
        self.permissions.push(Permission { kind, what, why, optional });
        Ok(())
    }
}
