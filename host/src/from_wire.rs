//! From what a plugin answered to what the engine remembers.
//!
//! The line between a fact and a failure is drawn here: a plugin's own error is a fact unless it says that another
//! attempt may go better; whatever breaks the protocol is a failure and is never stored.

use std::sync::Arc;

use probity_engine::{Answer, Failure, FailureKind, Outcome, Refusal, Reply};
use probity_protocol::error::{Detail, ErrorKind, ErrorObject, code};
use probity_protocol::method::{Concern, QueryResult};
use probity_protocol::peer::ResponseLine;
use probity_protocol::{CallError, Fault};
use serde_json::value::RawValue;

use crate::plain::plain;
use crate::schema::Shape;

/// The longest message of a refusal, in bytes.
const MAX_MESSAGE: usize = 4 << 10;
/// The most bytes of an error's `data` that are kept.
const MAX_DATA: usize = 64 << 10;
/// The most concerns of one answer; a plugin names the worst ones first.
const MAX_CONCERNS: usize = 100;

/// Reads the answer of `plugin` to one query, and sets `lasts` to the seconds for which it holds if these are limited.
///
/// # Errors
/// The connection ended before there was an answer.
pub(crate) fn reply(
    plugin: &str,
    output: &Shape,
    line: Result<ResponseLine, CallError>,
    lasts: &mut Option<u64>,
) -> Result<Reply, Arc<Fault>> {
    let read = line.and_then(|line| answer(output, &line, lasts));
    match read {
        Ok(Ok(answer)) => Ok(Ok(Outcome::Answered(answer))),
        Ok(Err(reason)) => Ok(Err(protocol(plugin, &reason))),
        Err(CallError::Ended(fault)) => Err(fault),
        Err(CallError::Answered(error)) => Ok(refused(plugin, &error)),
        Err(other) => Ok(Err(protocol(plugin, &plain(&other.to_string(), MAX_MESSAGE)))),
    }
}

fn answer(
    output: &Shape,
    line: &ResponseLine,
    lasts: &mut Option<u64>,
) -> Result<Result<Answer, String>, CallError> {
    let result: QueryResult<&RawValue> = line.result()?;
    if let Err(mismatch) = output.check(result.value.get()) {
        return Ok(Err(format!("its answer does not match the schema that it declares: {mismatch}")));
    }
    *lasts = result.ttl;
    Ok(Ok(Answer { value: result.value.get().into(), concerns: concerns(result.concerns) }))
}

fn concerns(mut concerns: Vec<Concern>) -> Arc<str> {
    concerns.truncate(MAX_CONCERNS);
    serde_json::to_string(&concerns).expect("concerns are strings and numbers").into()
}

/// An error that a plugin answered with.
fn refused(plugin: &str, error: &ErrorObject) -> Reply {
    let unavailable = || Err(Failure::new(FailureKind::Unavailable, told(plugin, message(error))));
    let detail = Detail::of(error);
    let transient = detail.retryable == Some(true) || detail.kind == Some(ErrorKind::Unavailable);
    match error.code() {
        code::PLUGIN | code::UPSTREAM if transient => unavailable(),
        code::PLUGIN
        | code::UPSTREAM
        | code::NO_SUCH_QUERY
        | code::KEY_MISMATCH
        | code::BAD_CONFIGURATION
        | code::DENIED => Ok(Outcome::Refused(refusal(error))),
        code::INPUT_UNAVAILABLE | code::TOO_BUSY => unavailable(),
        // What the host said to a question of the plugin, which passes it on as it is. It was true of that moment or
        // of that way to ask.
        code::CYCLE
        | code::NO_SUCH_PLUGIN
        | code::PLUGIN_ENDED
        | code::DEADLINE
        | code::CANCELLED
        | code::SUPERSEDED => unavailable(),
        code => Err(protocol(plugin, &format!("it answered with error {code}: {}", message(error)))),
    }
}

/// An error object as a fact.
pub(crate) fn refusal(error: &ErrorObject) -> Refusal {
    let data = error.data().map(|data| match data.get() {
        raw if raw.len() <= MAX_DATA => raw.into(),
        _ => {
            // What decides how the refusal is understood outlives a chain or trace that is too long.
            let Detail { kind, retryable, .. } = Detail::of(error);
            let short = Detail { kind, retryable, ..Detail::default() };
            serde_json::to_string(&short).expect("a detail is JSON").into()
        }
    });
    Refusal { code: error.code(), message: message(error), data }
}

fn message(error: &ErrorObject) -> String {
    plain(error.message(), MAX_MESSAGE)
}

/// What `plugin` says, with its name before it, unless it stands there already: who passes a failure on passes the
/// names on with it.
fn told(plugin: &str, said: String) -> String {
    let mut rest = said.as_str();
    while let Some((name, tail)) = rest.strip_prefix("plugin ").and_then(|rest| rest.split_once(": ")) {
        if name == plugin {
            return said;
        }
        rest = tail;
    }
    format!("plugin {plugin}: {said}")
}

/// The plugin broke the protocol.
pub(crate) fn protocol(plugin: &str, reason: &str) -> Failure {
    Failure::new(FailureKind::Protocol, format!("plugin {plugin} broke the protocol: {reason}"))
}

#[cfg(test)]
mod tests {
    use probity_protocol::error::object;

    use super::*;

    #[test]
    fn an_abstention_is_a_fact_and_what_is_missing_now_is_none() {
        let Ok(Outcome::Refused(refusal)) = refused("p", &object::abstain("the history is shallow")) else {
            panic!("an abstention is remembered");
        };
        assert_eq!((refusal.code, refusal.message.as_str()), (-32020, "the history is shallow"));
        assert_eq!(refusal.data.as_deref(), Some(r#"{"kind":"abstain"}"#));
        let failure = refused("p", &object::unavailable("no object 12")).unwrap_err();
        assert_eq!(
            (failure.kind, failure.message.as_str()),
            (FailureKind::Unavailable, "plugin p: no object 12")
        );
    }

    #[test]
    fn what_the_host_said_to_the_plugin_is_no_fact_when_it_is_passed_on() {
        let absent = object::plain(code::NO_SUCH_PLUGIN, "there is no plugin \"acme/x/y\"");
        let cases = [
            (object::cycle(&["p/q".to_owned()]), "plugin p: these queries ask for one another: p/q"),
            (absent, "plugin p: there is no plugin \"acme/x/y\""),
            (object::plugin_ended("exit status: 3", ""), "plugin p: the plugin ended (exit status: 3)"),
            (object::plain(code::DEADLINE, "no answer in time"), "plugin p: no answer in time"),
            (object::cancelled(), "plugin p: the request was cancelled"),
            (object::plain(code::SUPERSEDED, "the inputs changed"), "plugin p: the inputs changed"),
        ];
        for (error, expected) in cases {
            let failure = refused("p", &error).unwrap_err();
            assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Unavailable, expected));
        }
    }

    #[test]
    fn a_failure_that_is_passed_on_names_each_plugin_once() {
        let pass =
            |plugin: &str, said: &str| refused(plugin, &object::unavailable(said)).unwrap_err().message;
        let git = pass("probity/core/git", "object 12 is missing");
        let churn = pass("probity/core/churn", &git);
        let expected = "plugin probity/core/churn: plugin probity/core/git: object 12 is missing";
        assert_eq!(churn, expected);
        assert_eq!(pass("probity/core/churn", &churn), expected);
        assert_eq!(pass("probity/core/git", &churn), expected);
        assert_eq!(pass("p", "plugin q has no: p"), "plugin p: plugin q has no: p");
    }

    #[test]
    fn a_panic_is_no_fact() {
        let failure = refused("p", &object::internal("index out of bounds")).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Protocol);
        assert_eq!(
            failure.message,
            "plugin p broke the protocol: it answered with error -32603: index out of bounds"
        );
    }

    #[test]
    fn data_that_is_too_long_keeps_what_decides() {
        let detail =
            Detail { kind: Some(ErrorKind::Abstain), trace: Some("x".repeat(MAX_DATA)), ..Detail::default() };
        let refusal = refusal(&object::plugin("\u{1b}[31mno", &detail));
        assert_eq!(refusal.data.as_deref(), Some(r#"{"kind":"abstain"}"#));
        assert_eq!(refusal.message, "[31mno");
    }
}
