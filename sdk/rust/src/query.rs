//! What a query is to the plugin that offers it. `#[query]` implements [`Query`]; the rest here forgets its types.

use std::panic::{AssertUnwindSafe, catch_unwind};

use probity_protocol::error::{ErrorObject, object};
use probity_protocol::method::{QueryDescription, QueryResult};
use probity_protocol::{Response, Ticket};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::answer::{Answer, QueryOutput};
use crate::engine::Engine;
use crate::error::Result;

/// A named function of a plugin. Implemented by `#[query]`.
pub trait Query: Send + Sync + 'static {
    /// The plugin's configuration.
    type Config;
    /// The argument: an object without floats.
    type Key: DeserializeOwned + JsonSchema;
    /// What the function returns.
    type Output: QueryOutput;

    /// The name, in snake_case.
    const NAME: &'static str;
    /// What it answers.
    const DOC: &'static str;
    /// Whether it is the plugin's analysis.
    const DEFAULT: bool;
    /// Whether its answers are never remembered.
    const VOLATILE: bool;
    /// How much work an answer is.
    const COST: Option<&'static str>;
    /// The queries that it may ask.
    const USES: &'static [&'static str];

    /// Answers one key.
    fn ask(&self, engine: &Engine<Self::Config>, key: Self::Key) -> Self::Output;
}

/// The first argument of a query's function; tells `#[query]` the configuration's type.
pub trait EngineArgument {
    /// The plugin's configuration.
    type Config;
}

impl<C> EngineArgument for Engine<C> {
    type Config = C;
}

/// A query whose key and value are only text.
pub(crate) trait AnyQuery<C>: Send + Sync {
    fn name(&self) -> &'static str;
    fn is_default(&self) -> bool;
    fn uses(&self) -> &'static [&'static str];
    fn describe(&self) -> QueryDescription;
    fn answer(&self, engine: &Engine<C>, key: &RawValue, ticket: Ticket) -> Response;
    fn value(&self, engine: &Engine<C>, key: &RawValue) -> Result<Answer<serde_json::Value>>;
}

impl<Q: Query> AnyQuery<Q::Config> for Q {
    fn name(&self) -> &'static str {
        Q::NAME
    }

    fn is_default(&self) -> bool {
        Q::DEFAULT
    }

    fn uses(&self) -> &'static [&'static str] {
        Q::USES
    }

    fn describe(&self) -> QueryDescription {
        QueryDescription {
            name: Q::NAME.to_owned(),
            doc: Q::DOC.to_owned(),
            key: schema::<Q::Key>(SchemaSettings::draft2020_12().for_deserialize()),
            output: schema::<<Q::Output as QueryOutput>::Value>(
                SchemaSettings::draft2020_12().for_serialize(),
            ),
            default: Q::DEFAULT,
            volatile: Q::VOLATILE,
            cost: Q::COST.map(str::to_owned),
            uses: Q::USES.iter().map(|query| (*query).to_owned()).collect(),
        }
    }

    fn answer(&self, engine: &Engine<Q::Config>, key: &RawValue, ticket: Ticket) -> Response {
        let key = match read_key::<Q::Key>(key) {
            Ok(key) => key,
            Err(error) => return ticket.fail(&error),
        };
        // What the function held is dropped with it; the engine only holds what is shared and locked.
        match catch_unwind(AssertUnwindSafe(|| self.ask(engine, key).into_answer())) {
            Ok(Ok(answer)) => {
                let ttl = answer.lifetime();
                let (value, concerns) = answer.into_parts();
                ticket.result(&QueryResult { value, concerns, ttl })
            }
            Ok(Err(error)) => ticket.fail(&error.to_object()),
            Err(panic) => {
                ticket.fail(&object::internal(format!("{} panicked: {}", Q::NAME, text_of(&*panic))))
            }
        }
    }

    fn value(&self, engine: &Engine<Q::Config>, key: &RawValue) -> Result<Answer<serde_json::Value>> {
        let key = read_key::<Q::Key>(key).map_err(|error| crate::Error::from_object(&error))?;
        let (value, concerns) = self.ask(engine, key).into_answer()?.into_parts();
        Ok(Answer::new(serde_json::to_value(value)?).concerns(concerns))
    }
}

fn read_key<K: DeserializeOwned>(key: &RawValue) -> Result<K, ErrorObject> {
    let mut json = serde_json::Deserializer::from_str(key.get());
    serde_path_to_error::deserialize(&mut json)
        .map_err(|error| object::key_mismatch(&pointer(error.path()), error.inner()))
}

/// The JSON pointer to a place that could not be read.
pub(crate) fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

pub(crate) fn schema<T: JsonSchema + ?Sized>(settings: SchemaSettings) -> Schema {
    settings.into_generator().into_root_schema_for::<T>()
}
