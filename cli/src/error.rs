//! What a person is told when a command cannot be done: what, where, why, and a hint where there is one. Exit statuses are known here.

use std::fmt::Write as _;

use probity_assess::catalogue::CatalogueError;
use probity_assess::check::CheckError;
use probity_assess::permissions::{GrantedError, PermissionsError};
use probity_assess::snapshot::OpenError;
use probity_assess::source::SourceError;
use probity_registry::{ManifestError, PackageError};

use crate::exit::Exit;
use crate::printer::{is_hidden, tame};

/// A command that could not be done.
#[derive(Debug)]
pub(crate) struct CliError {
    exit: Exit,
    text: Text,
    hint: Option<String>,
}

#[derive(Debug)]
enum Text {
    /// The sentence and its causes, outermost first.
    Plain(Vec<String>),
    /// Errors in a file, with the lines they are in.
    Diagnostic(miette::Report),
}

impl CliError {
    /// Wrong use: status 2.
    pub(crate) fn usage(error: &dyn std::error::Error) -> CliError {
        CliError { exit: Exit::Usage, text: Text::Plain(chain(error)), hint: None }
    }

    /// The surroundings failed: status 10.
    pub(crate) fn failed(error: &dyn std::error::Error) -> CliError {
        CliError { exit: Exit::Failed, text: Text::Plain(chain(error)), hint: None }
    }

    /// What was granted cannot be read or written.
    pub(crate) fn granted(error: &GrantedError) -> CliError {
        let failed = CliError::failed(error);
        match error {
            GrantedError::Read { .. } => failed.hinted(GRANTS),
            _ => failed.hinted("`probity doctor` looks at the folder; PROBITY_CONFIG_DIR names another one"),
        }
    }

    /// A sentence of our own about wrong use.
    pub(crate) fn wrong(sentence: impl Into<String>) -> CliError {
        CliError { exit: Exit::Usage, text: Text::Plain(vec![sentence.into()]), hint: None }
    }

    /// Errors in a file: status 2.
    pub(crate) fn diagnostic(report: miette::Report) -> CliError {
        CliError { exit: Exit::Usage, text: Text::Diagnostic(report), hint: None }
    }

    /// Says first what was being done.
    pub(crate) fn while_doing(mut self, sentence: impl Into<String>) -> CliError {
        if let Text::Plain(causes) = &mut self.text {
            causes.insert(0, sentence.into());
        }
        self
    }

    /// Adds what else to do about it, after what is told already.
    pub(crate) fn also_hinted(mut self, further: Option<String>) -> CliError {
        let all: Vec<String> = self.hint.into_iter().chain(further).collect();
        self.hint = (!all.is_empty()).then(|| all.join("\nhint: "));
        self
    }

    /// Adds what to do about it.
    pub(crate) fn hinted(mut self, hint: impl Into<String>) -> CliError {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The whole message, for standard error.
    pub(crate) fn shown(&self, colored: bool) -> String {
        let mut shown = match &self.text {
            Text::Plain(causes) => plain(causes),
            Text::Diagnostic(report) => diagnostic(report, colored),
        };
        if let Some(hint) = &self.hint {
            let _ = write!(shown, "\nhint: {hint}");
        }
        shown
    }
}

fn chain(error: &dyn std::error::Error) -> Vec<String> {
    let mut causes = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        // Some libraries print their source within themselves; saying it twice helps nobody.
        if !causes.last().is_some_and(|last| last.contains(&cause.to_string())) {
            causes.push(cause.to_string());
        }
        next = cause.source();
    }
    causes
}

fn plain(causes: &[String]) -> String {
    let mut lines = causes.iter().flat_map(|cause| cause.lines());
    let mut shown = format!("error: {}", tame(lines.next().unwrap_or_default()));
    for line in lines {
        let _ = write!(shown, "\n  {}", tame(line));
    }
    shown
}

/// The frame quotes a stranger's text as it is. Where that holds what a terminal obeys, all is shown without colour, and that as escapes.
fn diagnostic(report: &miette::Report, colored: bool) -> String {
    let plain = framed(report, false);
    let is_tame = |c: char| c == '\n' || !is_hidden(c);
    if colored && plain.chars().all(is_tame) {
        return framed(report, true);
    }
    plain.lines().map(tame).collect::<Vec<_>>().join("\n")
}

fn framed(report: &miette::Report, colored: bool) -> String {
    let theme =
        if colored { miette::GraphicalTheme::unicode() } else { miette::GraphicalTheme::unicode_nocolor() };
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(110).with_links(false);
    let mut shown = String::new();
    match handler.render_report(&mut shown, report.as_ref()) {
        Ok(()) => shown,
        Err(_) => format!("error: {report}"),
    }
}

impl CliError {
    /// A target that cannot be opened.
    pub(crate) fn target(error: &OpenError) -> CliError {
        CliError::usage(error).maybe_hinted(error.hint())
    }

    fn maybe_hinted(self, hint: Option<&'static str>) -> CliError {
        match hint {
            Some(hint) => self.hinted(hint),
            None => self,
        }
    }
}

impl From<CheckError> for CliError {
    fn from(error: CheckError) -> CliError {
        match error {
            CheckError::Open(error) => CliError::target(&error),
            CheckError::Policy(errors) | CheckError::Source(SourceError::Policy(errors)) => {
                CliError::diagnostic(errors.into())
            }
            CheckError::Snapshot(error) => CliError::usage(&error).maybe_hinted(error.hint()),
            CheckError::Source(error) => CliError::usage(&error).maybe_hinted(error.hint()),
            CheckError::Plugins(errors) => packages(&errors),
            CheckError::Start(_) => CliError::failed(&error).hinted("`probity doctor` tells what is missing"),
            CheckError::Plugin(ref failure) if failure.denied => CliError::failed(&error)
                .hinted("`probity doctor` tells each guarantee, and what provides it on this machine"),
            CheckError::Plugin(_) => CliError::failed(&error).hinted(
                "`probity doctor` tells what this machine offers; PROBITY_CACHE_DIR names another folder for the cache",
            ),
            CheckError::Refresh { ref plugin, ref known } => {
                let known = tame(&known.join(", "));
                CliError::wrong(format!("there is no plugin {plugin} to refresh"))
                    .hinted(format!("there are {known}"))
            }
            other => CliError::usage(&other),
        }
    }
}

/// A fault of a manifest, with what to do about it.
fn fault(error: &ManifestError) -> Vec<String> {
    let help = miette::Diagnostic::help(error).map(|help| format!("  hint: {help}"));
    std::iter::once(format!("{error}")).chain(help).collect()
}

/// Every package that cannot be used, each with its causes and what to do.
fn packages(errors: &[CatalogueError]) -> CliError {
    let mut lines = Vec::new();
    for error in errors {
        lines.extend(chain(error));
        if let CatalogueError::Package(package) = error {
            if let PackageError::Manifest(manifest) = package {
                lines.extend(manifest.errors.iter().flat_map(fault));
            }
            lines.extend(miette::Diagnostic::help(package).map(|help| format!("hint: {help}")));
        }
    }
    // What was chosen on this machine cannot be read, whatever was asked for.
    let surroundings = errors.iter().find_map(|error| match error {
        CatalogueError::Permissions(error) => Some(error),
        _ => None,
    });
    let exit = if surroundings.is_some() { Exit::Failed } else { Exit::Usage };
    let hint = surroundings.map(|error| chosen(error).to_owned());
    CliError { exit, text: Text::Plain(lines), hint }
}

/// What to do about a file of choices that cannot be read.
fn chosen(error: &PermissionsError) -> &'static str {
    match error {
        PermissionsError::Granted(_) => GRANTS,
        _ => "whoever administers this machine can mend it; `probity doctor` looks at it again",
    }
}

const GRANTS: &str =
    "move the file away: nothing is granted then, and `probity plugin grant` begins a new one";
