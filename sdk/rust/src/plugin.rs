//! A plugin: its id, its configuration's type, its queries, and what it says about itself.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use probity_protocol::error::{ErrorObject, object};
use probity_protocol::method::{
    ConfigureResult, DescribeResult, Permissions, PluginIdentity, RuleDescription,
};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use crate::engine::Empty;
use crate::error::Invalid;
use crate::findings::Rule;
use crate::query::{AnyQuery, Query, pointer, schema};
use crate::serve;

/// What the type of a configuration must be able to do.
pub trait Configuration: DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static {}

impl<C: DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static> Configuration for C {}

/// A plugin, put together from its queries.
pub struct Plugin<C = Empty> {
    identity: PluginIdentity,
    queries: Vec<Arc<dyn AnyQuery<C>>>,
    default_policy: Option<Box<Judge<C>>>,
    validate: Option<Box<Validate<C>>>,
    explain: Option<String>,
    rules: &'static [Rule],
    inputs: BTreeSet<String>,
    max_concurrent: usize,
}

type Judge<C> = dyn Fn(&C) -> Option<String> + Send + Sync;
type Validate<C> = dyn Fn(&C) -> Result<(), Invalid> + Send + Sync;

impl<C: Configuration> Plugin<C> {
    /// A plugin without queries. `id` is `publisher/namespace/name`.
    ///
    /// # Panics
    /// When `id` has another form.
    pub fn new(id: &str, version: &str) -> Plugin<C> {
        let parts: Vec<_> = id.split('/').collect();
        let [publisher, namespace, name] = parts[..] else {
            panic!("{id:?} is not publisher/namespace/name");
        };
        let identity = PluginIdentity {
            publisher: publisher.to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
            version: version.to_owned(),
        };
        Plugin {
            identity,
            queries: Vec::new(),
            default_policy: None,
            validate: None,
            explain: None,
            rules: &[],
            inputs: BTreeSet::new(),
            max_concurrent: default_concurrency(),
        }
    }

    /// Adds a query.
    ///
    /// # Panics
    /// When there is one of this name, or another default one.
    #[must_use]
    pub fn query<Q: Query<Config = C>>(mut self, query: Q) -> Plugin<C> {
        assert!(self.find(Q::NAME).is_none(), "there are two queries {:?}", Q::NAME);
        let another = self.queries.iter().any(|other| other.is_default());
        assert!(!(Q::DEFAULT && another), "{:?} is a second default query", Q::NAME);
        self.queries.push(Arc::new(query));
        self
    }

    /// Sets the policy expression, which may depend on the configuration: CEL over `value`.
    #[must_use]
    pub fn default_policy(
        mut self,
        policy: impl Fn(&C) -> Option<String> + Send + Sync + 'static,
    ) -> Plugin<C> {
        self.default_policy = Some(Box::new(policy));
        self
    }

    /// Sets what the analysis means: its formula, where that comes from.
    #[must_use]
    pub fn explain(mut self, text: impl Into<String>) -> Plugin<C> {
        self.explain = Some(text.into());
        self
    }

    /// Sets the rules whose findings its queries tell.
    #[must_use]
    pub fn rules(mut self, rules: &'static [Rule]) -> Plugin<C> {
        self.rules = rules;
        self
    }

    /// Sets a check of the configuration beyond its type.
    #[must_use]
    pub fn validate(
        mut self,
        check: impl Fn(&C) -> Result<(), Invalid> + Send + Sync + 'static,
    ) -> Plugin<C> {
        self.validate = Some(Box::new(check));
        self
    }

    /// Declares an input that the plugin may ask for, as `kind/id`.
    #[must_use]
    pub fn input(mut self, input: impl Into<String>) -> Plugin<C> {
        self.inputs.insert(input.into());
        self
    }

    /// Sets how many queries are worked on at once; those that wait for the engine are not counted.
    #[must_use]
    pub fn max_concurrent(mut self, queries: usize) -> Plugin<C> {
        self.max_concurrent = queries.max(1);
        self
    }

    /// What the plugin offers, as `plugin/describe` tells it.
    pub fn describe(&self) -> DescribeResult {
        let defaults = serde_json::from_str::<C>("{}").ok();
        DescribeResult {
            queries: self.queries.iter().map(|query| query.describe()).collect(),
            config_schema: schema::<C>(SchemaSettings::draft2020_12().for_deserialize()),
            default_policy: defaults.and_then(|config| self.policy(&config)),
            explain: self.explain.clone(),
            rules: self.rules.iter().map(told).collect(),
            permissions: Permissions { inputs: self.inputs.iter().cloned().collect() },
        }
    }

    /// Serves the host that started this process, until that ends the connection. Call it from `main` and return what
    /// it returns. With the argument `--describe` it prints what the plugin offers instead.
    ///
    /// Standard output is the connection. Before any query runs it is taken away, so that what a query or a library of
    /// its prints goes to standard error.
    pub fn run(self) -> ExitCode {
        if std::env::args_os().skip(1).any(|argument| argument == "--describe") {
            return print(&self.describe());
        }
        serve::run(self)
    }

    pub(crate) fn identity(&self) -> &PluginIdentity {
        &self.identity
    }

    pub(crate) fn concurrency(&self) -> usize {
        self.max_concurrent
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Arc<dyn AnyQuery<C>>> {
        self.queries.iter().find(|query| query.name() == name)
    }

    pub(crate) fn query_names(&self) -> Vec<&'static str> {
        self.queries.iter().map(|query| query.name()).collect()
    }

    /// Reads a configuration and says what follows from it.
    pub(crate) fn configure(&self, config: &RawValue) -> Result<(C, ConfigureResult), ErrorObject> {
        let mut json = serde_json::Deserializer::from_str(config.get());
        let config: C = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| object::bad_configuration(&pointer(error.path()), &error.inner().to_string()))?;
        if let Some(validate) = &self.validate {
            validate(&config)
                .map_err(|refusal| object::bad_configuration(&refusal.path, &refusal.expected))?;
        }
        let effective_config = to_raw_value(&config).map_err(|error| object::internal(error.to_string()))?;
        let uses: BTreeSet<&str> = self.queries.iter().flat_map(|query| query.uses()).copied().collect();
        let result = ConfigureResult {
            effective_config,
            uses: uses.into_iter().map(str::to_owned).collect(),
            default_policy: self.policy(&config),
            warnings: Vec::new(),
        };
        Ok((config, result))
    }

    fn policy(&self, config: &C) -> Option<String> {
        self.default_policy.as_ref().and_then(|policy| policy(config))
    }
}

impl<C> fmt::Debug for Plugin<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.queries.iter().map(|query| query.name()).collect();
        f.debug_struct("Plugin")
            .field("identity", &self.identity)
            .field("queries", &names)
            .finish_non_exhaustive()
    }
}

fn told(rule: &Rule) -> RuleDescription {
    RuleDescription {
        id: rule.id.to_owned(),
        query: rule.query.to_owned(),
        text: rule.text.to_owned(),
        reference: Some(rule.reference.to_owned()),
    }
}

/// One for each core, and one more than there may seem to be, since the count can be hidden from a confined process.
fn default_concurrency() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 16)
}

fn print(describe: &DescribeResult) -> ExitCode {
    let written = serde_json::to_string_pretty(describe)
        .map_err(io::Error::other)
        .and_then(|text| writeln!(io::stdout(), "{text}"));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell it to if standard error is gone too.
            let _ = writeln!(io::stderr(), "cannot print the description: {error}");
            ExitCode::FAILURE
        }
    }
}
