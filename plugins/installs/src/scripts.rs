//! Judges what is run unasked: by what it does, and by who would run it.

use std::collections::HashMap;

use probity_sdk::dependencies::Manifests;
use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::prelude::*;

use crate::commands::Deeds;
use crate::config::Config;
use crate::jobs::{self, Job, Occasion, Run};
use crate::known::{self, Known, Named, ProgramKey};
use crate::lexed::Language;
use crate::places;
use crate::program::{self, Traits};
use crate::rules::{
    DECODED_INSTALL, DOWNLOADING_INSTALL, EDITOR_TASK, FETCHING_INSTALL, INSTALL_SCRIPT, NPM_PROGRAM,
    OPAQUE_INSTALL, STARTUP_FILE, UNREADABLE_MANIFEST,
};

/// Nobody reviews a program that is longer.
const LONG_BYTES: u64 = 100 * 1024;
/// Packages that are often fetched to look after the project alone.
const HELPERS: [&str; 8] = [
    "only-allow",
    "husky",
    "patch-package",
    "simple-git-hooks",
    "lefthook",
    "lint-staged",
    "is-ci",
    "node-gyp",
];

/// What is found, in no order. Nothing is known of what a program would do that is put together at run time.
pub(crate) fn findings(engine: &Engine<Config>, target: &Target) -> Result<Vec<Finding>> {
    let manifests: Manifests = engine.query("dependencies/manifests", &target.tree())?;
    let settings: Manifests = engine.query("dependencies/npm", &target.tree())?;
    let (jobs, unreadable) = jobs::jobs(engine, target, &manifests)?;
    if manifests.files.is_empty() && jobs.is_empty() && unreadable.is_empty() {
        return Err(abstain("there are no manifests and no build programs"));
    }
    let mut found: Vec<Finding> = unreadable.iter().map(|(path, problem)| unread(path, problem)).collect();
    let files = manifests.files.iter().chain(settings.files.iter().filter(|file| file.format == "npmrc"));
    for file in files.filter(|file| !file.is_foreign()) {
        found.extend(file.problem.as_ref().map(|problem| unread(&file.path, problem)));
    }
    found.extend(left_out(manifests.left_out));
    for file in settings.files.iter().filter(|file| file.format == "npmrc") {
        let named = file.scripts.iter().filter(|script| names_program(&script.name, &script.command));
        found.extend(named.map(|script| {
            let message = format!("{} is set to {}", script.name, shortened(&script.command));
            Finding::new(NPM_PROGRAM, Severity::Medium, message).path(&file.path).line(script.line)
        }));
    }
    let resolved = known::resolved(engine, target, &jobs)?;
    let programs = known::programs(engine, &resolved)?;
    for (job, files) in jobs.iter().zip(&resolved) {
        judge(job, files, &programs, &mut found);
    }
    Ok(found)
}

/// The finding that a manifest cannot be read.
pub(crate) fn unread(path: &str, problem: &str) -> Finding {
    let severity = if places::is_made_up(path) { Severity::Low } else { Severity::Medium };
    Finding::new(UNREADABLE_MANIFEST, severity, shortened(problem)).path(path)
}

/// The finding that some manifests were not read at all.
pub(crate) fn left_out(count: u64) -> Option<Finding> {
    let message = format!("{count} more manifests and lock files were not read, since there are so many");
    (count > 0).then(|| Finding::new(UNREADABLE_MANIFEST, Severity::Medium, message))
}

/// Whether a setting of npm makes it start something of the repository.
fn names_program(setting: &str, value: &str) -> bool {
    match setting {
        "node-options" => ["require", "import", "loader", "-r "].iter().any(|word| value.contains(word)),
        _ => {
            value.contains(['/', '\\', '.']) && !value.starts_with("/bin/") && !value.starts_with("/usr/bin/")
        }
    }
}

/// What a rule says, how bad it is where it is worst, the line of the program, and the message.
type Verdict = (&'static str, Severity, Option<u32>, String);

fn judge(job: &Job, files: &[Named], programs: &HashMap<ProgramKey, Known>, found: &mut Vec<Finding>) {
    let mut verdicts: Vec<Verdict> = Vec::new();
    for (name, program) in files {
        if let Some(known) = program.as_ref().and_then(|key| programs.get(key)) {
            verdicts.extend(of_program(name, known));
        }
    }
    let line = |language: Language, text: &str| {
        let known = Known { traits: program::traits(text, language), opaque: None };
        of_program(&shortened(text), &known)
            .map(|(rule, severity, _, message)| (rule, severity, None, message))
    };
    match &job.run {
        Run::Program(_) => {}
        Run::Line(language, text) => verdicts.extend(line(*language, text)),
        Run::Command(_, deeds) => {
            verdicts.extend(deeds.inline.iter().filter_map(|(language, text)| line(*language, text)));
            verdicts.extend(of_deeds(deeds));
        }
    }
    if verdicts.is_empty() {
        verdicts.extend(merely_run(job, files, programs));
    }
    for (rule, severity, line, message) in verdicts {
        let message = format!("{}: {message}", job.event);
        let mut finding = Finding::new(rule, capped(severity, job), message).path(&job.path);
        finding.line = if matches!(job.run, Run::Program(_)) { line } else { job.line };
        finding.package.clone_from(&job.package);
        found.push(finding);
    }
}

/// The severity where the job is.
fn capped(severity: Severity, job: &Job) -> Severity {
    if places::is_made_up(&job.path) || job.occasion == Occasion::Contained {
        return Severity::Low;
    }
    match (job.occasion, severity) {
        (Occasion::Prepared, Severity::High) => Severity::Medium,
        (Occasion::Prepared, _) => Severity::Low,
        _ => severity,
    }
}

fn of_program(name: &str, Known { traits, opaque }: &Known) -> Option<Verdict> {
    let Traits { size, fetches, starts, evaluates, decodes, runs_fetched, verifies } = traits;
    let runs = runs_fetched.or(fetches.filter(|_| starts.or(*evaluates).is_some()));
    if let Some(line) = runs.filter(|_| !verifies) {
        let message = format!("{name} talks to a server and runs something, and compares no hash");
        return Some((DOWNLOADING_INSTALL, Severity::High, Some(line), message));
    }
    if *size > LONG_BYTES {
        let message = format!("{name} has {} KiB, which nobody reads", size / 1024);
        return Some((OPAQUE_INSTALL, Severity::High, None, message));
    }
    if let Some(what) = opaque {
        return Some((OPAQUE_INSTALL, Severity::High, None, format!("{name} has {what}")));
    }
    if let (Some(_), Some(line)) = (decodes, evaluates) {
        let message = format!("{name} decodes a text and evaluates code");
        return Some((DECODED_INSTALL, Severity::High, Some(*line), message));
    }
    fetches.map(|line| (FETCHING_INSTALL, Severity::Medium, Some(line), format!("{name} talks to a server")))
}

fn of_deeds(deeds: &Deeds) -> Option<Verdict> {
    match (&deeds.runs_fetched, &deeds.fetches) {
        (Some(address), _) if !deeds.verifies => {
            let message = format!("it runs what {} sends", shortened(address));
            Some((DOWNLOADING_INSTALL, Severity::High, None, message))
        }
        (_, Some(address)) => {
            let message = format!("it fetches {}", shortened(address));
            Some((FETCHING_INSTALL, Severity::Medium, None, message))
        }
        _ => None,
    }
}

/// What there is to say of something that is run and neither fetches nor hides anything.
fn merely_run(job: &Job, files: &[Named], programs: &HashMap<ProgramKey, Known>) -> Option<Verdict> {
    let Run::Command(command, deeds) = &job.run else {
        let started = job.occasion == Occasion::Started;
        return started
            .then(|| (STARTUP_FILE, Severity::Medium, Some(1), "runs whenever it starts".to_owned()));
    };
    let command = shortened(command);
    match job.occasion {
        Occasion::Opened => Some((EDITOR_TASK, Severity::Medium, None, format!("runs {command}"))),
        Occasion::Contained => Some((EDITOR_TASK, Severity::Low, None, format!("runs {command}"))),
        Occasion::Built | Occasion::Started => None,
        // Composer runs what is said so for the project alone, and says it in every project.
        Occasion::Worked if job.path.ends_with("composer.json") => None,
        Occasion::Worked => Some((INSTALL_SCRIPT, Severity::Low, None, format!("runs {command}"))),
        Occasion::Prepared => {
            let own = !files.is_empty() || !deeds.inline.is_empty();
            own.then(|| (INSTALL_SCRIPT, Severity::Low, None, format!("runs {command}")))
        }
        Occasion::Installed => {
            let (severity, why) = installed(deeds, files, programs);
            Some((INSTALL_SCRIPT, severity, None, format!("runs {command}{why}")))
        }
    }
}

/// How bad it is that a published package runs this at everybody's.
fn installed(deeds: &Deeds, files: &[Named], programs: &HashMap<ProgramKey, Known>) -> (Severity, String) {
    for (name, program) in files {
        match program.as_ref().and_then(|key| programs.get(key)) {
            None => return (Severity::Medium, format!(", and {name} is not in the tree")),
            Some(known) if known.traits.starts.is_some() => {
                return (Severity::Medium, format!(", and {name} starts other programs"));
            }
            Some(_) => {}
        }
    }
    if let Some(package) = deeds.packages.iter().find(|package| !is_helper(package)) {
        return (Severity::Medium, format!(", and {package} is fetched for it"));
    }
    (Severity::Low, String::new())
}

fn is_helper(package: &str) -> bool {
    HELPERS.iter().any(|helper| {
        package.strip_prefix(helper).is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
    })
}
