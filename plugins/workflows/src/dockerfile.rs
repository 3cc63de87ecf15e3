//! Recipes for container images: what they begin from, and what they run.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::FileReport;
use crate::rules::UNPINNED_IMAGE;
use crate::workflow::{is_digest, script};

/// So many variables are known of a recipe.
const VARIABLES: usize = 100;

/// An instruction with its continuation lines.
struct Instruction {
    /// Counted from 1.
    line: u32,
    name: String,
    /// What follows the name; a line break for each line.
    text: String,
}

pub(crate) fn check(bytes: &[u8], report: &mut FileReport) {
    let text = String::from_utf8_lossy(bytes);
    let mut variables = BTreeMap::new();
    let mut stages = BTreeSet::from(["scratch".to_owned()]);
    for Instruction { line, name, text } in instructions(&text) {
        match name.as_str() {
            "ARG" => {
                if let Some((name, value)) =
                    text.trim().split_once('=').filter(|_| variables.len() < VARIABLES)
                {
                    variables.insert(name.trim().to_owned(), value.trim_matches(['"', '\'', ' ']).to_owned());
                }
            }
            "FROM" => begin(&text, line, &variables, &mut stages, report),
            "COPY" => copied(&text, line, &stages, report),
            "RUN" => {
                let place = |further: usize| line.saturating_add(u32::try_from(further).unwrap_or(u32::MAX));
                script(&command(&text), false, &place, report);
            }
            _ => {}
        }
    }
}

fn begin(
    text: &str,
    line: u32,
    variables: &BTreeMap<String, String>,
    stages: &mut BTreeSet<String>,
    report: &mut FileReport,
) {
    let mut words = text.split_whitespace().filter(|word| !word.starts_with("--") && *word != "\\");
    let Some(image) = words.next() else { return };
    let image = resolved(image, variables);
    // Who gives the variable decides; here nothing is known of it.
    if !image.contains('$') && !stages.contains(&image.to_ascii_lowercase()) {
        report.refer(UNPINNED_IMAGE, &image, is_digest(&image), false, line);
    }
    if words.next().is_some_and(|word| word.eq_ignore_ascii_case("as"))
        && let Some(stage) = words.next()
    {
        stages.insert(stage.to_ascii_lowercase());
    }
}

fn copied(text: &str, line: u32, stages: &BTreeSet<String>, report: &mut FileReport) {
    let from = text.split_whitespace().find_map(|word| word.strip_prefix("--from="));
    if let Some(image) = from.filter(|image| image.contains(['/', ':']) && !image.contains('$'))
        && !stages.contains(&image.to_ascii_lowercase())
    {
        report.refer(UNPINNED_IMAGE, image, is_digest(image), false, line);
    }
}

/// The image with the defaults of variables that it names; of others the sign stays.
fn resolved(image: &str, variables: &BTreeMap<String, String>) -> String {
    let mut parts = image.split('$');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let inner = part.strip_prefix('{').unwrap_or(part);
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        let rest = &inner[end..];
        // `${NAME:-other}` is the default of the variable, if it has one.
        let rest =
            if part.starts_with('{') { rest.split_once('}').map_or("", |(_, rest)| rest) } else { rest };
        match variables.get(&inner[..end]) {
            Some(value) => whole.extend([value, rest]),
            None => whole.extend(["$", part]),
        }
    }
    whole
}

/// The script of a `RUN`, in either of its forms.
fn command(text: &str) -> String {
    let bare = text.trim();
    match serde_json::from_str::<Vec<String>>(bare) {
        Ok(words) => match words.as_slice() {
            [_, flag, script, ..] if flag.ends_with('c') => script.clone(),
            _ => words.iter().map(|word| format!("'{}' ", word.replace('\'', "'\\''"))).collect(),
        },
        Err(_) => {
            // Options of the instruction itself stand before the script.
            let script = text.trim_start_matches([' ', '\t']);
            let mut rest = script;
            while rest.starts_with("--") {
                rest =
                    rest.split_once([' ', '\t']).map_or("", |(_, rest)| rest).trim_start_matches([' ', '\t']);
            }
            rest.to_owned()
        }
    }
}

fn instructions(text: &str) -> Vec<Instruction> {
    let mut found = Vec::new();
    let mut lines = text.lines().zip(1_u32..);
    while let Some((first, line)) = lines.next() {
        let first = first.trim();
        let Some((name, rest)) = first.split_once([' ', '\t']).filter(|_| !first.starts_with('#')) else {
            continue;
        };
        let mut text = rest.to_owned();
        let mut last = rest;
        while last.trim_end().ends_with('\\')
            && let Some((next, _)) = lines.next()
        {
            text.push('\n');
            if next.trim_start().starts_with('#') || next.trim().is_empty() {
                // A comment, or an empty line, does not end the instruction.
                text.push('\\');
            } else {
                text.push_str(next);
                last = next;
            }
        }
        for end in documents(&text) {
            for (next, _) in lines.by_ref() {
                text.push('\n');
                text.push_str(next);
                if next.trim() == end {
                    break;
                }
            }
        }
        found.push(Instruction { line, name: name.to_ascii_uppercase(), text });
    }
    found
}

/// The ends of the here documents that an instruction begins.
fn documents(text: &str) -> Vec<String> {
    let named = text.split("<<").skip(1).map(|rest| rest.trim_start_matches('-'));
    let named =
        named.filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '"' || c == '\''));
    named
        .map(|rest| {
            rest.chars()
                .filter(|c| *c != '"' && *c != '\'')
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect()
        })
        .collect()
}
