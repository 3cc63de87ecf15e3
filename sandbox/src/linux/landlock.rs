//! Which files the child may read, execute and write: a Landlock ruleset.
//!
//! The rights of ABI 1 are demanded; those of later ABIs are taken as far as this kernel knows them, and whatever is
//! taken has to be enforced fully.

use crate::granted::DEVICES;
use crate::spec::{Kind, Orders};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope, make_bitflags,
};
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
const EXECUTE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir | Execute});
/// All but executing, and making devices, sockets and pipes.
const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | Truncate | RemoveDir | RemoveFile | MakeDir | MakeReg | MakeSym | Refer
});

/// A ruleset that is not in force yet.
pub(super) struct Rules {
    abi: u32,
    created: RulesetCreated,
}

/// The rules of the orders, with the rights of the ABI; `None` for ABI 0, which is no Landlock at all.
///
/// `entry` is granted too when it is a file of the machine. Must run while all of it can still be opened.
pub(super) fn rules(orders: &Orders, abi: u32, entry: Option<&OwnedFd>) -> io::Result<Option<Rules>> {
    let known = ABI::from(i32::try_from(abi).unwrap_or(i32::MAX));
    if known == ABI::Unsupported {
        return Ok(None);
    }
    let mut created = handled(known)?;
    if let (Kind::Interpreter, Some(entry)) = (orders.entry, entry) {
        created = allow(created, known, entry, EXECUTE)?;
    }
    for path in orders.read.iter().chain(&orders.data) {
        created = allow_path(created, known, path, READ)?;
    }
    for path in &orders.list {
        created = allow_path(created, known, path, AccessFs::ReadDir.into())?;
    }
    for path in orders.execute.iter().chain(&orders.programs) {
        created = allow_path(created, known, path, EXECUTE)?;
    }
    if let Some(path) = &orders.scratch {
        created = allow_path(created, known, path, WRITE)?;
    }
    for (device, writable) in DEVICES {
        let access =
            if writable { AccessFs::ReadFile | AccessFs::WriteFile } else { AccessFs::ReadFile.into() };
        created = allow_path(created, known, OsStr::new(device), access)?;
    }
    Ok(Some(Rules { abi, created }))
}

fn handled(abi: ABI) -> io::Result<RulesetCreated> {
    let first = AccessFs::from_all(ABI::V1);
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement).handle_access(first);
    let mut ruleset = ruleset.map_err(io::Error::other)?.set_compatibility(CompatLevel::BestEffort);
    let later = AccessFs::from_all(abi) & !first;
    if !later.is_empty() {
        ruleset = ruleset.handle_access(later).map_err(io::Error::other)?;
    }
    let network = AccessNet::from_all(abi);
    if !network.is_empty() {
        ruleset = ruleset.handle_access(network).map_err(io::Error::other)?;
    }
    let scopes = Scope::from_all(abi);
    if !scopes.is_empty() {
        ruleset = ruleset.scope(scopes).map_err(io::Error::other)?;
    }
    ruleset.create().map_err(io::Error::other)
}

fn allow_path(
    rules: RulesetCreated,
    abi: ABI,
    path: &OsStr,
    access: BitFlags<AccessFs>,
) -> io::Result<RulesetCreated> {
    let opened = PathFd::new(path).map_err(|error| {
        io::Error::other(format!("cannot grant {}: {}", Path::new(path).display(), root_cause(&error)))
    })?;
    allow(rules, abi, &opened, access)
}

fn root_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), root_cause)
}

fn allow(
    rules: RulesetCreated,
    abi: ABI,
    file: &impl AsFd,
    access: BitFlags<AccessFs>,
) -> io::Result<RulesetCreated> {
    let directory = std::fs::File::from(file.as_fd().try_clone_to_owned()?).metadata()?.is_dir();
    let possible = if directory { AccessFs::from_all(abi) } else { AccessFs::from_file(abi) };
    rules.add_rule(PathBeneath::new(file, access & possible)).map_err(io::Error::other)
}

impl Rules {
    /// Puts the rules into force for good, and returns the ABI whose rights are all enforced: 0 if not all are.
    pub(super) fn enforce(self) -> io::Result<u32> {
        let status = self.created.restrict_self().map_err(io::Error::other)?;
        let enforced = status.ruleset == RulesetStatus::FullyEnforced && status.no_new_privs;
        Ok(if enforced { self.abi } else { 0 })
    }
}
