//! `probity cache info`: where answers are remembered, how many, how large.

use std::fmt::Write as _;

use probity_assess::cache;
use probity_assess::settings::Day;
use probity_engine::store::{self, StoreInfo, StoreState};

use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::paths::Paths;
use crate::printer::tame;
use crate::render::count;
use crate::size::Size;

pub(super) fn info(cx: &Context, paths: &Paths) -> Ended {
    let info = store::info(&paths.store()).map_err(|e| CliError::failed(&e))?;
    let beside = cache::contents(&paths.cache);
    let mut shown = String::new();
    let mut line = |name: &str, text: String| {
        let _ = writeln!(shown, "{name:<17}{text}");
    };
    line("folder", tame(&paths.cache.display().to_string()));
    line("store", format!("{}: {}", tame(&info.path.display().to_string()), state(&info.state)));
    line(
        "answers",
        format!(
            "{}, {}, {}",
            count(info.memos, "memo"),
            count(info.traces, "trace"),
            count(info.blobs, "value")
        ),
    );
    line("asked", asked(&info));
    let imported = count(info.imported, "trace");
    line("imported", format!("{imported} from other machines, used with `check --trust-imported` alone"));
    let parts =
        [beside.targets, beside.packages, beside.kept, beside.notes, beside.fetched, beside.temporary];
    let all = info.bytes + info.aside_bytes + parts.iter().map(|part| part.bytes).sum::<u64>();
    line("size", format!("{}, of which", Size(all)));
    line(
        "  answers",
        format!("{}; above {} those not asked for longest go", Size(info.bytes), Size(store::LIMIT)),
    );
    line("  set aside", Size(info.aside_bytes).to_string());
    line(
        "  working trees",
        format!("{} of {}", Size(beside.targets.bytes), count(beside.targets.count, "repository")),
    );
    line(
        "  plugins",
        format!("{} of {}", Size(beside.packages.bytes), count(beside.packages.count, "package")),
    );
    line("  kept", format!("{} that plugins keep", Size(beside.kept.bytes)));
    line(
        "  notes",
        format!(
            "{} for `probity why` on {}",
            Size(beside.notes.bytes),
            count(beside.notes.count, "repository")
        ),
    );
    line("  fetched", format!("{} of {}", Size(beside.fetched.bytes), count(beside.fetched.count, "answer")));
    line("  temporary", Size(beside.temporary.bytes).to_string());
    cx.result(&shown)
}

fn state(state: &StoreState) -> String {
    match state {
        StoreState::Absent => "none yet".to_owned(),
        StoreState::Ready => format!("of this version, {}", store::version_name()),
        StoreState::Unusable(reason) => {
            format!("{}; the next check sets it aside and begins another", tame(reason))
        }
    }
}

fn asked(info: &StoreInfo) -> String {
    let roots = count(info.roots, "question");
    match info.last_used.and_then(|day| day.checked_mul(86_400)) {
        // A day that no calendar has is damage, which `verify` tells.
        Some(seconds) if seconds < 253_402_300_800 => {
            format!("{roots} by checks, last on {}", Day::from_unix(seconds).as_str())
        }
        _ => format!("{roots} by checks"),
    }
}
