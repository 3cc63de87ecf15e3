//! Answers what a plugin asks while it computes, through the engine, so that it becomes part of the answer's trace.
//!
//! All questions that wait at the same moment are put to the engine as one batch.

use std::sync::Arc;

use probity_engine::{Answer, Ask, Digest, Key, Outcome, Reply, Request};
use probity_protocol::error::{ErrorObject, code, object};
use serde_json::value::RawValue;

use crate::grants::Grants;
use crate::names::{Inputs, Names, Uses};
use crate::plain::plain;
use crate::routes::{Asked, Question, Said};
use crate::sink::{Answered, Sink};
use crate::to_wire;

pub(crate) struct Serving<'a> {
    /// The instance that asks.
    pub(crate) plugin: &'a Arc<str>,
    pub(crate) names: &'a Names,
    /// What it may ask.
    pub(crate) uses: Uses,
    pub(crate) inputs: &'a Inputs,
    /// What a person lets it see.
    pub(crate) grants: &'a Grants,
    /// Who hears of what it asks.
    pub(crate) sink: &'a dyn Sink,
}

/// A question that is put to the engine: for each key its place in the batch, or why it has none.
struct Planned {
    keys: Vec<Result<usize, ErrorObject>>,
    form: Form,
    /// Said instead of every answer.
    verdict: Option<ErrorObject>,
}

enum Form {
    One,
    Many { fail_fast: bool },
}

impl Serving<'_> {
    pub(crate) fn serve(&self, batch: Vec<Asked>, ask: &mut dyn Ask) {
        let mut requests = Vec::new();
        let mut planned = Vec::new();
        for Asked { question, answer, .. } in batch {
            // The plugin may have cancelled it meanwhile.
            let Some(question) = question.take() else { continue };
            match self.plan(question, &mut requests, ask) {
                Ok(plan) => planned.push((answer, plan)),
                // A plugin that is gone hears of it when its call fails.
                Err(said) => drop(answer.send(said)),
            }
        }
        let replies = if requests.is_empty() { Vec::new() } else { ask.answers(requests.clone()) };
        for (answer, plan) in planned {
            drop(answer.send(plan.said(&requests, &replies)));
        }
    }

    /// Adds what has to be asked to `requests`; `Err` is what can be said at once.
    fn plan(
        &self,
        question: Question,
        requests: &mut Vec<Request>,
        ask: &mut dyn Ask,
    ) -> Result<Planned, Said> {
        let (plugin, query, keys, form) = match question {
            Question::Input { kind, id } => return Err(self.input(&kind, &id, ask)),
            Question::One { plugin, query, key } => (plugin, query, vec![key], Form::One),
            Question::Many { plugin, query, keys, fail_fast } => {
                (plugin, query, keys, Form::Many { fail_fast })
            }
        };
        let (target, verdict) = self.target(plugin.as_deref(), &query, keys.len()).map_err(Said::Error)?;
        let query: Arc<str> = query.into();
        let before = requests.len();
        let mut place = |key: Box<RawValue>| {
            let key = Key::parse(key.get()).map_err(|error| object::key_mismatch("", error))?;
            requests.push(Request::new(target.clone(), query.clone(), key));
            Ok(requests.len() - 1)
        };
        let keys = keys.into_iter().map(&mut place).collect();
        if verdict.is_some() && requests.len() == before {
            // Without a key that could be asked, the engine would not learn of the absence.
            requests.push(Request::new(target, query, Key::empty()));
        }
        Ok(Planned { keys, form, verdict })
    }

    fn input(&self, kind: &str, id: &str, ask: &mut dyn Ask) -> Said {
        let (answered, said) = self.input_or_why(kind, id, ask);
        self.sink.asked_input(self.plugin, kind, id, answered);
        said
    }

    fn input_or_why(&self, kind: &str, id: &str, ask: &mut dyn Ask) -> (Answered, Said) {
        if !self.inputs.allow(kind, id) {
            let error = object::plain(code::DENIED, self.inputs.undeclared(kind, id));
            return (Answered::Undeclared, Said::Error(error));
        }
        if !self.grants.allow(kind, id) {
            let error = object::plain(code::DENIED, self.grants.denied(self.plugin, kind, id));
            return (Answered::Ungranted, Said::Error(error));
        }
        let (of_kind, of_id) = self.grants.looked_at(kind, id);
        match ask.input(of_kind, &of_id) {
            Ok(value) => {
                let digest = Digest::of(value.as_bytes()).to_string();
                (Answered::Given, Said::Input { digest, value })
            }
            Err(failure) => {
                let message = format!("input {kind}/{id} cannot be had: {}", failure.message);
                let error = object::plain(code::INPUT_UNAVAILABLE, plain(&message, 1000));
                (Answered::Unavailable, Said::Error(error))
            }
        }
    }

    /// The instance that is asked. One that does not exist is asked all the same: the engine then knows that the
    /// answer rests on its absence, and does not keep it. The error is what the asker is told.
    fn target(
        &self,
        plugin: Option<&str>,
        query: &str,
        keys: usize,
    ) -> Result<(Arc<str>, Option<ErrorObject>), ErrorObject> {
        let hear = |id: &str, answered| self.sink.asked_query(self.plugin, id, query, keys, answered);
        let Some(name) = plugin else {
            hear(self.plugin, Answered::Given);
            return Ok((Arc::clone(self.plugin), None));
        };
        match self.names.resolve(name) {
            Ok(id) if self.uses.allow(&id, query) => {
                hear(&id, Answered::Given);
                Ok((id, None))
            }
            Ok(id) => {
                hear(&id, Answered::Undeclared);
                Err(object::plain(code::DENIED, self.uses.denied(&id, query)))
            }
            Err(id) => {
                hear(&id, Answered::Unavailable);
                let error = object::plain(code::NO_SUCH_PLUGIN, self.names.absent(&id));
                Ok((id, Some(error)))
            }
        }
    }
}

impl Planned {
    fn said(self, requests: &[Request], replies: &[Reply]) -> Said {
        if let Some(error) = self.verdict {
            return Said::Error(error);
        }
        let one = |key: Result<usize, ErrorObject>| {
            let at = key?;
            answer(&requests[at], &replies[at])
        };
        let mut answers = self.keys.into_iter().map(one);
        match self.form {
            Form::Many { fail_fast: false } => Said::Many(answers.collect()),
            Form::Many { fail_fast: true } => match answers.collect::<Result<Vec<_>, _>>() {
                Ok(all) => Said::Many(all.into_iter().map(Ok).collect()),
                Err(error) => Said::Error(error),
            },
            Form::One => match answers.next() {
                Some(Ok(answer)) => Said::One(answer),
                Some(Err(error)) => Said::Error(error),
                None => Said::Error(object::internal("a question without a key")),
            },
        }
    }
}

fn answer(asked: &Request, reply: &Reply) -> Result<Answer, ErrorObject> {
    match reply {
        Ok(Outcome::Answered(answer)) => Ok(answer.clone()),
        Ok(Outcome::Refused(refusal)) => Err(to_wire::refused(asked, refusal)),
        Err(failure) => Err(to_wire::failed(asked, failure)),
    }
}

#[cfg(test)]
mod tests {
    use probity_engine::{Failure, FailureKind};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::Silent;

    /// Notes what it is asked and knows nothing.
    struct Noting(Vec<Request>);

    impl Ask for Noting {
        fn answers(&mut self, requests: Vec<Request>) -> Vec<Reply> {
            let unknown = |_: &Request| Err(Failure::new(FailureKind::Denied, "there is no such plugin"));
            let replies = requests.iter().map(unknown).collect();
            self.0.extend(requests);
            replies
        }

        fn input(&mut self, _: &str, _: &str) -> Result<Arc<str>, Failure> {
            Err(Failure::new(FailureKind::Unavailable, "there are no inputs"))
        }

        fn ages(&mut self, _: u64) {}

        fn unrecorded(&mut self) {}

        fn cancelled(&self) -> bool {
            false
        }
    }

    #[test]
    fn the_engine_learns_of_a_plugin_that_is_absent_even_where_no_key_can_be_asked() {
        let plugin: Arc<str> = "probity/core/asker".into();
        let names = Names::new([Arc::clone(&plugin)].into_iter());
        let inputs = Inputs::default();
        let (uses, grants) = (Uses::default(), &Grants::default());
        let serving =
            Serving { plugin: &plugin, names: &names, uses, inputs: &inputs, grants, sink: &Silent };
        let none: &[&str] = &[];
        for keys in [none, &["{\"n\":0.5}"]] {
            let keys = keys.iter().map(|key| RawValue::from_string((*key).to_owned()).unwrap()).collect();
            let (plugin, query) = (Some("acme/x/y".to_owned()), "tip".to_owned());
            let question = Question::Many { plugin, query, keys, fail_fast: false };
            let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
            let (asked, mut waiting) = Asked::new(question, place);
            let mut noting = Noting(Vec::new());
            serving.serve(vec![asked], &mut noting);
            let said = waiting.said.try_recv();
            assert!(matches!(said, Ok(Said::Error(error)) if error.code() == code::NO_SUCH_PLUGIN));
            assert_eq!(noting.0.iter().map(|one| &*one.plugin).collect::<Vec<_>>(), ["acme/x/y"]);
        }
    }
}
