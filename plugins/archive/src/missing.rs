//! Files of the tree that the archive lacks.

use std::collections::{BTreeMap, BTreeSet};

use probity_sdk::findings::{Finding, Severity};
use probity_sdk::git::FileKind;

use crate::attributes::Attributes;
use crate::compare::Source;
use crate::config::Kind;
use crate::listing::{Listing, folders};
use crate::rules::MISSING_FILE;

/// What is not there although nothing says that it is left out. A folder of which nothing is there is told once.
pub(crate) fn findings(
    listing: &Listing,
    source: &Source<'_>,
    attributes: &Attributes,
    kind: Kind,
) -> Vec<Finding> {
    let odd: BTreeSet<&[u8]> = listing.odd.iter().map(|(path, _)| &path[..]).collect();
    let there: BTreeSet<&[u8]> = listing.items.keys().flat_map(|path| folders(path)).collect();
    let (mut lacking, mut single) = (BTreeMap::<&[u8], usize>::new(), Vec::new());
    for (path, file) in &source.files {
        let is_there = listing.items.contains_key(path) || odd.contains(&path[..]);
        if is_there || file.kind == FileKind::Submodule || attributes.ignores(&source.full_path(path)) {
            continue;
        }
        match folders(path).find(|folder| !there.contains(folder)) {
            Some(folder) => *lacking.entry(folder).or_default() += 1,
            None => single.push(&path[..]),
        }
    }
    let low = |message: String| Finding::new(MISSING_FILE, Severity::Low, message);
    if kind != Kind::Source {
        let count = lacking.values().sum::<usize>() + single.len();
        let message = format!(
            "the package has what its manifest lists, and not these of the files of the tree: {count}"
        );
        return if count == 0 { Vec::new() } else { vec![low(message)] };
    }
    let of_folder = |(folder, count): (&[u8], usize)| {
        low(format!("the archive has nothing of this folder of the tree; files there: {count}"))
            .path(source.place(folder))
    };
    let of_file =
        |path: &[u8]| low("the file of the tree is not in the archive".to_owned()).path(source.place(path));
    lacking.into_iter().map(of_folder).chain(single.into_iter().map(of_file)).collect()
}
