//! The report in its forms. Each takes the data and returns text; nothing here decides or prints.

mod count;
mod json;
mod sarif;
mod suppressions;
mod text;
pub(crate) mod why;

use probity_assess::report::{Report, VerdictKind};

pub(crate) use count::count;
pub(crate) use json::{Layout, json};
pub(crate) use text::whatever_the_score;

use crate::args::{Format, Subject};

/// How a report is to look, whatever it says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    /// Of JSON.
    pub(crate) layout: Layout,
    /// Of text.
    pub(crate) colored: bool,
    /// What was checked and how, for the commands that a text names.
    pub(crate) subject: &'a Subject,
}

/// A report in the form that was asked for.
pub(crate) fn report(report: &Report, format: Format, look: Look<'_>) -> String {
    match format {
        Format::Text => text::text(report, look),
        Format::Json => json(report, look.layout),
        Format::Sarif => json(&sarif::sarif(report), look.layout),
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
