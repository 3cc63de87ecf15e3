//! What a query gives back: a value, and hints for the person.

use crate::error::Result;
pub use probity_protocol::method::{Concern, Location};

/// How many concerns travel with an answer; what is beyond is dropped.
pub const MAX_CONCERNS: usize = 20;

/// A value with its concerns.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    value: T,
    concerns: Vec<Concern>,
    ttl: Option<u64>,
}

impl<T> Answer<T> {
    /// An answer without concerns.
    pub fn new(value: T) -> Answer<T> {
        Answer { value, concerns: Vec::new(), ttl: None }
    }

    /// The same answer with one more concern. Name the worst first: the first [`MAX_CONCERNS`] are kept.
    #[must_use]
    pub fn concern(mut self, concern: Concern) -> Answer<T> {
        if self.concerns.len() < MAX_CONCERNS {
            self.concerns.push(concern);
        }
        self
    }

    /// The same answer with more concerns, the worst first.
    #[must_use]
    pub fn concerns(self, concerns: impl IntoIterator<Item = Concern>) -> Answer<T> {
        concerns.into_iter().take(MAX_CONCERNS).fold(self, Answer::concern)
    }

    /// The same answer, remembered for this many seconds and no longer: for what ages although nothing that the engine
    /// knows of changes. An answer that follows from the key and from inputs needs no such limit.
    #[must_use]
    pub fn holds_for(mut self, seconds: u64) -> Answer<T> {
        self.ttl = Some(seconds);
        self
    }

    /// For how many seconds it is remembered, if not for as long as what it rests on.
    pub fn lifetime(&self) -> Option<u64> {
        self.ttl
    }

    /// The value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The concerns, worst first.
    pub fn concern_list(&self) -> &[Concern] {
        &self.concerns
    }

    /// Value and concerns.
    pub fn into_parts(self) -> (T, Vec<Concern>) {
        (self.value, self.concerns)
    }
}

/// What the function of a query may return: a `Result` of a value, or of an [`Answer`].
pub trait QueryOutput {
    /// The value's type.
    type Value: serde::Serialize + schemars::JsonSchema;

    /// The answer in full.
    ///
    /// # Errors
    /// The query's own.
    fn into_answer(self) -> Result<Answer<Self::Value>>;
}

impl<T: serde::Serialize + schemars::JsonSchema> QueryOutput for Result<Answer<T>> {
    type Value = T;

    fn into_answer(self) -> Result<Answer<T>> {
        self
    }
}

impl<T: serde::Serialize + schemars::JsonSchema> QueryOutput for Result<T> {
    type Value = T;

    fn into_answer(self) -> Result<Answer<T>> {
        self.map(Answer::new)
    }
}
