//! What lock files say of each package: its host, and the hash of its content.

use std::collections::BTreeSet;

use probity_sdk::dependencies::{Locked, Manifest};
use probity_sdk::findings::{Finding, Severity, shortened};

use super::Few;
use super::hosts::{Hosts, Standing};
use crate::address::{Address, address, is_fixed};
use crate::rules::{MOVING_SOURCE, NO_INTEGRITY, OTHER_HOST, PLAIN_HTTP, UNPINNED_SCOPE};

pub(crate) fn check(file: &Manifest, hosts: &Hosts, asked: &BTreeSet<&str>, found: &mut Few) {
    let mut frequent: BTreeSet<String> = BTreeSet::new();
    for locked in &file.locked {
        let Some(address) = locked.source.as_deref().and_then(address) else { continue };
        let finding = |rule: &str, severity: Severity, message: String| {
            Finding::new(rule, severity, message).package(locked.name.as_str())
        };
        if address.is_plain() {
            let message = format!("{} is taken from {}", locked.name, shortened(address.whole));
            found.add(finding(PLAIN_HTTP, Severity::Medium, message));
        }
        if address.git
            && !is_fixed(address.whole)
            && file.ecosystem != "rubygems"
            && file.ecosystem != "composer"
        {
            let message =
                format!("{} is taken from {}, which names no commit", locked.name, shortened(address.whole));
            found.add(finding(MOVING_SOURCE, Severity::Medium, message));
        }
        // Archives of Composer lie wherever the projects are.
        if address.is_archive()
            && file.ecosystem != "composer"
            && !asked.contains(locked.name.as_str())
            && let Some((rule, severity, why)) = foreign(locked, &address, hosts, &mut frequent)
        {
            let message = format!("{} is taken from {}{why}", locked.name, shortened(address.whole));
            found.add(finding(rule, severity, message));
        }
    }
    integrity(file, found);
}

/// Why an archive's host is told, and by which rule. A host that serves many is told once for each file.
fn foreign(
    locked: &Locked,
    address: &Address<'_>,
    hosts: &Hosts,
    frequent: &mut BTreeSet<String>,
) -> Option<(&'static str, Severity, &'static str)> {
    if address.is_number() && !address.is_local() {
        return Some((OTHER_HOST, Severity::High, ", an address without a name"));
    }
    let scope = locked.name.split_once('/').map(|(scope, _)| scope).filter(|scope| scope.starts_with('@'));
    match hosts.standing(&address.host) {
        Standing::Usual => None,
        _ if scope.is_some_and(|scope| hosts.leaves_open(&address.host, scope)) => {
            Some((UNPINNED_SCOPE, Severity::Medium, ", and no setting says that its scope is at home there"))
        }
        // Even where it names a commit: of whose repository is the question.
        Standing::Odd => Some((OTHER_HOST, Severity::Medium, ", unlike nearly all others")),
        Standing::Frequent => frequent.insert(address.host.clone()).then_some((
            OTHER_HOST,
            Severity::Low,
            ", as others are, but not most",
        )),
    }
}

/// Packages without a hash, where lock files have one.
fn integrity(file: &Manifest, found: &mut Few) {
    let expected = |locked: &&Locked| match locked.source.as_deref().map(address) {
        Some(Some(address)) => address.is_archive() && !address.is_local() && !is_fixed(address.whole),
        _ => false,
    };
    let all: Vec<&Locked> = file.locked.iter().filter(expected).collect();
    let without: Vec<&&Locked> = all.iter().filter(|locked| locked.integrity.is_none()).collect();
    let Some(first) = without.first() else { return };
    // Bundler writes none unless it is asked to.
    if file.ecosystem == "rubygems" && without.len() == all.len() {
        return;
    }
    // Old tools wrote none.
    if without.len() * 10 > all.len() && without.len() > 2 || without.len() == all.len() {
        let message =
            format!("{} of {} packages have no hash, the first is {}", without.len(), all.len(), first.name);
        found.add(Finding::new(NO_INTEGRITY, Severity::Low, message));
        return;
    }
    for locked in without {
        let message = format!("{} has no hash, unlike nearly all others", locked.name);
        found.add(Finding::new(NO_INTEGRITY, Severity::Medium, message).package(locked.name.as_str()));
    }
}
