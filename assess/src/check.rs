//! A check from settings to report. Each stage ends with its own clear error before a later one starts.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;

use miette::Diagnostic;
use probity_engine::{Account, Key, Reply, Request, StoreWarning};
use probity_host::{PluginSpec, Sink, plugin_of};

use crate::cache;
use crate::catalogue::{Catalogue, CatalogueError};
use crate::closing::Closing;
use crate::description::{Configured, Description};
use crate::facts::{Descriptions, Interview, PluginFailure};
use crate::judging;
use crate::permissions::{AbsentFile, RefusedGrant};
use crate::policy::{Cause, CheckedAnalysis, CheckedPolicy, Policy, PolicyErrors};
use crate::report::{AnalysisResult, Origins, Report, StateInfo, Target, VerdictKind};
use crate::session::{Effort, Session, World};
use crate::settings::{Day, Settings};
use crate::snapshot::{self, Note, OpenError, Snapshot, SnapshotError};
use crate::source::{Chosen, PassedOver, SourceError, SourceKind};
use crate::state::StateUse;
use crate::verdict::Verdict;
use crate::why;

/// What a check came to, and what it took.
#[derive(Debug)]
pub struct Checked {
    /// The report: the same for the same target, policy and day.
    pub report: Report,
    /// What the person should know of the target.
    pub notes: Vec<Note>,
    /// What the person should know of the store.
    pub warnings: Vec<StoreWarning>,
    /// The end of it, which goes on meanwhile.
    pub closing: Closing,
    /// What is wrong with what is remembered of the target's references.
    pub state_warning: Option<String>,
    /// What plugins said of their configurations, by instance.
    pub plugin_warnings: Vec<(Arc<str>, String)>,
    /// What was granted to plugins and is not given to them.
    pub refused: Vec<RefusedGrant>,
    /// Files that are not there and that plugins may see who could not judge, by plugin.
    pub absent: Vec<AbsentFile>,
    /// Where the policy comes from.
    pub policy: SourceKind,
    /// A policy in the working tree that was not considered.
    pub passed_over: Option<PassedOver>,
    /// What it took.
    pub effort: Effort,
    /// What ran, and why.
    pub why: why::Record,
    /// Where to keep that until the next check of this target; nowhere if nothing is to be remembered.
    pub why_file: Option<PathBuf>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[non_exhaustive]
pub enum CheckError {
    /// The target is none.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The state that was asked for cannot be had.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// There is no policy to check against.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The policy and the plugins do not go together.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Policy(#[from] PolicyErrors),
    /// Plugins that the policy declares cannot be used.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Plugins(Vec<CatalogueError>),
    /// Plugins cannot be started at all.
    #[error("no plugin can be started on this machine")]
    Start(#[from] probity_host::StartError),
    /// A plugin did not say what it offers.
    #[error(transparent)]
    Plugin(#[from] PluginFailure),
    /// A plugin that is to be refreshed is none.
    #[error("there is no plugin {plugin} to refresh")]
    Refresh {
        /// As the person named it.
        plugin: String,
        /// The plugins that there are.
        known: Vec<String>,
    },
    /// A plugin that was asked to describe itself refused its configuration.
    #[error("plugin {plugin} refuses its configuration")]
    Refused {
        /// The plugin.
        plugin: Arc<str>,
    },
    /// The expression over the score cannot judge it.
    #[error("the policy's `investigate` cannot judge the score: {0}")]
    Score(#[from] crate::expression::EvalError),
}

impl From<Vec<CatalogueError>> for CheckError {
    /// What is wrong with the policy's own words comes first: it is told with its place.
    fn from(mut errors: Vec<CatalogueError>) -> CheckError {
        match errors.iter().position(|error| matches!(error, CatalogueError::Unasked(_))) {
            Some(at) => match errors.swap_remove(at) {
                CatalogueError::Unasked(errors) => CheckError::Policy(errors),
                other => CheckError::Plugins(vec![other]),
            },
            None => CheckError::Plugins(errors),
        }
    }
}

/// A check that is ready to run: everything fits together, and nothing has been judged yet.
#[derive(Debug)]
pub struct Prepared {
    /// What is checked.
    pub snapshot: Arc<Snapshot>,
    /// The policy, each analysis with its query, expression and share.
    pub policy: CheckedPolicy,
    /// Where the policy comes from.
    pub kind: SourceKind,
    /// Every plugin that could be used.
    pub catalogue: Catalogue,
    /// What plugins said of their configurations, by instance: a stranger's words.
    pub warnings: Vec<(Arc<str>, String)>,
    /// The plugins as the host knows them.
    pub(crate) specs: Vec<PluginSpec>,
    descriptions: Descriptions,
    session: Session,
    passed_over: Option<PassedOver>,
    why_file: Option<PathBuf>,
    /// The day of the check: on another one a suppression may have expired.
    day: Day,
}

impl Prepared {
    /// Goes through the stages up to the run: target, policy, plugins, queries and expressions, configurations.
    ///
    /// # Errors
    /// The first stage's that does not succeed.
    pub fn new(settings: &Settings, sink: Arc<dyn Sink>) -> Result<Prepared, CheckError> {
        let target = snapshot::open(&settings.target)?;
        let snapshot = Arc::new(target.snapshot_in(&settings.what, &settings.places)?);
        let chosen = match Chosen::choose(settings, None, &target, &snapshot) {
            Err(SourceError::Policy(errors)) => return Err(every_problem(settings, errors, sink).into()),
            chosen => chosen?,
        };
        let open = |specs| Ok(Session::open(settings, Some(snapshot.clone()), specs, sink)?);
        Prepared::chosen(settings, &target, snapshot.clone(), chosen, open)
    }

    /// The same in a world of the caller's.
    ///
    /// # Errors
    /// As for [`Prepared::new`].
    pub(crate) fn in_world(settings: &Settings, world: &World) -> Result<Prepared, CheckError> {
        let target = snapshot::open(&settings.target)?;
        let snapshot = Arc::new(target.snapshot_in(&settings.what, &settings.places)?);
        let chosen = Chosen::choose(settings, None, &target, &snapshot)?;
        let open = |specs| Ok(Session::in_world(world, settings, Some(snapshot.clone()), specs));
        Prepared::chosen(settings, &target, snapshot.clone(), chosen, open)
    }

    /// Ends the plugins, of whose answers nothing is kept.
    pub(crate) fn end(self) {
        // A memory has nothing to keep, and nothing that could fail.
        let _ = self.session.close();
    }

    /// The stages after the choice of the policy.
    pub(crate) fn chosen(
        settings: &Settings,
        target: &snapshot::Target,
        snapshot: Arc<Snapshot>,
        chosen: Chosen,
        open: impl FnOnce(Vec<PluginSpec>) -> Result<Session, CheckError>,
    ) -> Result<Prepared, CheckError> {
        let catalogue = Catalogue::new(settings, Some(chosen.declaring_for(target)))?;
        let Chosen { policy, kind, passed_over, .. } = chosen;
        let specs = catalogue.specs(Some(&policy));
        let refreshed = refreshed(&settings.refresh, &specs)?;
        let session = open(specs.clone())?;
        session.refresh(refreshed);
        let interview = Interview::hold(&session, &catalogue, asked(&policy))?;
        let policy = policy.check(&interview.facts)?;
        let warnings = interview.warnings();
        let descriptions = interview.descriptions;
        let why_file = settings.remembers.then(|| why::file(&settings.cache, target));
        let day = settings.day.clone();
        Ok(Prepared {
            snapshot,
            policy,
            kind,
            catalogue,
            warnings,
            specs,
            descriptions,
            session,
            passed_over,
            why_file,
            day,
        })
    }

    /// What the plugin behind an analysis says of itself.
    pub fn description(&self, analysis: &CheckedAnalysis) -> Option<&(Description, Configured)> {
        self.descriptions.get(&analysis.instance)
    }

    /// What these plugins say of themselves as the policy configures them for all, whether or not it asks them. There are none of
    /// plugins that do not exist.
    ///
    /// # Errors
    /// [`CheckError::Plugin`] where one cannot be asked, [`CheckError::Refused`] where one refuses its configuration.
    pub fn descriptions<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<(String, Description, Configured)>, CheckError> {
        let known: Vec<Arc<str>> =
            ids.into_iter().filter_map(|id| Some(self.catalogue.get(id)?.id.clone())).collect();
        let mut interview = Interview::hold(&self.session, &self.catalogue, known.iter().cloned())?;
        let told = |id: &Arc<str>| match interview.descriptions.remove(id) {
            Some((description, configured)) => Ok((id.to_string(), description, configured)),
            None => Err(CheckError::Refused { plugin: id.clone() }),
        };
        known.iter().map(told).collect()
    }

    /// The names of the queries that a plugin offers; none if it was not asked what it offers.
    pub(crate) fn queries(&self, id: &str) -> Vec<String> {
        let of = |(instance, (description, _)): (&Arc<str>, &(Description, Configured))| {
            let offered = description.queries.iter().map(|query| query.name.clone());
            (plugin_of(instance) == id).then(|| offered.collect())
        };
        self.descriptions.iter().find_map(of).unwrap_or_default()
    }

    /// Runs every analysis, all at once, and judges the answers.
    ///
    /// # Errors
    /// [`CheckError::Score`].
    pub fn run(self, settings: &Settings) -> Result<Checked, CheckError> {
        let requests = self.roots();
        let replies = self.session.answers(&requests);
        self.conclude(settings, &requests, replies)
    }

    /// The same, and tells `tell` of each analysis as soon as its answer is known: what is remembered does not wait for
    /// what runs.
    ///
    /// # Errors
    /// [`CheckError::Score`].
    pub(crate) fn run_telling(
        self,
        settings: &Settings,
        tell: &(dyn Fn(&CheckedAnalysis, &AnalysisResult) + Sync),
    ) -> Result<Checked, CheckError> {
        let requests = self.roots();
        let (known, knows) = mpsc::channel();
        let (prepared, count) = (&self, self.policy.analyses.len());
        let replies = thread::scope(|scope| {
            scope.spawn(move || {
                for (at, reply) in knows.iter().take(count) {
                    let analysis: &CheckedAnalysis = &prepared.policy.analyses[at];
                    tell(analysis, &prepared.judged(analysis, reply));
                }
            });
            // Whoever listens has gone: then nobody is told.
            self.session.answers_each(&requests, move |at, reply| drop(known.send((at, reply))))
        });
        self.conclude(settings, &requests, replies)
    }

    fn conclude(
        self,
        settings: &Settings,
        requests: &[Request],
        replies: Vec<Reply>,
    ) -> Result<Checked, CheckError> {
        let effort = self.session.effort();
        let closing = self.session.end();
        let results = judging::all(&self.policy, &self.day, replies);
        let mut report = Report::of(&self.policy, self.origins(settings), &results)?;
        let analyses = self.policy.analyses.iter().zip(requests);
        let imported = analyses.filter(|(_, request)| self.session.is_imported(request));
        report.imported = imported.map(|(analysis, _)| analysis.name.clone()).collect();
        report.state = self.state(settings, requests);
        let absent = self.absent(&report);
        let state_warning = self.snapshot.was_observed().and_then(|seen| seen.warning.clone());
        let why = self.why(&report, self.session.account(requests));
        let warnings = self.session.warnings.clone();
        if effort.executed > 0 {
            // What cannot go today goes another day.
            let _ = cache::prune(&settings.cache, cache::UNUSED);
        }
        Ok(Checked {
            report,
            notes: self.snapshot.notes.clone(),
            warnings,
            closing,
            state_warning,
            plugin_warnings: self.warnings,
            refused: self.catalogue.refused(),
            absent,
            policy: self.kind,
            passed_over: self.passed_over,
            effort,
            why,
            why_file: self.why_file,
        })
    }

    /// What plugins that could not judge may have looked for in vain.
    fn absent(&self, report: &Report) -> Vec<AbsentFile> {
        let unjudged = |verdict| matches!(verdict, VerdictKind::Abstain | VerdictKind::Error);
        let analyses = report.analyses().into_iter().filter(|one| unjudged(one.verdict));
        let plugins: BTreeSet<&str> = analyses.map(|one| plugin_of(&one.plugin)).collect();
        plugins.into_iter().flat_map(|plugin| self.catalogue.absent(plugin)).collect()
    }

    /// Which analyses rest on what is remembered of the repository.
    fn state(&self, settings: &Settings, requests: &[Request]) -> Option<StateInfo> {
        let observed = self.snapshot.was_observed()?;
        let asked = self.policy.analyses.iter().zip(requests);
        let asked = asked.filter(|(_, request)| self.session.rests_on(request, "state"));
        let analyses: Vec<String> = asked.map(|(analysis, _)| analysis.name.clone()).collect();
        let used = settings.state != StateUse::Off;
        (!analyses.is_empty()).then(|| StateInfo { analyses, used, since: observed.since.clone() })
    }

    /// Asks the questions of the check that are `wanted`; the analyses that come to an error, and why.
    pub(crate) fn errors(&self, wanted: &dyn Fn(&Request) -> bool) -> Vec<(String, String)> {
        let roots = self.roots();
        let asked = self.policy.analyses.iter().zip(&roots).filter(|(_, root)| wanted(root));
        let (analyses, roots): (Vec<&CheckedAnalysis>, Vec<Request>) =
            asked.map(|(analysis, root)| (analysis, root.clone())).unzip();
        let error = |(analysis, reply): (&CheckedAnalysis, Reply)| match self
            .judged(analysis, reply)
            .judged
            .verdict
        {
            Verdict::Error { message } => Some((analysis.name.clone(), message)),
            _ => None,
        };
        analyses.into_iter().zip(self.session.answers(&roots)).filter_map(error).collect()
    }

    /// A reply as the report shows it, without what the policy suppresses.
    fn judged(&self, analysis: &CheckedAnalysis, reply: Reply) -> AnalysisResult {
        judging::judged(&self.policy, &self.day, analysis, reply)
    }

    /// The questions of the check: one for each analysis, in the policy's order.
    pub(crate) fn roots(&self) -> Vec<Request> {
        let key = self.target_key();
        let request = |analysis: &CheckedAnalysis| {
            Request::new(analysis.instance.clone(), analysis.query.as_str(), key.clone())
        };
        self.policy.analyses.iter().map(request).collect()
    }

    /// Who answers them.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    fn why(&self, report: &Report, account: Account) -> why::Record {
        let analyses = self.policy.analyses.iter().map(|analysis| analysis.name.clone());
        let forgets = |warning: &StoreWarning| matches!(warning, StoreWarning::InMemory { .. });
        let remembers = self.snapshot.incomplete.is_none() && !self.session.warnings.iter().any(forgets);
        why::Record::of(report, remembers, analyses, account)
    }

    fn origins(&self, settings: &Settings) -> Origins {
        Origins {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            policy: self.kind.into(),
            target: Target {
                commit: self.snapshot.commit.clone(),
                tree: self.snapshot.tree.clone(),
                dirty: self.snapshot.dirty,
                shallow: !self.snapshot.shallow.is_empty(),
            },
            date: settings.day.as_str().to_owned(),
        }
    }

    /// The key of every analysis: the commit, its tree, and where the history was cut off.
    pub(crate) fn target_key(&self) -> Key {
        let target = serde_json::json!({
            "commit": self.snapshot.commit,
            "tree": self.snapshot.tree,
            "shallow": self.snapshot.shallow,
        });
        Key::parse(&target.to_string()).expect("an object of texts and lists of texts is a key")
    }
}

/// Checks a target: everything from the settings to the report.
///
/// # Errors
/// The first stage's that does not succeed.
pub fn check(settings: &Settings, sink: Arc<dyn Sink>) -> Result<Checked, CheckError> {
    Prepared::new(settings, sink)?.run(settings)
}

/// The instances of the plugins that are to be refreshed.
fn refreshed(ids: &[String], specs: &[PluginSpec]) -> Result<Vec<Arc<str>>, CheckError> {
    let mut instances = Vec::new();
    for id in ids {
        let before = instances.len();
        instances.extend(specs.iter().filter(|spec| spec.id() == id).map(|spec| spec.instance.clone()));
        if instances.len() == before {
            let known: BTreeSet<&str> = specs.iter().map(PluginSpec::id).collect();
            let known = known.into_iter().map(str::to_owned).collect();
            return Err(CheckError::Refresh { plugin: id.clone(), known });
        }
    }
    Ok(instances)
}

/// The problems of a policy's shape, and those that plugins have with what of it is sound: a person wants to hear of all at once.
/// Where the plugins cannot be asked, the first ones are told alone.
pub(crate) fn every_problem(
    settings: &Settings,
    mut errors: PolicyErrors,
    sink: Arc<dyn Sink>,
) -> PolicyErrors {
    let Some(sound) = errors.sound.take() else { return errors };
    let built_in = Catalogue::new(settings, None);
    let Ok(catalogue) = built_in else { return errors };
    let Ok(session) = Session::open(settings, None, catalogue.specs(Some(&sound)), sink) else {
        return errors;
    };
    let known = asked(&sound).into_iter().filter(|instance| catalogue.get(plugin_of(instance)).is_some());
    let Ok(interview) = Interview::hold(&session, &catalogue, known) else { return errors };
    match sound.check(&interview.facts) {
        Ok(_) => errors,
        Err(mut further) => {
            // Strangers' plugins are not started for a policy that is wrong already.
            further.problems.retain(|problem| !matches!(problem.cause, Cause::NotAsked { .. }));
            errors.and(further)
        }
    }
}

/// The instances that a policy asks, and those that it configures, so that no wrong configuration goes unnoticed.
fn asked(policy: &Policy) -> BTreeSet<Arc<str>> {
    let analyses = policy.analyses().into_iter().map(|analysis| analysis.instance.clone());
    let configured = policy.plugins.iter().filter(|plugin| !plugin.config.members.is_empty());
    analyses.chain(configured.map(|plugin| plugin.id.value.as_str().into())).collect()
}
