//! The rules of plugins: a page on one, a list of all.

use std::fmt::Write as _;

use probity_assess::check::Prepared;
use probity_assess::description::{Configured, Description, PLACES, Rule};
use probity_assess::expression::suggest;
use probity_assess::policy::{CheckedAnalysis, Origin, rule_name};
use probity_host::{bare_name, full_id};

use crate::error::CliError;
use crate::printer::{paragraphs, tame};
use crate::render::count;

/// A plugin with what it says of itself.
type Told = (String, Description, Configured);

/// The page on what is no analysis of the policy: a rule with its plugin, a plugin, or a rule by its id alone. `words` are
/// the target and options that the command was given.
pub(super) fn page(prepared: &Prepared, name: &str, words: &str) -> Result<String, CliError> {
    let (plugin, rule) = match name.matches('/').count() {
        0 | 2 => (full_id(name), None),
        _ => {
            let (plugin, rule) = name.rsplit_once('/').unwrap_or((name, ""));
            (full_id(plugin), Some(rule))
        }
    };
    let told = prepared.descriptions([plugin.as_str()])?.pop();
    match (told, rule) {
        (Some(of), Some(rule)) => one_of(prepared, &of, rule),
        (Some(of), None) => Ok(listed(prepared, &of, words)),
        (None, Some(_)) => Err(no_plugin(prepared, &plugin)),
        (None, None) => by_its_id(prepared, name),
    }
}

fn short(plugin: &str) -> &str {
    bare_name(plugin).unwrap_or(plugin)
}

/// The rules that an analysis tells findings of, for its page; nothing if there are none.
pub(super) fn of_analysis(analysis: &CheckedAnalysis, description: &Description, words: &str) -> String {
    let rules: Vec<&Rule> = description.rules.iter().filter(|rule| rule.query == analysis.query).collect();
    if description.rules.is_empty() {
        return String::new();
    }
    let mut page = format!("\nrules\n{}", lines(&analysis.plugin, &rules));
    let others = description.rules.len() - rules.len();
    if others > 0 {
        let others = count(others as u64, "rule");
        let _ = writeln!(page, "  {others} of other queries: `probity explain {}{words}`", analysis.plugin);
    }
    page
}

fn lines(plugin: &str, rules: &[&Rule]) -> String {
    let width = rules.iter().map(|rule| rule_name(plugin, &rule.id).chars().count()).max().unwrap_or(0);
    let line = |rule: &&Rule| {
        let (severity, _) = parts(rule);
        // The worst that it can be; in which case it is less, its own page says.
        let worst = severity.split([' ', ',']).next().unwrap_or_default();
        format!("  {:<width$}  {}\n", tame(&rule_name(plugin, &rule.id)), tame(worst))
    };
    rules.iter().map(line).collect()
}

/// A plugin's rules, by query.
fn listed(prepared: &Prepared, (plugin, description, _): &Told, words: &str) -> String {
    if description.rules.is_empty() {
        return format!(
            "{} tells no rules; `probity plugin describe {plugin}` shows what it measures.\n",
            tame(plugin)
        );
    }
    let rules = count(description.rules.len() as u64, "rule");
    let mut page = format!("{}: {rules}\n", tame(plugin));
    for query in &description.queries {
        let of_query: Vec<&Rule> = description.rules.iter().filter(|rule| rule.query == query.name).collect();
        if of_query.is_empty() {
            continue;
        }
        let _ = writeln!(page, "\n{}: {}", tame(&query.name), judged(prepared, plugin, &query.name));
        page.push_str(&lines(plugin, &of_query));
    }
    let first = tame(&rule_name(plugin, &description.rules[0].id));
    let _ = writeln!(
        page,
        "\nnext: `probity explain {first}{words}` for what a rule finds, and how to suppress it"
    );
    page
}

/// Which analyses of the policy ask a query, in a few words.
fn judged(prepared: &Prepared, plugin: &str, query: &str) -> String {
    let names: Vec<String> = asking(prepared, plugin, query).map(|analysis| tame(&analysis.name)).collect();
    match names.is_empty() {
        true => "not asked by this policy".to_owned(),
        false => format!("judged by {}", names.join(", ")),
    }
}

fn asking<'p>(
    prepared: &'p Prepared,
    plugin: &'p str,
    query: &'p str,
) -> impl Iterator<Item = &'p CheckedAnalysis> {
    let analyses = prepared.policy.analyses.iter();
    analyses.filter(move |analysis| analysis.plugin == plugin && analysis.query == query)
}

fn one_of(prepared: &Prepared, of: &Told, id: &str) -> Result<String, CliError> {
    let (plugin, description, _) = of;
    match description.rules.iter().find(|rule| rule.id == id) {
        Some(rule) => Ok(explained(prepared, of, rule)),
        None => {
            let known: Vec<&str> = description.rules.iter().map(|rule| rule.id.as_str()).collect();
            let wrong = CliError::wrong(format!("plugin {} has no rule {id:?}", tame(plugin)));
            Err(wrong.hinted(tame(&suggest::hint(id, &known))))
        }
    }
}

/// Everything about one rule.
fn explained(prepared: &Prepared, (plugin, description, configured): &Told, rule: &Rule) -> String {
    let name = tame(&rule_name(plugin, &rule.id));
    let (severity, text) = parts(rule);
    let mut page = format!("{name}: {}/{}\n\n{}\n\n", tame(plugin), tame(&rule.query), paragraphs(text, ""));
    let _ = writeln!(page, "severity       {}", tame(severity));
    if let Some(reference) = &rule.reference {
        let _ = writeln!(page, "see            {}", tame(reference));
    }
    page.push_str(&judgement(prepared, plugin, &rule.query, configured));
    if let Some(react) = description.explain.as_deref().and_then(reaction) {
        let react = paragraphs(react, "               ");
        let _ = writeln!(page, "react          {}", react.trim_start());
    }
    page.push_str(&suppression(&name, &description.places()));
    page
}

/// A line of a policy that takes findings of a rule out, which have these of [`PLACES`], and what to write there.
fn suppression(rule: &str, places: &[&str]) -> String {
    let property = |place: &&str| match *place {
        "commit" => "commit=\"FULL ID\"",
        "package" => "package=\"NAME\"",
        _ => "path=\"PATH\"",
    };
    let all = |places: &[&str]| places.iter().map(property).collect::<Vec<_>>().join(" or ");
    let others: Vec<&str> = PLACES.into_iter().filter(|place| !places.contains(place)).collect();
    let (place, told) = match places {
        [] => return "suppress       cannot be done: findings of this plugin have no place\n".to_owned(),
        [only] => (property(only), format!("{} will do as well", all(&others))),
        places => ("PLACE", format!("PLACE is {}, or several of these", all(places))),
    };
    let how = format!(
        "as a line of the policy; {told}, where the JSON report tells it of the finding, and one without any cannot be suppressed"
    );
    let how = paragraphs(&how, "               ");
    format!("suppress       suppress \"{rule}\" {place} reason=\"WHY\" until=\"YYYY-MM-DD\"\n{how}\n")
}

/// Which analyses judge what the rule finds, and how; or how to ask for it.
fn judgement(prepared: &Prepared, plugin: &str, query: &str, configured: &Configured) -> String {
    let mut lines = String::new();
    for analysis in asking(prepared, plugin, query) {
        let whose = match analysis.origin {
            Origin::Policy => "the policy's own",
            Origin::Plugin => "the plugin's default",
        };
        let (name, policy) = (tame(&analysis.name), tame(analysis.expression.text()));
        let _ = writeln!(lines, "judged by      {name}, which passes if {policy}  ({whose})");
    }
    if lines.is_empty() {
        let (short, query) = (tame(short(plugin)), tame(query));
        let _ = writeln!(
            lines,
            "judged by      no analysis of this policy; write: analysis \"{query}\" plugin=\"{short}\" query=\"{query}\""
        );
        if let Some(policy) = &configured.default_policy {
            let _ = writeln!(lines, "default        passes if {}", tame(policy));
        }
    }
    lines
}

/// How bad it is, and what it finds: the text begins with the one, as in `medium, or low in tests: …`.
fn parts(rule: &Rule) -> (&str, &str) {
    let begins = |text: &str| ["high", "medium", "low"].iter().any(|severity| text.starts_with(severity));
    match rule.text.split_once(": ") {
        Some((severity, text)) if begins(severity) => (severity, text),
        _ => ("untold", &rule.text),
    }
}

/// What to do, where a plugin's explanation says it: after `React:`, to the end of the paragraph.
fn reaction(explain: &str) -> Option<&str> {
    let (_, react) = explain.split_once("React: ")?;
    react.lines().next().filter(|line| !line.trim().is_empty())
}

/// The page on the rule of this id, whichever plugin has it.
fn by_its_id(prepared: &Prepared, id: &str) -> Result<String, CliError> {
    let all: Vec<String> = prepared.catalogue.iter().map(|listed| listed.id.to_string()).collect();
    let told = prepared.descriptions(all.iter().map(String::as_str))?;
    let having: Vec<&Told> =
        told.iter().filter(|(_, of, _)| of.rules.iter().any(|rule| rule.id == id)).collect();
    match having[..] {
        [of] => one_of(prepared, of, id),
        [] => Err(unknown(prepared, &told, id)),
        _ => {
            let names: Vec<String> = having.iter().map(|(plugin, ..)| tame(&rule_name(plugin, id))).collect();
            let wrong = CliError::wrong(format!("several plugins have a rule {id:?}"));
            Err(wrong.hinted(format!("name one with its plugin: {}", names.join(", "))))
        }
    }
}

fn unknown(prepared: &Prepared, told: &[Told], name: &str) -> CliError {
    let analyses: Vec<&str> =
        prepared.policy.analyses.iter().map(|analysis| analysis.name.as_str()).collect();
    let plugins = told.iter().map(|(plugin, ..)| short(plugin));
    let rules = told.iter().flat_map(|(_, of, _)| of.rules.iter().map(|rule| rule.id.as_str()));
    let all: Vec<&str> = analyses.iter().copied().chain(plugins).chain(rules).collect();
    let wrong = CliError::wrong(format!("there is no analysis, plugin or rule {name:?}"));
    wrong.hinted(tame(&match suggest::nearest(name, all) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "the policy has {}; `score` and a rule can be explained too, and `probity explain PLUGIN` lists its rules",
            analyses.join(", ")
        ),
    }))
}

fn no_plugin(prepared: &Prepared, plugin: &str) -> CliError {
    let known: Vec<&str> = prepared.catalogue.iter().map(|listed| short(&listed.id)).collect();
    let wrong = CliError::wrong(format!("there is no plugin {}", tame(short(plugin))));
    wrong.hinted(tame(&suggest::hint(short(plugin), &known)))
}
