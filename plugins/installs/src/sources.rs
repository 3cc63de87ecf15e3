//! Judges where packages are taken from, by ecosystem: what lock files say, what manifests ask for, what settings name.

mod hosts;
mod locks;
mod manifests;

use probity_sdk::dependencies::{Manifest, Manifests};
use probity_sdk::findings::{Finding, Severity};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::{places, scripts};

const ECOSYSTEMS: [&str; 7] = ["npm", "cargo", "pypi", "go", "maven", "rubygems", "composer"];
/// Of each rule so many places of a file are told.
const MOST_OF_A_RULE: usize = 5;

/// What is found, in no order.
pub(crate) fn findings(engine: &Engine<Config>, target: &Target) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let mut files = 0;
    for ecosystem in ECOSYSTEMS {
        let told: Manifests = engine.query(&format!("dependencies/{ecosystem}"), &target.tree())?;
        let own: Vec<Manifest> = told.files.into_iter().filter(|file| !file.is_foreign()).collect();
        files += own.len();
        of_ecosystem(&own, &mut found);
        // The same for each ecosystem, since all are counted together.
        found.extend(scripts::left_out(told.left_out));
    }
    if files == 0 {
        return Err(abstain("there are no manifests and no lock files"));
    }
    Ok(found)
}

/// What is found in the files of one ecosystem.
pub(crate) fn of_ecosystem(files: &[Manifest], found: &mut Vec<Finding>) {
    let hosts = hosts::Hosts::of(files);
    let pinned = manifests::pinned(files);
    let asked = manifests::asked(files);
    for file in files {
        let mut of_file = Few::default();
        if let Some(problem) = &file.problem {
            of_file.add(scripts::unread(&file.path, problem));
        }
        manifests::registries(file, &mut of_file);
        manifests::dependencies(file, &pinned, &mut of_file);
        locks::check(file, &hosts, &asked, &mut of_file);
        found.append(&mut of_file.capped(&file.path));
    }
}

/// The findings of one file, few of each rule.
#[derive(Debug, Default)]
pub(crate) struct Few(Vec<Finding>);

impl Few {
    pub(crate) fn add(&mut self, finding: Finding) {
        if self.0.iter().filter(|known| known.rule == finding.rule).count() < MOST_OF_A_RULE {
            self.0.push(finding);
        }
    }

    fn capped(self, path: &str) -> Vec<Finding> {
        let made_up = places::is_made_up(path);
        let placed = |finding: Finding| {
            let severity = if made_up { Severity::Low } else { finding.severity };
            Finding { severity, ..finding.path(path) }
        };
        self.0.into_iter().map(placed).collect()
    }
}
