//! What a plugin said that it offers, checked once: `plugin/describe` and the answer to `plugin/configure`.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use probity_engine::Refusal;
use probity_protocol::error::object;
use probity_protocol::method::{ConfigureResult, DescribeResult, QueryDescription};
use serde_json::Value;

use crate::from_wire;
use crate::names::{Inputs, Uses};
use crate::plain::plain;
use crate::schema::{Bounded, Shape};

/// The longest description, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// The most queries of one plugin.
const MAX_QUERIES: usize = 256;

/// The answer to `plugin/describe`.
#[derive(Debug)]
pub(crate) struct Description {
    /// As the plugin sent it.
    pub(crate) raw: Arc<str>,
    config: Shape,
    queries: BTreeMap<String, Query>,
    inputs: Inputs,
}

/// One query.
#[derive(Debug)]
pub(crate) struct Query {
    name: String,
    key: Bounded,
    output: Bounded,
    /// Compiled when it is first asked: that takes longer than many an answer, and most queries of a process are never asked.
    shapes: OnceLock<Result<Arc<Shapes>, String>>,
    pub(crate) volatile: bool,
    uses: Vec<String>,
}

/// The schemas of a query, compiled.
#[derive(Debug)]
pub(crate) struct Shapes {
    pub(crate) key: Shape,
    pub(crate) output: Shape,
}

/// The answer to `plugin/configure`.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// As the plugin sent it.
    pub(crate) raw: Arc<str>,
    uses: Vec<String>,
}

impl Description {
    pub(crate) fn read(raw: &str) -> Result<Description, String> {
        if raw.len() > MAX_BYTES {
            return Err(format!("{} bytes are more than the {MAX_BYTES} of a description", raw.len()));
        }
        let described: DescribeResult =
            serde_json::from_str(raw).map_err(|error| plain(&error.to_string(), 300))?;
        if described.queries.len() > MAX_QUERIES {
            return Err(format!("{} queries are more than {MAX_QUERIES}", described.queries.len()));
        }
        let mut queries = BTreeMap::new();
        for description in described.queries {
            let name = description.name.clone();
            if !is_query_name(&name) {
                return Err(format!("{:?} is no name for a query", plain(&name, 100)));
            }
            if queries.insert(name.clone(), Query::read(description)?).is_some() {
                return Err(format!("it has two queries {name:?}"));
            }
        }
        let config = Bounded::new(Value::from(described.config_schema))
            .and_then(|schema| schema.compile())
            .map_err(|error| format!("the schema of the configuration: {error}"))?;
        let inputs = Inputs::new(described.permissions.inputs);
        Ok(Description { raw: raw.into(), config, queries, inputs })
    }

    /// The refusal of a configuration that does not match the plugin's own schema: the plugin never sees it.
    pub(crate) fn refuse(&self, config: &str) -> Option<Refusal> {
        let mismatch = self.config.check(config).err()?;
        Some(from_wire::refusal(&object::bad_configuration(&mismatch.path, &mismatch.reason)))
    }

    /// Whether [`sound`](Self::sound) takes no time.
    pub(crate) fn is_ready(&self) -> bool {
        self.queries.values().all(Query::is_ready)
    }

    /// Whether all of its schemas are such, for who shows the description or goes by it: the first that is none.
    pub(crate) fn sound(&self) -> Result<(), &str> {
        self.queries.values().try_for_each(|query| query.shapes().map(drop))
    }

    /// What it may ask for outside git.
    pub(crate) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The query of this name, or the refusal that names those that there are.
    pub(crate) fn query(&self, name: &str) -> Result<&Query, Refusal> {
        self.queries.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.queries.keys().map(String::as_str).collect();
            from_wire::refusal(&object::no_such_query(&plain(name, 100), &known))
        })
    }
}

impl Query {
    fn read(description: QueryDescription) -> Result<Query, String> {
        let QueryDescription { name, key, output, volatile, uses, .. } = description;
        let bounded = |schema, what| {
            Bounded::new(Value::from(schema))
                .map_err(|error| format!("the schema of the {what} of {name}: {error}"))
        };
        let (key, output) = (bounded(key, "key")?, bounded(output, "output")?);
        Ok(Query { name, key, output, shapes: OnceLock::new(), volatile, uses })
    }

    /// Whether [`shapes`](Self::shapes) takes no time.
    pub(crate) fn is_ready(&self) -> bool {
        self.shapes.get().is_some() || (self.key.is_small() && self.output.is_small())
    }

    /// The schemas, or what is wrong with one of them.
    pub(crate) fn shapes(&self) -> Result<&Arc<Shapes>, &str> {
        let compile = |schema: &Bounded, what| {
            schema.compile().map_err(|error| format!("the schema of the {what} of {}: {error}", self.name))
        };
        let both =
            || Ok(Shapes { key: compile(&self.key, "key")?, output: compile(&self.output, "output")? });
        self.shapes.get_or_init(|| both().map(Arc::new)).as_ref().map_err(String::as_str)
    }

    /// What this query may ask under `configuration`.
    pub(crate) fn uses(&self, configuration: &Configuration) -> Uses {
        Uses::new(self.uses.iter().chain(&configuration.uses).map(String::as_str))
    }
}

impl Configuration {
    pub(crate) fn read(raw: &str) -> Result<Configuration, String> {
        if raw.len() > MAX_BYTES {
            return Err(format!("{} bytes are more than the {MAX_BYTES} of a configuration", raw.len()));
        }
        let configured: ConfigureResult =
            serde_json::from_str(raw).map_err(|error| plain(&error.to_string(), 300))?;
        Ok(Configuration { raw: raw.into(), uses: configured.uses })
    }
}

fn is_query_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
