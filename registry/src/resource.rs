//! What of the machine a plugin may use up, how much of it without asking, and how much at most.

use std::collections::BTreeMap;

/// Something of which a plugin may use so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Bytes of memory of a process.
    Memory,
    /// Seconds of processor time for one request.
    CpuSeconds,
    /// Seconds for one request by the clock, without those in which the host answers the plugin's questions.
    WallSeconds,
    /// Threads of a process.
    Tasks,
    /// Open descriptors of a process.
    Files,
    /// Bytes in its scratch folder, and of one file there.
    ScratchSize,
    /// Files and folders in its scratch folder.
    ScratchFiles,
}

/// How much of some resources.
pub type Amounts = BTreeMap<Resource, u64>;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The units of bytes, largest first.
const UNITS: [(&str, u64); 4] = [("GiB", GIB), ("MiB", MIB), ("KiB", KIB), ("B", 1)];

impl Resource {
    /// All of them.
    pub const ALL: [Resource; 7] = [
        Resource::Memory,
        Resource::CpuSeconds,
        Resource::WallSeconds,
        Resource::Tasks,
        Resource::Files,
        Resource::ScratchSize,
        Resource::ScratchFiles,
    ];

    /// The name, as in manifests and in the machine's policy.
    pub const fn name(self) -> &'static str {
        match self {
            Resource::Memory => "memory",
            Resource::CpuSeconds => "cpu-seconds",
            Resource::WallSeconds => "wall-seconds",
            Resource::Tasks => "tasks",
            Resource::Files => "files",
            Resource::ScratchSize => "scratch-size",
            Resource::ScratchFiles => "scratch-files",
        }
    }

    /// The resource of that name.
    pub fn named(name: &str) -> Option<Resource> {
        Resource::ALL.into_iter().find(|resource| resource.name() == name)
    }

    /// How much of it a plugin may use without asking.
    pub const fn default(self) -> u64 {
        match self {
            Resource::Memory => GIB,
            Resource::CpuSeconds | Resource::WallSeconds => 600,
            Resource::Tasks => 512,
            Resource::Files => 256,
            Resource::ScratchSize => 64 * MIB,
            Resource::ScratchFiles => 4096,
        }
    }

    /// The least and the most that can be asked for.
    pub const fn bounds(self) -> (u64, u64) {
        match self {
            // With less, no runtime starts.
            Resource::Memory => (16 * MIB, 64 * GIB),
            Resource::CpuSeconds | Resource::WallSeconds => (1, 24 * 3600),
            Resource::Tasks => (1, 4096),
            Resource::Files => (16, 4096),
            Resource::ScratchSize => (64 * KIB, 16 * GIB),
            Resource::ScratchFiles => (8, 1_000_000),
        }
    }

    /// Whether it is counted in bytes.
    pub const fn is_bytes(self) -> bool {
        matches!(self, Resource::Memory | Resource::ScratchSize)
    }

    /// An amount as people write it: `512MiB`, `60`. The same text for the same amount.
    pub fn told(self, amount: u64) -> String {
        let unit =
            UNITS.into_iter().filter(|_| self.is_bytes()).find(|(_, worth)| amount.is_multiple_of(*worth));
        unit.map_or_else(|| amount.to_string(), |(unit, worth)| format!("{}{unit}", amount / worth))
    }

    /// Reads an amount that is written as text: a whole number, of bytes with a unit.
    pub fn read(self, text: &str) -> Option<u64> {
        let plain = |digits: &str| {
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse::<u64>().ok()).flatten()
        };
        if !self.is_bytes() {
            return plain(text);
        }
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at(digits);
        let (_, worth) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        plain(number)?.checked_mul(worth)
    }

    /// An amount of a resource in one text, `memory 2GiB`: what a permission of the kind `limit` is about.
    pub fn wanted(self, amount: u64) -> String {
        format!("{} {}", self.name(), self.told(amount))
    }

    /// Reads such a text.
    pub fn of_wanted(text: &str) -> Option<(Resource, u64)> {
        let (name, amount) = text.split_once(' ')?;
        let resource = Resource::named(name)?;
        Some((resource, resource.read(amount)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_it_is_told() {
        for (resource, text, amount) in [
            (Resource::Memory, "2GiB", 2 << 30),
            (Resource::Memory, "1536MiB", 3 << 29),
            (Resource::ScratchSize, "100B", 100),
            (Resource::Tasks, "64", 64),
        ] {
            assert_eq!(resource.read(text), Some(amount));
            assert_eq!(resource.told(amount), text);
            assert_eq!(Resource::of_wanted(&resource.wanted(amount)), Some((resource, amount)));
        }
        for text in
            ["", "GiB", "1", "-1GiB", "1.5GiB", "1 GiB", "99999999999999999999GiB", "18446744073709551615KiB"]
        {
            assert_eq!(Resource::Memory.read(text), None, "{text}");
        }
        assert_eq!(Resource::Tasks.read("64MiB"), None);
        assert_eq!(Resource::of_wanted("memory"), None);
    }

    #[test]
    fn what_needs_no_grant_can_be_asked_for() {
        for resource in Resource::ALL {
            let (least, most) = resource.bounds();
            assert!((least..=most).contains(&resource.default()), "{resource:?}");
            assert_eq!(Resource::named(resource.name()), Some(resource));
        }
    }
}
