//! `probity cache export` and `import`: a store between machines.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use probity_engine::store::{self, TransferError, Transferred};

use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::paths::Paths;
use crate::printer::tame;
use crate::render::count;

/// The file is written beside its place and moved there when it is whole.
pub(super) fn export(cx: &Context, paths: &Paths, file: &Path) -> Ended {
    let told = |e: &dyn std::error::Error| {
        CliError::failed(e).while_doing(format!("cannot write {}", file.display()))
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut fresh = tempfile::NamedTempFile::new_in(folder).map_err(|e| told(&e))?;
    let mut writer = BufWriter::new(fresh.as_file_mut());
    let exported = store::export(&paths.store(), &mut writer).map_err(|e| told(&e))?;
    writer.flush().map_err(|e| told(&e))?;
    drop(writer);
    fresh.persist(file).map_err(|e| told(&e.error))?;
    if exported.private > 0 {
        let left = count(exported.private, "answer");
        cx.printer.note(&format!(
            "note: what rests on variables, files or servers' answers that plugins may see stays here: {left}"
        ));
    }
    cx.result(&format!("{} exported to {}.\n", told_of(&exported), tame(&file.display().to_string())))
}

pub(super) fn import(cx: &Context, paths: &Paths, file: &Path) -> Ended {
    let doing = || format!("cannot import {}", file.display());
    let opened = File::open(file).map_err(|e| CliError::usage(&e).while_doing(doing()))?;
    if !opened.metadata().is_ok_and(|found| found.is_file()) {
        return Err(CliError::wrong("it is no regular file, and has to be read twice").while_doing(doing()));
    }
    let imported = store::import(&paths.store(), BufReader::new(opened)).map_err(|error| match &error {
        TransferError::Store(cause) => CliError::failed(cause).while_doing(doing()),
        _ => CliError::usage(&error)
            .while_doing(doing())
            .hinted("nothing of it was taken up; export it afresh"),
    })?;
    cx.printer.note(
        "note: nobody vouches for imported answers; a check uses them with --trust-imported alone, and its report says so",
    );
    cx.result(&format!("{} imported that were not here.\n", told_of(&imported)))
}

fn told_of(counts: &Transferred) -> String {
    let left = match counts.incomplete {
        0 => String::new(),
        some => format!(", without {} of which parts are missing,", count(some, "trace")),
    };
    format!(
        "{}, {} and {}{left}",
        count(counts.memos, "memo"),
        count(counts.traces, "trace"),
        count(counts.blobs, "value")
    )
}
