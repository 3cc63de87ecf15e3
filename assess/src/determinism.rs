//! Whether a plugin gives the same bytes each time: what makes remembering its answers right.
//!
//! A check of a target is run once, and what it asked the plugin is asked again in further trials: in fresh processes, in another
//! folder, time zone, locale and hash seed, in another order, and each question in a process of its own. What the plugin asks
//! in turn is answered as it was the first time, so a difference is the plugin's own.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use probity_engine::{Ask, Digest, Executor as _, Failure, Outcome, Reply, Request};
use probity_host::{Host, Places, PluginSpec, Sandboxed, Sink, plugin_of};
use tempfile::TempDir;

use crate::check::{CheckError, Prepared};
use crate::session::{Session, World};
use crate::settings::Settings;

/// The most questions that are each asked in a process of its own.
const ALONE: usize = 32;

/// What the trials came to.
#[derive(Debug)]
pub struct Determinism {
    /// The plugin.
    pub plugin: String,
    /// How many questions each of its queries was asked.
    pub asked: BTreeMap<Arc<str>, usize>,
    /// The queries that the check did not ask, of which nothing is known.
    pub unasked: BTreeSet<String>,
    /// The trials, in words.
    pub trials: Vec<String>,
    /// Answers that were other ones than the first time.
    pub differences: Vec<Difference>,
}

/// A question with two answers.
#[derive(Debug)]
pub struct Difference {
    /// The question.
    pub request: Request,
    /// The trial, in words.
    pub trial: String,
    /// The first answer.
    pub first: String,
    /// The other one.
    pub then: String,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeterminismError {
    /// The check itself does not come about.
    #[error(transparent)]
    Check(#[from] Box<CheckError>),
    /// The check asks the plugin nothing.
    #[error("the check asks {plugin} nothing; it asks {}", asked.iter().cloned().collect::<Vec<_>>().join(", "))]
    NotAsked {
        /// The plugin.
        plugin: String,
        /// Those that it does ask.
        asked: BTreeSet<String>,
    },
    /// The plugin could not answer the first time.
    #[error("{request} has no answer to compare: {message}")]
    Failed {
        /// The question.
        request: Request,
        /// What happened.
        message: String,
    },
    /// A folder of its own for a trial cannot be made.
    #[error("cannot make a folder for a trial")]
    Folder(#[from] io::Error),
    /// Plugins cannot be started at all.
    #[error("no plugin can be started on this machine")]
    Start(#[from] probity_host::StartError),
}

/// The first run and what it takes to repeat it.
struct Original<'a> {
    settings: &'a Settings,
    prepared: &'a Prepared,
    specs: Vec<PluginSpec>,
    sink: Arc<dyn Sink>,
    /// What the plugin was asked, in the order of the requests' names.
    answers: Vec<(Request, Outcome)>,
}

/// Checks the target of `settings` without memory, and asks the plugin `id` again what it was asked.
///
/// # Errors
/// Where there is nothing to compare.
pub fn determinism(
    settings: &Settings,
    id: &str,
    sink: Arc<dyn Sink>,
) -> Result<Determinism, DeterminismError> {
    let folder = TempDir::new()?;
    let cache = folder.path().to_owned();
    let places = Arc::new(Places::only(cache.clone()));
    let state = settings.state.looking();
    let forgetful = Settings { cache, places, remembers: false, state, ..settings.clone() };
    let prepared = Prepared::new(&forgetful, sink.clone()).map_err(Box::new)?;
    prepared.session().answers(&prepared.roots());
    let requests = questions(prepared.session(), id)?;
    let answers = first_answers(prepared.session(), requests)?;
    let original =
        Original { settings: &forgetful, specs: prepared.specs.clone(), prepared: &prepared, sink, answers };
    let (mut trials, mut differences) = (Vec::new(), Vec::new());
    for trial in [in_order, shuffled, alone] {
        let (words, found) = trial(&original)?;
        trials.push(words);
        differences.extend(found);
    }
    let asked = original.asked();
    let unasked =
        prepared.queries(id).into_iter().filter(|name| !asked.contains_key(name.as_str())).collect();
    Ok(Determinism { plugin: id.to_owned(), asked, unasked, trials, differences })
}

/// What the check asked the plugin, whichever of its instances.
fn questions(session: &Session, id: &str) -> Result<Vec<Request>, DeterminismError> {
    let executed = session.executed();
    let mine: BTreeSet<Request> =
        executed.iter().filter(|request| plugin_of(&request.plugin) == id).cloned().collect();
    if mine.iter().all(|request| request.query.starts_with('$')) {
        let asked = executed
            .iter()
            .filter(|request| !request.query.starts_with('$'))
            .map(|request| plugin_of(&request.plugin));
        let asked = asked.map(str::to_owned).collect();
        return Err(DeterminismError::NotAsked { plugin: id.to_owned(), asked });
    }
    Ok(mine.into_iter().collect())
}

fn first_answers(
    session: &Session,
    requests: Vec<Request>,
) -> Result<Vec<(Request, Outcome)>, DeterminismError> {
    let replies = session.answers(&requests);
    let pair = |(request, reply): (Request, Reply)| match reply {
        Ok(outcome) => Ok((request, outcome)),
        Err(Failure { message, .. }) => Err(DeterminismError::Failed { request, message }),
    };
    requests.into_iter().zip(replies).map(pair).collect()
}

type Trial = Result<(String, Vec<Difference>), DeterminismError>;

fn in_order(original: &Original<'_>) -> Trial {
    let words = "in a fresh process, in another folder, time zone, locale and hash seed";
    let variables = [("TZ", "XYZ-13:45"), ("LANG", "tr_TR.UTF-8"), ("PYTHONHASHSEED", "7")];
    let elsewhere = original.elsewhere(variables, true)?;
    Ok((words.to_owned(), original.compare(words, &elsewhere.host(), original.answers.iter())))
}

fn shuffled(original: &Original<'_>) -> Trial {
    let words = "in a fresh process, in another order";
    let elsewhere =
        original.elsewhere([("TZ", "ABC+11"), ("LANG", "C"), ("PYTHONHASHSEED", "4711")], false)?;
    let mut order: Vec<&(Request, Outcome)> = original.answers.iter().collect();
    // As good as chance, and the same each time.
    order.sort_by_key(|(request, _)| *Digest::of(request.key.as_str().as_bytes()).as_bytes());
    Ok((words.to_owned(), original.compare(words, &elsewhere.host(), order.into_iter())))
}

fn alone(original: &Original<'_>) -> Trial {
    let elsewhere = original.elsewhere([("PYTHONHASHSEED", "99")], false)?;
    let step = original.answers.len().div_ceil(ALONE);
    let some: Vec<&(Request, Outcome)> = original.answers.iter().step_by(step).collect();
    let words = match step {
        1 => "each question in a process of its own".to_owned(),
        _ => format!("{} of {} questions each in a process of its own", some.len(), original.answers.len()),
    };
    let each =
        some.into_iter().flat_map(|one| original.compare(&words, &elsewhere.host(), [one].into_iter()));
    let differences = each.collect();
    Ok((words, differences))
}

impl Original<'_> {
    fn asked(&self) -> BTreeMap<Arc<str>, usize> {
        let mut asked = BTreeMap::new();
        for (request, _) in self.answers.iter().filter(|(request, _)| !request.query.starts_with('$')) {
            *asked.entry(request.query.clone()).or_default() += 1;
        }
        asked
    }

    /// Other surroundings, in a folder of their own; `open` if more of the machine is to be seen than namespaces show.
    fn elsewhere<const N: usize>(
        &self,
        variables: [(&str, &str); N],
        open: bool,
    ) -> Result<Elsewhere<'_>, DeterminismError> {
        let folder = TempDir::new()?;
        let places = Arc::new(Places::only(folder.path().to_owned()));
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let launch = Sandboxed::in_places(places.clone()).map_err(probity_host::StartError::from)?;
        let launch = launch.allowing_weak(self.settings.allow_weak_sandbox);
        let launch =
            if open { launch.in_the_open().map_err(probity_host::StartError::from)? } else { launch };
        let world = World::launching(places, launch.surrounded(variables), self.sink.clone());
        Ok(Elsewhere { original: self, world, _folder: folder })
    }

    /// Asks again, one question after another.
    fn compare<'q>(
        &self,
        trial: &str,
        host: &Host,
        questions: impl Iterator<Item = &'q (Request, Outcome)>,
    ) -> Vec<Difference> {
        let mut differences = Vec::new();
        for (request, first) in questions {
            let then = host.execute(request, &mut AsBefore { session: self.prepared.session(), host });
            if !then.as_ref().is_ok_and(|outcome| outcome == first) {
                let (first, then) = (shown(&Ok(first.clone())), shown(&then));
                let trial = trial.to_owned();
                differences.push(Difference { request: request.clone(), trial, first, then });
            }
        }
        host.shutdown();
        differences
    }
}

/// Where a trial takes place.
struct Elsewhere<'a> {
    original: &'a Original<'a>,
    world: World,
    _folder: TempDir,
}

impl Elsewhere<'_> {
    /// A host that has started nothing yet.
    fn host(&self) -> Arc<Host> {
        let Original { settings, prepared, specs, .. } = self.original;
        Host::new(self.world.options(settings, Some(prepared.snapshot.clone()), specs.clone()))
    }
}

/// Answers what the plugin asks as it was answered the first time.
struct AsBefore<'a> {
    session: &'a Session,
    host: &'a Host,
}

impl Ask for AsBefore<'_> {
    fn answers(&mut self, requests: Vec<Request>) -> Vec<Reply> {
        self.session.answers(&requests)
    }

    fn input(&mut self, kind: &str, id: &str) -> Result<Arc<str>, Failure> {
        self.host.input(kind, id)
    }

    fn ages(&mut self, _: u64) {}

    fn unrecorded(&mut self) {}

    fn cancelled(&self) -> bool {
        false
    }
}

fn shown(reply: &Reply) -> String {
    match reply {
        Ok(Outcome::Answered(answer)) if &*answer.concerns == "[]" => answer.value.to_string(),
        Ok(Outcome::Answered(answer)) => format!("{} with the concerns {}", answer.value, answer.concerns),
        Ok(Outcome::Refused(refusal)) => format!("error {}: {}", refusal.code, refusal.message),
        Err(failure) => format!("no answer: {}", failure.message),
    }
}
