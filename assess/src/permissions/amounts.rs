//! How much of the machine a package may use: what its manifest says, where that is more than everybody gets as far as it was
//! granted, and never more than the machine's policy lets anybody have.

use std::time::Duration;

use probity_host::Allowance;
use probity_registry::manifest::KEEP;
use probity_registry::{Amounts, Manifest, PermissionKind, Resource};

use super::{Decided, State};

/// What a manifest comes to. `timeout` is how long a call may take where nobody says.
pub(crate) fn allowance(
    manifest: &Manifest,
    decided: &[Decided],
    most: &Amounts,
    timeout: Duration,
) -> Allowance {
    let amount = |resource| effective(manifest, decided, most, resource);
    let wall = match manifest.limits.contains_key(&Resource::WallSeconds) {
        true => Some(within(amount(Resource::WallSeconds), timeout)),
        false => {
            let bound = most.get(&Resource::WallSeconds).copied().map(Duration::from_secs);
            bound.map(|bound| bound.min(timeout))
        }
    };
    Allowance {
        memory: amount(Resource::Memory),
        cpu: Duration::from_secs(amount(Resource::CpuSeconds)),
        wall,
        tasks: amount(Resource::Tasks),
        files: amount(Resource::Files),
        scratch_size: amount(Resource::ScratchSize),
        scratch_files: amount(Resource::ScratchFiles),
        keeps: is_granted(decided, PermissionKind::Scratch, KEEP).then(String::new),
    }
}

/// Less time than usual, given to all plugins, is what this one gets too. More than usual, granted to this one, is its own.
fn within(seconds: u64, timeout: Duration) -> Duration {
    let (own, usual) = (Duration::from_secs(seconds), Duration::from_secs(Resource::WallSeconds.default()));
    if own > usual && timeout >= usual { own } else { own.min(timeout) }
}

fn effective(manifest: &Manifest, decided: &[Decided], most: &Amounts, resource: Resource) -> u64 {
    let wanted = manifest.limits.get(&resource).copied().unwrap_or(resource.default());
    let is_free = wanted <= resource.default();
    let has = match is_free || is_granted(decided, PermissionKind::Limit, &resource.wanted(wanted)) {
        true => wanted,
        false => resource.default(),
    };
    most.get(&resource).map_or(has, |most| has.min(*most))
}

fn is_granted(decided: &[Decided], kind: PermissionKind, what: &str) -> bool {
    decided.iter().any(|one| {
        let granted = matches!(one.state, State::Granted { .. });
        granted && one.permission.kind == kind && one.permission.what == what
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::Granter;

    const HEAD: &str = "publisher \"a\"\nnamespace \"b\"\nname \"c\"\nversion \"1.0.0\"\ninterface 1\n\
                        entry kind=\"python\" path=\"c.py\"\n";

    /// Memory in MiB and the time of a call, of a manifest with these limits of which everything was granted or nothing.
    fn comes_to(limits: &str, granted: bool, most: &[(Resource, u64)], timeout: u64) -> (u64, Option<u64>) {
        let text = format!("{HEAD}limits {{ {limits} }}\n");
        let manifest = Manifest::parse("plugin.kdl", &text).unwrap();
        let state = || match granted {
            true => State::Granted { by: Granter::Person, leads_to: None },
            false => State::Asked,
        };
        let decided: Vec<Decided> = (manifest.permissions.iter())
            .map(|permission| Decided { permission: permission.clone(), state: state() })
            .collect();
        let most = most.iter().copied().collect();
        let allowance = allowance(&manifest, &decided, &most, Duration::from_secs(timeout));
        (allowance.memory >> 20, allowance.wall.map(|wall| wall.as_secs()))
    }

    #[test]
    fn less_is_had_freely_and_more_by_grant_and_nobody_has_more_than_the_machine_gives() {
        let memory = |amount: &str| format!("memory {amount:?} why=\"x\"");
        let (small, large) = (memory("100MiB"), memory("2GiB"));
        let cap = [(Resource::Memory, 512 << 20)];
        assert_eq!(comes_to("", false, &[], 600).0, 1024);
        assert_eq!(comes_to("", false, &cap, 600).0, 512);
        assert_eq!(comes_to(&small, false, &cap, 600).0, 100);
        assert_eq!(comes_to(&large, false, &[], 600).0, 1024);
        assert_eq!(comes_to(&large, true, &[], 600).0, 2048);
        assert_eq!(comes_to(&large, true, &cap, 600).0, 512);
    }

    #[test]
    fn the_persons_time_bounds_all_but_what_was_granted_beyond_the_usual() {
        let wall = |seconds: u64, granted, timeout| {
            comes_to(&format!("wall-seconds {seconds} why=\"x\""), granted, &[], timeout).1
        };
        assert_eq!(comes_to("", false, &[], 600).1, None);
        assert_eq!(comes_to("", false, &[(Resource::WallSeconds, 30)], 600).1, Some(30));
        assert_eq!(
            (wall(60, false, 600), wall(60, false, 30), wall(60, false, 3600)),
            (Some(60), Some(30), Some(60))
        );
        assert_eq!(
            (wall(900, true, 600), wall(900, true, 30), wall(900, false, 600)),
            (Some(900), Some(30), Some(600))
        );
    }
}
