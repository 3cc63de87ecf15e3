//! Many answers in bounded memory: keys are asked a window at a time.

use std::fmt;
use std::vec;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Engine;
use crate::error::Result;

/// The answers to many keys, in the keys' order. See [`Engine::query_windowed`].
#[must_use = "nothing is asked before the first answer is taken"]
pub struct Answers<'a, C, K, V> {
    engine: &'a Engine<C>,
    query: &'a str,
    rest: &'a [K],
    window: usize,
    held: vec::IntoIter<Result<V>>,
}

impl<'a, C, K, V> Answers<'a, C, K, V> {
    pub(super) fn new(engine: &'a Engine<C>, query: &'a str, keys: &'a [K], window: usize) -> Self {
        Answers { engine, query, rest: keys, window: window.max(1), held: Vec::new().into_iter() }
    }
}

impl<C, K: Serialize, V: DeserializeOwned> Iterator for Answers<'_, C, K, V> {
    type Item = Result<V>;

    fn next(&mut self) -> Option<Result<V>> {
        if let Some(answer) = self.held.next() {
            return Some(answer);
        }
        if self.rest.is_empty() {
            return None;
        }
        let (window, rest) = self.rest.split_at(self.window.min(self.rest.len()));
        // The used window's memory is given back before the next one is asked for.
        self.held = Vec::new().into_iter();
        self.rest = rest;
        match self.engine.query_many(self.query, window) {
            Ok(answers) => {
                self.held = answers.into_iter();
                self.held.next()
            }
            Err(error) => {
                self.rest = &[];
                Some(Err(error))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.held.len() + self.rest.len()))
    }
}

impl<C, K, V> fmt::Debug for Answers<'_, C, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers")
            .field("query", &self.query)
            .field("rest", &self.rest.len())
            .finish_non_exhaustive()
    }
}
