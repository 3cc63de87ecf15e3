//! The architectures for which filters are made: any of them on any, so that all are tested everywhere.

/// What kind of processor a system call is made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Architecture {
    #[cfg_attr(not(any(test, target_arch = "x86_64")), expect(dead_code, reason = "made here by tests only"))]
    X86_64,
    #[cfg_attr(
        not(any(test, target_arch = "aarch64")),
        expect(dead_code, reason = "made here by tests only")
    )]
    Aarch64,
}

impl Architecture {
    /// The one that this program is compiled for.
    #[cfg(target_arch = "x86_64")]
    pub(super) const HERE: Architecture = Architecture::X86_64;
    #[cfg(target_arch = "aarch64")]
    pub(super) const HERE: Architecture = Architecture::Aarch64;

    /// How the kernel names it to a filter.
    pub(super) fn audit(self) -> u32 {
        match self {
            Architecture::X86_64 => 0xC000_003E,
            Architecture::Aarch64 => 0xC000_00B7,
        }
    }

    /// Numbers from here on are calls of another kind (x32), which name other calls than the same numbers below.
    pub(super) fn foreign_numbers(self) -> Option<u32> {
        match self {
            Architecture::X86_64 => Some(0x4000_0000),
            Architecture::Aarch64 => None,
        }
    }
}
