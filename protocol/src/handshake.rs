//! Which version of the protocol two sides speak: the highest that both know.
//!
//! A version is one integer and says nothing about releases. What is only added needs no new version; what behaves
//! differently needs a capability.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{ErrorObject, object};

/// The versions that this crate speaks.
pub const SUPPORTED: VersionRange = VersionRange { min: 1, max: 1 };

/// A range of protocol versions, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionRange {
    /// The lowest version.
    pub min: u32,
    /// The highest version.
    pub max: u32,
}

impl VersionRange {
    /// Whether `version` is in the range.
    pub fn contains(self, version: u32) -> bool {
        (self.min..=self.max).contains(&version)
    }

    /// The highest version that both ranges hold.
    ///
    /// # Errors
    /// There is none: an error object with code `-32012` that names this range.
    pub fn common(self, offered: VersionRange) -> Result<u32, ErrorObject> {
        let highest = self.max.min(offered.max);
        if self.contains(highest) && offered.contains(highest) {
            Ok(highest)
        } else {
            Err(object::unsupported_protocol(self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_common_version_is_spoken() {
        let ours = VersionRange { min: 2, max: 4 };
        let cases = [
            ((1, 3), Some(3)),
            ((4, 9), Some(4)),
            ((2, 2), Some(2)),
            ((5, 9), None),
            ((1, 1), None),
            ((4, 3), None),
        ];
        for ((min, max), expected) in cases {
            let spoken = ours.common(VersionRange { min, max });
            assert_eq!(spoken.as_ref().ok().copied(), expected, "{min}-{max}");
            if let Err(error) = spoken {
                assert_eq!(error.code(), -32012);
                assert_eq!(error.data().unwrap().get(), r#"{"supported":{"min":2,"max":4}}"#);
            }
        }
    }
}
