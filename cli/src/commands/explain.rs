//! `probity explain`: what an analysis measures and how it is judged here, what a rule finds, or how the score comes about.

mod rules;

use std::fmt::Write as _;
use std::sync::Arc;

use probity_assess::check::Prepared;
use probity_assess::policy::{CheckedAnalysis, Origin};
use probity_assess::report::{Report, VerdictKind};

use crate::args::ExplainArgs;
use crate::commands::{Context, Ended};
use crate::printer::{paragraphs, tame};
use crate::progress::Spinner;
use crate::render;
use crate::subject::{self, TIMEOUT};

pub(crate) fn explain(cx: &Context, args: &ExplainArgs) -> Ended {
    let settings = subject::settings(&args.subject, TIMEOUT)?;
    let spinner = Arc::new(Spinner::new(&cx.printer, cx.verbose));
    let prepared = Prepared::new(&settings, spinner.clone())?;
    if args.rule == "score" {
        let checked = prepared.run(&settings)?;
        spinner.finish();
        return cx.result(&score(&checked.report));
    }
    let words = tame(&subject::words(&args.subject));
    let analyses = &prepared.policy.analyses;
    let page = match analyses.iter().find(|analysis| analysis.name == args.rule) {
        Some(found) => analysis(&prepared, found, &words),
        None => rules::page(&prepared, &args.rule, &words)?,
    };
    spinner.finish();
    cx.result(&page)
}

fn analysis(prepared: &Prepared, analysis: &CheckedAnalysis, words: &str) -> String {
    let mut page = format!("{}: {}/{}\n", tame(&analysis.name), analysis.plugin, tame(&analysis.query));
    if let Some((description, configured)) = prepared.description(analysis) {
        if let Some(query) = description.query(Some(&analysis.query)) {
            let _ = writeln!(page, "\n{}", paragraphs(&query.doc, ""));
        }
        if let Some(explain) = &description.explain {
            let _ = writeln!(page, "\n{}", paragraphs(explain, ""));
        }
        let _ = writeln!(page, "\nconfiguration  {}", tame(&configured.effective_config.to_string()));
    }
    let whose = match analysis.origin {
        Origin::Policy => "the policy's own",
        Origin::Plugin => "the plugin's default",
    };
    let _ = writeln!(page, "passes if      {}  ({whose})", tame(analysis.expression.text()));
    let _ = writeln!(page, "share          {:.1}% of the score", analysis.share * 100.0);
    if analysis.must_pass {
        let _ = writeln!(page, "must pass      anything else leads to an investigation");
    }
    if analysis.must_not_fail {
        let _ = writeln!(page, "must not fail  a failure leads to an investigation, an abstention does not");
    }
    if let Some((description, _)) = prepared.description(analysis) {
        page.push_str(&rules::of_analysis(analysis, description, words));
    }
    page
}

/// The arithmetic of the score, and what it would be if one failure were mended.
fn score(report: &Report) -> String {
    let analyses = report.analyses();
    let score = &report.score;
    let mut page = String::from(
        "The score is the share of what failed, divided by the share of what was judged.\n\
         Neighbours in the policy share what is around them in proportion to their weights.\n\n",
    );
    for analysis in &analyses {
        let (verdict, counts) = match analysis.verdict {
            VerdictKind::Pass => ("pass", ""),
            VerdictKind::Fail if analysis.share > 0.0 => ("fail", "  counts"),
            VerdictKind::Fail => ("fail", ""),
            VerdictKind::Error => ("error", "  counts as failed"),
            VerdictKind::Abstain => ("abstain", "  left out"),
        };
        let name = tame(&analysis.name);
        let line = format!("  {name:<20} {:>6.2}%  {verdict:<8}{counts}", analysis.share * 100.0);
        let _ = writeln!(page, "{}", line.trim_end());
    }
    let percent = |share: f64| share * 100.0;
    let (failed, judged) = (percent(score.failed_share), percent(score.judged_share));
    match score.value {
        Some(value) => {
            let _ = writeln!(page, "\nscore = {failed:.2}% / {judged:.2}% = {value:.4}");
            let _ = writeln!(page, "investigate if {}", tame(&score.investigate));
            for analysis in analyses.iter().filter(|analysis| analysis.contribution > 0.0) {
                let without = (value - analysis.contribution).max(0.0);
                let _ = writeln!(page, "without the failure of {}: {without:.4}", tame(&analysis.name));
            }
        }
        None => page.push_str("\nNothing that counts was judged, so there is no score.\n"),
    }
    for why in render::whatever_the_score(report) {
        let _ = writeln!(page, "whatever the score: {why}");
    }
    page
}
