//! `probity cache verify`: reads every remembered record and says which are damaged.

use std::fmt::Write as _;

use probity_engine::store::{self, Verified};

use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::exit::Exit;
use crate::paths::Paths;
use crate::printer::tame;
use crate::render::count;

pub(super) fn verify(cx: &Context, paths: &Paths, repair: bool) -> Ended {
    let verified = store::verify(&paths.store(), repair).map_err(|e| CliError::failed(&e))?;
    cx.result(&shown(&verified))?;
    Ok(if verified.is_sound() { Exit::Success } else { Exit::Investigate })
}

fn shown(verified: &Verified) -> String {
    let mut shown = String::new();
    for damage in &verified.found {
        let _ = writeln!(shown, "{}", tame(&damage.to_string()));
    }
    let unnamed = verified.damaged.saturating_sub(verified.found.len() as u64);
    if unnamed > 0 {
        let _ = writeln!(shown, "and {unnamed} more");
    }
    if let Some(reason) = &verified.unusable {
        let _ = writeln!(shown, "the store {}", tame(reason));
    }
    let _ = writeln!(shown, "{}, {} damaged", count(verified.records, "record"), verified.damaged);
    let sequel = match (verified.is_sound(), verified.repaired, &verified.unusable) {
        (true, ..) => "",
        (_, true, None) => "What was damaged is removed, and will be computed again.\n",
        (_, true, Some(_)) => "It is set aside, and another is begun.\n",
        (_, false, _) => "No check uses what is damaged. `probity cache verify --repair` removes it.\n",
    };
    shown + sequel
}
