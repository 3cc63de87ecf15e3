//! `probity why`: what the last check of a repository reused and ran for an analysis, and why. Starts nothing.

use probity_assess::snapshot;
use probity_assess::why::{self, Record, WhyError};

use crate::args::{WhyArgs, WhyFormat};
use crate::commands::{Context, Ended};
use crate::error::CliError;
use crate::paths::Paths;
use crate::printer::tame;
use crate::render::{self, Layout};

pub(crate) fn why(cx: &Context, args: &WhyArgs) -> Ended {
    let paths = Paths::from_environment()?;
    let target = snapshot::open(&args.target).map_err(|error| CliError::target(&error))?;
    let record = Record::read(&why::file(&paths.cache, &target)).map_err(|error| unread(&error))?;
    let Some(part) = record.part(&args.analysis) else {
        let known: Vec<&str> = record.names().collect();
        return Err(CliError::wrong(format!("the last check had no analysis {:?}", args.analysis))
            .hinted(format!("it had {}", tame(&known.join(", ")))));
    };
    let depth = (!args.all).then_some(args.depth);
    cx.result(&match args.format {
        WhyFormat::Text => render::why::text(&part, depth),
        WhyFormat::Json => render::json(&part, Layout::Indented),
    })
}

fn unread(error: &WhyError) -> CliError {
    let hint = match error {
        WhyError::Absent => "run `probity check` first, without --no-cache",
        _ => "run `probity check` again, which writes them anew",
    };
    CliError::usage(error).hinted(hint)
}
