//! The report in its forms. Each takes the data and returns text; nothing here decides or prints.

mod count;
mod json;
mod next;
mod sarif;
mod suppressions;
mod text;
pub(crate) mod why;

use probity_assess::report::{Report, VerdictKind};

pub(crate) use count::count;
pub(crate) use json::{Layout, json};
pub(crate) use next::next;
pub(crate) use text::whatever_the_score;

use crate::args::Format;

/// A report in the form that was asked for.
pub(crate) fn report(report: &Report, format: Format, layout: Layout, colored: bool) -> String {
    match format {
        Format::Text => text::text(report, colored),
        Format::Json => json(report, layout),
        Format::Sarif => json(&sarif::sarif(report), layout),
    }
}

/// The word for a verdict.
pub(crate) fn verdict(verdict: VerdictKind) -> &'static str {
    match verdict {
        VerdictKind::Pass => "pass",
        VerdictKind::Fail => "fail",
        VerdictKind::Abstain => "abstain",
        VerdictKind::Error => "error",
    }
}
