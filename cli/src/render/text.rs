//! The report for a person: the outcome first, then the tree of what was judged, then what to look at, and what could not be judged. It
//! informs; it does not blame.

use std::fmt::Write as _;

use probity_assess::report::{
    AnalysisEntry, CategoryEntry, Entry, Finding, Location, Outcome, PolicySource, Reason, Report, Summary,
    SuppressionEntry, VerdictKind,
};
use serde_json::Value;

use crate::printer::tame;
use crate::render::suppressions;

/// Columns of the names in the tree, indentation included.
const NAMES: usize = 26;
/// So many things a plugin of the SDK points out at most.
const MOST_LISTED: usize = 20;
/// Hex digits of an id that are shown.
const SHORT: usize = 12;

/// The whole page.
pub(super) fn text(report: &Report, colored: bool) -> String {
    let paint = Paint { colored };
    let mut page = String::new();
    head(&mut page, report, paint);
    page.push('\n');
    entries(&mut page, &report.tree, 1, paint);
    findings(&mut page, &report.findings(), paint);
    unlisted(&mut page, report);
    unjudged(&mut page, &report.tree);
    suppressed(&mut page, &report.suppressions, paint);
    page.push_str(
        "\nProbity looks at the repository alone: not at its hosting, its packages or its dependencies.\n",
    );
    page
}

/// Colours, where they are wanted.
#[derive(Debug, Clone, Copy)]
struct Paint {
    colored: bool,
}

impl Paint {
    fn verdict(self, kind: VerdictKind, text: &str) -> String {
        self.code(
            match kind {
                VerdictKind::Pass => "32",
                VerdictKind::Fail => "33",
                VerdictKind::Abstain => "36",
                VerdictKind::Error => "31",
            },
            text,
        )
    }

    fn strong(self, text: &str) -> String {
        self.code("1", text)
    }

    fn code(self, code: &str, text: &str) -> String {
        if self.colored { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn head(page: &mut String, report: &Report, paint: Paint) {
    let outcome = match report.outcome {
        Outcome::Pass => "PASS",
        Outcome::Investigate => "INVESTIGATE",
        Outcome::NothingJudged => "NOTHING JUDGED",
        Outcome::Error => "ERROR",
    };
    let score = match report.score.value {
        Some(value) => format!("score {value:.2}, investigate if {}", tame(&report.score.investigate)),
        None => "no score, for nothing that counts was judged".to_owned(),
    };
    let _ = writeln!(page, "{}  {score}", paint.strong(outcome));
    for why in whatever_the_score(report) {
        let _ = writeln!(page, "             {why}");
    }
    if !report.imported.is_empty() {
        let (number, all) = (report.imported.len(), report.analyses().len());
        let names = report.imported.iter().map(|name| tame(name)).collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            page,
            "imported     {number} of {all} analyses rest on answers of another machine, unverified: {names}"
        );
    }
    if let Some(state) = &report.state {
        let names = state.analyses.iter().map(|name| tame(name)).collect::<Vec<_>>().join(", ");
        let told = match (state.used, &state.since) {
            (false, _) => format!("not used, although {names} would go by it"),
            (true, None) => format!("{names} found nothing remembered of this repository"),
            (true, Some(day)) => format!("{names} went by what this machine remembers since {day}"),
        };
        let _ = writeln!(page, "state        {told}");
    }
    let target = &report.target;
    let extra = match (target.dirty, target.shallow) {
        (true, true) => ", with the working tree's changes, history cut off",
        (true, false) => ", with the working tree's changes",
        (false, true) => ", history cut off",
        (false, false) => "",
    };
    let _ = writeln!(page, "target       commit {}{extra}, as of {}", short(&target.commit), report.date);
    let source = match report.policy.source {
        PolicySource::BuiltIn => "built-in",
        PolicySource::File => "the named file",
        PolicySource::Trusted => "the repository's own, trusted",
    };
    let _ = writeln!(page, "policy       {source}, digest {}", short(&report.policy.digest));
}

/// What decides the outcome, whatever the score is.
pub(crate) fn whatever_the_score(report: &Report) -> impl Iterator<Item = String> {
    report.reasons.iter().filter_map(|reason| match reason {
        Reason::MustPass { analysis } => Some(format!("{} must pass, and did not", tame(analysis))),
        Reason::MustNotFail { analysis } => Some(format!("{} must not fail, and did", tame(analysis))),
        Reason::Errored { analysis } => Some(format!("{} erred", tame(analysis))),
        Reason::Score | Reason::NothingJudged => None,
    })
}

pub(super) fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

fn entries(page: &mut String, tree: &[Entry], depth: usize, paint: Paint) {
    for entry in tree {
        match entry {
            Entry::Category(category) => {
                self::category(page, category, depth, paint);
                entries(page, &category.children, depth + 1, paint);
            }
            Entry::Analysis(analysis) => self::analysis(page, analysis, depth, paint),
        }
    }
}

fn category(page: &mut String, category: &CategoryEntry, depth: usize, paint: Paint) {
    let name = format!("{}{}", "  ".repeat(depth), tame(&category.name));
    let _ = writeln!(page, "{}  {:>4}", paint.strong(&format!("{name:<NAMES$}")), percent(category.share));
}

fn analysis(page: &mut String, analysis: &AnalysisEntry, depth: usize, paint: Paint) {
    let name = format!("{}{}", "  ".repeat(depth), tame(&analysis.name));
    let verdict = paint.verdict(analysis.verdict, &format!("{:<7}", super::verdict(analysis.verdict)));
    let judged = match (&analysis.compared, &analysis.value) {
        (Some(compared), _) => {
            format!("{} {} {}", number(compared.left), tame(&compared.operator), number(compared.right))
        }
        (None, Some(value)) => summary(value),
        (None, None) => String::new(),
    };
    let line = format!(
        "{name:<NAMES$}  {:>4}  {verdict}  {judged:<16}  {}",
        percent(analysis.share),
        tame(&analysis.policy)
    );
    let _ = writeln!(page, "{}", line.trim_end());
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// Up to four digits after the point, without noise.
fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn summary(value: &Summary) -> String {
    match value {
        Summary::Value { value: Value::Array(items) } if items.iter().any(Value::is_object) => {
            format!("{} {}", items.len(), if items.len() == 1 { "entry" } else { "entries" })
        }
        Summary::Value { value } => tame(&value.to_string()),
        Summary::Numbers { count, max, .. } => format!("{count} numbers, at most {}", number(*max)),
        Summary::Flags { count, yes } => format!("{yes} of {count}"),
        Summary::List { count } => format!("{count} entries"),
        Summary::Object { members, .. } => format!("{} members", members.len()),
    }
}

fn findings(page: &mut String, findings: &[Finding<'_>], paint: Paint) {
    if findings.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n{}", paint.strong("What to look at"));
    for finding in findings {
        let at = finding.location.map(place).unwrap_or_default();
        let rule = tame(finding.rule);
        let mut lines = finding.message.lines();
        let first = tame(lines.next().unwrap_or_default());
        // A verdict begins with its rule's name already.
        let rule = if finding.location.is_none() && first.starts_with(&rule) {
            String::new()
        } else {
            format!("{rule}: ")
        };
        let _ = writeln!(page, "  {rule}{at}{first}");
        for line in lines {
            let _ = writeln!(page, "    {}", tame(line));
        }
    }
}

/// How much of what failed stands nowhere above: plugins point out the worst alone.
fn unlisted(page: &mut String, report: &Report) {
    for analysis in report.analyses() {
        let listed = analysis.concerns.len();
        if let (VerdictKind::Fail, Some(Summary::List { count }), MOST_LISTED..) =
            (analysis.verdict, &analysis.value, listed)
            && *count > listed
        {
            let _ = writeln!(page, "  {}: {} more are not listed", tame(&analysis.name), count - listed);
        }
    }
}

fn place(location: &Location) -> String {
    let mut parts = Vec::new();
    if let Some(commit) = &location.commit {
        parts.push(format!("commit {}", short(&tame(commit))));
    }
    if let Some(path) = &location.path {
        let line = location.line.map(|line| format!(":{line}")).unwrap_or_default();
        parts.push(format!("{}{line}", tame(path)));
    }
    if parts.is_empty() { String::new() } else { format!("{}: ", parts.join(" ")) }
}

/// What abstained, and why: silence would look like a pass.
fn unjudged(page: &mut String, tree: &[Entry]) {
    let mut lines = String::new();
    abstained(&mut lines, tree);
    if !lines.is_empty() {
        let _ = write!(page, "\nWhat could not be judged\n{lines}");
    }
}

fn abstained(lines: &mut String, tree: &[Entry]) {
    for entry in tree {
        match entry {
            Entry::Category(category) => abstained(lines, &category.children),
            Entry::Analysis(analysis) if analysis.verdict == VerdictKind::Abstain => {
                let reason = analysis.reason.as_deref().unwrap_or_default();
                let share = percent(analysis.share);
                let _ = writeln!(lines, "  {} ({share}): {}", tame(&analysis.name), tame(reason));
            }
            Entry::Analysis(_) => {}
        }
    }
}

/// What the policy takes out, and the lines of it that do so no more.
fn suppressed(page: &mut String, suppressions: &[SuppressionEntry], paint: Paint) {
    if suppressions.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n{}", paint.strong("What the policy suppresses"));
    for entry in suppressions {
        let warning = if suppressions::is_warning(entry.state) { "warning: " } else { "" };
        let _ = writeln!(page, "  {warning}{}", suppressions::line(entry));
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_shown_without_noise() {
        assert_eq!(number(0.1 + 0.2), "0.3");
        assert_eq!(number(364.0), "364");
        assert_eq!(number(-0.000_01), "0");
        assert_eq!(number(1.0 / 3.0), "0.3333");
    }
}
