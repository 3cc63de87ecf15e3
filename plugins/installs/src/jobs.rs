//! What is run without anybody asking for it, and on which occasion: gathered from manifests, build programs and settings of editors.

use std::collections::{BTreeMap, BTreeSet};

use probity_sdk::dependencies::{self, Manifest, Manifests, Script};
use probity_sdk::git::{Candidate, FolderKey};
use probity_sdk::prelude::*;

use crate::commands::{self, Deeds};
use crate::config::Config;
use crate::held::Held;
use crate::kind::{self, Kind};
use crate::lexed::Language;

/// How many files are asked for at once.
pub(crate) const WINDOW: usize = 64;

/// The occasion, which tells how bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// Whoever installs the package.
    Installed,
    /// Whoever works on the project, which is published nowhere.
    Worked,
    /// Whoever installs it from git, or works on it.
    Prepared,
    /// Whoever builds it.
    Built,
    /// Whoever starts Python.
    Started,
    /// Whoever opens the folder in an editor.
    Opened,
    /// The same in a container.
    Contained,
}

/// Something that is run.
#[derive(Debug)]
pub(crate) struct Job {
    /// The file that says so, or is run.
    pub(crate) path: String,
    pub(crate) line: Option<u32>,
    pub(crate) package: Option<String>,
    /// In the word of the file: `postinstall`.
    pub(crate) event: String,
    pub(crate) occasion: Occasion,
    pub(crate) run: Run,
}

/// What is run.
#[derive(Debug)]
pub(crate) enum Run {
    /// The file of the job itself, by its blob.
    Program(String),
    /// A command line, as it stands there and with what it leads to.
    Command(String, Box<Deeds>),
    /// A line of code.
    Line(Language, String),
}

/// Files that cannot be read, and why.
type Unreadable = Vec<(String, String)>;

/// All that is run, in the order of the files, and the files of which it is not known.
pub(crate) fn jobs(
    engine: &Engine<Config>,
    target: &Target,
    manifests: &Manifests,
) -> Result<(Vec<Job>, Unreadable)> {
    let mut jobs = Vec::new();
    for manifest in manifests.files.iter().filter(|manifest| !manifest.is_foreign()) {
        match manifest.format.as_str() {
            "package-json" => jobs.extend(of_npm(manifest)),
            "composer-json" => jobs.extend(of_composer(manifest)),
            "pyproject" | "cargo-toml" => jobs.extend(of_build(manifest)),
            _ => {}
        }
    }
    let unreadable = of_files(engine, target, &mut jobs)?;
    // Any other build.rs is a module of some program.
    let is_module = |job: &Job| {
        let folder =
            job.path.strip_suffix("build.rs").filter(|folder| folder.is_empty() || folder.ends_with('/'));
        folder.is_some_and(|folder| {
            !manifests.files.iter().any(|file| file.path == format!("{folder}Cargo.toml"))
        })
    };
    jobs.retain(|job| !is_module(job));
    Ok((jobs, unreadable))
}

fn of_npm(manifest: &Manifest) -> Vec<Job> {
    let occasion = |event: &str| match event {
        "preinstall" | "install" | "postinstall" if manifest.private => Some(Occasion::Worked),
        "preinstall" | "install" | "postinstall" => Some(Occasion::Installed),
        "prepare" | "prepublish" | "preprepare" | "postprepare" => Some(Occasion::Prepared),
        _ => None,
    };
    let started = manifest.scripts.iter().filter_map(|script| Some((script, occasion(&script.name)?)));
    started.map(|(script, occasion)| command(manifest, script, occasion)).collect()
}

fn of_composer(manifest: &Manifest) -> Vec<Job> {
    let own = |script: &&Script| {
        let event = script.name.as_str();
        event.ends_with("-cmd") || event.starts_with("post-autoload") || event.starts_with("pre-autoload")
    };
    manifest.scripts.iter().filter(own).map(|script| command(manifest, script, Occasion::Worked)).collect()
}

/// The program that builds the package, where a manifest names one that lies in the project itself.
fn of_build(manifest: &Manifest) -> Vec<Job> {
    let job = |script: &Script| {
        let deeds = Deeds { files: vec![script.command.clone()], ..Deeds::default() };
        let run = Run::Command(script.command.clone(), Box::new(deeds));
        Job { occasion: Occasion::Built, run, ..command(manifest, script, Occasion::Built) }
    };
    manifest.scripts.iter().map(job).collect()
}

fn command(manifest: &Manifest, script: &Script, occasion: Occasion) -> Job {
    Job {
        path: manifest.path.clone(),
        line: Some(script.line),
        package: manifest.name.clone(),
        event: script.name.clone(),
        occasion,
        run: Run::Command(script.command.clone(), Box::new(followed(&script.command, &manifest.scripts))),
    }
}

/// What a command does, and the other commands of the manifest that it starts.
fn followed(command: &str, scripts: &[Script]) -> Deeds {
    let by_name: BTreeMap<&str, &str> =
        scripts.iter().map(|script| (script.name.as_str(), script.command.as_str())).collect();
    let mut all = commands::deeds(command);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut open = std::mem::take(&mut all.scripts);
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for name in [format!("pre{name}"), name.clone(), format!("post{name}")] {
            if let Some(command) = by_name.get(name.as_str()) {
                let mut further = commands::deeds(command);
                open.append(&mut further.scripts);
                all.add(further);
            }
        }
    }
    all
}

/// Adds programs that build, and what files that hold commands say; gives the files that cannot be read.
fn of_files(engine: &Engine<Config>, target: &Target, jobs: &mut Vec<Job>) -> Result<Unreadable> {
    let all: Vec<Candidate> = engine.query("installs/folder", &FolderKey::root(target))?;
    let known = all.into_iter().filter_map(|file| Some((kind::kind(&file.path, true)?, file)));
    let (holding, programs): (Vec<_>, Vec<_>) = known
        .filter(|(_, file)| !dependencies::is_foreign(&file.path))
        .partition(|(kind, _)| kind.holds_commands());
    for (kind, file) in programs {
        let (event, occasion) = match kind {
            Kind::Startup => ("Python", Occasion::Started),
            _ => ("the build", Occasion::Built),
        };
        let run = Run::Program(file.id);
        jobs.push(Job { path: file.path, line: None, package: None, event: event.to_owned(), occasion, run });
    }
    let key = |(kind, file): &(Kind, Candidate)| HeldKey { blob: file.id.clone(), kind: *kind };
    let keys: Vec<HeldKey> = holding.iter().map(key).collect();
    let mut unreadable = Vec::new();
    for ((kind, file), held) in holding.iter().zip(engine.query_windowed("installs/held", &keys, WINDOW)) {
        let HeldCommands { commands, problem } = held?;
        jobs.extend(commands.into_iter().map(|held| of_held(*kind, &file.path, held)));
        unreadable.extend(problem.map(|problem| (file.path.clone(), problem)));
    }
    Ok(unreadable)
}

fn of_held(kind: Kind, path: &str, held: Held) -> Job {
    let occasion = match kind {
        Kind::Tasks => Occasion::Opened,
        Kind::Container => Occasion::Contained,
        Kind::Pth => Occasion::Started,
        Kind::Gyp | Kind::Program | Kind::Startup => Occasion::Built,
    };
    let run = match kind {
        Kind::Pth => Run::Line(Language::Python, held.command),
        _ => {
            let deeds = commands::deeds(&held.command);
            Run::Command(held.command, Box::new(deeds))
        }
    };
    Job { path: path.to_owned(), line: Some(held.line), package: None, event: held.event, occasion, run }
}

/// Key of `held`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeldKey {
    /// The blob.
    pub(crate) blob: String,
    /// What it is taken for.
    pub(crate) kind: Kind,
}

/// Value of `held`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct HeldCommands {
    pub(crate) commands: Vec<Held>,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
}
