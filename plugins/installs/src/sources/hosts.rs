//! Which hosts packages usually come from: told by the lock files and settings of the repository itself.

use probity_sdk::dependencies::Manifest;
use std::collections::{BTreeMap, BTreeSet};

use crate::address::address;

/// So many packages from a host are few, whatever the share.
const FEW: usize = 2;

/// The hosts of one ecosystem.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    /// How many packages come from each.
    counts: BTreeMap<String, usize>,
    all: usize,
    most: usize,
    /// Those that serve packages without a scope: no registry of a few scopes alone.
    unscoped: BTreeSet<String>,
    /// Those that settings and manifests name.
    named: BTreeSet<String>,
    /// Scopes and names that settings give a registry of their own.
    scopes: BTreeSet<String>,
}

/// How a host stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is where most packages come from, or a setting names it.
    Usual,
    /// A part of the packages comes from it that is not small.
    Frequent,
    /// Hardly any other package comes from it.
    Odd,
}

impl Hosts {
    pub(crate) fn of(files: &[Manifest]) -> Self {
        let mut hosts = Self::default();
        for file in files {
            for locked in &file.locked {
                let host = match locked.source.as_deref().map(address) {
                    // Where nothing is said it is the tool's own registry.
                    None => String::new(),
                    Some(Some(address)) if address.is_archive() => address.host,
                    Some(_) => continue,
                };
                if !locked.name.starts_with('@') {
                    hosts.unscoped.insert(host.clone());
                }
                *hosts.counts.entry(host).or_default() += 1;
                hosts.all += 1;
            }
            for registry in file.registries.iter().filter(|registry| registry.role != "trusted") {
                hosts.named.extend(address(&registry.address).map(|address| address.host));
                hosts.scopes.extend(registry.name.clone());
            }
            let sources = file.direct.iter().filter_map(|direct| direct.source.as_deref());
            let addresses = sources.filter_map(|source| address(source.split_once(':')?.1));
            hosts.named.extend(addresses.map(|address| address.host));
        }
        hosts.most = hosts.counts.values().copied().max().unwrap_or_default();
        hosts
    }

    /// Whether a host serves scoped packages alone, and no setting says where this scope is at home.
    pub(crate) fn leaves_open(&self, host: &str, scope: &str) -> bool {
        !self.unscoped.contains(host) && !self.scopes.contains(scope)
    }

    pub(crate) fn standing(&self, host: &str) -> Standing {
        let count = self.counts.get(host).copied().unwrap_or_default();
        if count == self.most || self.named.contains(host) {
            return Standing::Usual;
        }
        if count <= FEW.max(self.all / 10) { Standing::Odd } else { Standing::Frequent }
    }
}
