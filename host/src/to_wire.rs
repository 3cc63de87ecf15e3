//! From what the engine says about a nested query to the error that its asker gets.

use probity_engine::{Failure, FailureKind, Refusal, Request};
use probity_protocol::error::{Detail, ErrorKind, ErrorObject, Upstream, code, object};
use serde_json::value::RawValue;

use crate::plain::plain;

/// The most steps of a chain.
const MAX_CHAIN: usize = 32;
/// The most bytes of a key in a chain.
const MAX_KEY: usize = 200;
/// The most bytes of a message in a chain.
const MAX_MESSAGE: usize = 500;

/// The asked query refused: `-32011` with the refusal's own kind, or what the host itself said about the question.
pub(crate) fn refused(asked: &Request, refusal: &Refusal) -> ErrorObject {
    let data: Option<Box<RawValue>> = refusal.data.as_deref().and_then(|raw| serde_json::from_str(raw).ok());
    let error = ErrorObject::owned(refusal.code, refusal.message.as_str(), data);
    if matches!(refusal.code, code::NO_SUCH_QUERY | code::KEY_MISMATCH) {
        return error;
    }
    let inner = Detail::of(&error);
    let mut chain = vec![step(asked, refusal.code, &refusal.message)];
    chain.extend(inner.chain);
    chain.truncate(MAX_CHAIN);
    let kind = Some(inner.kind.unwrap_or(ErrorKind::Error));
    object::upstream(&refusal.message, &Detail { kind, retryable: inner.retryable, chain, trace: None })
}

/// There is no answer to the asked query now.
pub(crate) fn failed(asked: &Request, failure: &Failure) -> ErrorObject {
    match failure.kind {
        FailureKind::Cancelled => object::cancelled(),
        FailureKind::Cycle => {
            let cycle: Vec<String> =
                failure.chain.iter().map(|r| format!("{}/{}", r.plugin, r.query)).collect();
            object::cycle(&cycle)
        }
        kind => {
            let mut chain = vec![step(asked, wire_code(kind), &failure.message)];
            // The engine lists the innermost first, the wire the outermost.
            let passed = failure.chain.iter().rev().filter(|inner| *inner != asked);
            chain.extend(passed.map(|inner| step(inner, wire_code(kind), &failure.message)));
            chain.truncate(MAX_CHAIN);
            let kind = Some(ErrorKind::Unavailable);
            object::upstream(&failure.message, &Detail { kind, retryable: Some(true), chain, trace: None })
        }
    }
}

fn step(request: &Request, code: i32, message: &str) -> Upstream {
    Upstream {
        plugin: request.plugin.to_string(),
        query: request.query.to_string(),
        key: plain(request.key.as_str(), MAX_KEY),
        code,
        message: plain(message, MAX_MESSAGE),
    }
}

fn wire_code(kind: FailureKind) -> i32 {
    match kind {
        FailureKind::Crashed => code::PLUGIN_ENDED,
        FailureKind::TimedOut => code::DEADLINE,
        FailureKind::Denied | FailureKind::TooDeep => code::DENIED,
        FailureKind::Unavailable => code::PLUGIN,
        _ => code::INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use probity_engine::Key;

    use super::*;

    fn asked() -> Request {
        Request::new("probity/core/git", "history", Key::parse(r#"{"commit":"c0"}"#).unwrap())
    }

    #[test]
    fn a_refusal_keeps_its_message_and_kind_and_grows_a_chain() {
        let refusal = Refusal {
            code: -32020,
            message: "the history is shallow".into(),
            data: Some(r#"{"kind":"abstain"}"#.into()),
        };
        let error = refused(&asked(), &refusal);
        assert_eq!((error.code(), error.message()), (-32011, "the history is shallow"));
        assert_eq!(
            error.data().unwrap().get(),
            concat!(
                r#"{"kind":"abstain","chain":[{"plugin":"probity/core/git","query":"history","#,
                r#""key":"{\"commit\":\"c0\"}","code":-32020,"message":"the history is shallow"}]}"#
            )
        );
    }

    #[test]
    fn a_failure_may_go_better_another_time() {
        let error = failed(&asked(), &Failure::new(FailureKind::TimedOut, "no answer"));
        let detail = Detail::of(&error);
        assert_eq!((detail.kind, detail.retryable), (Some(ErrorKind::Unavailable), Some(true)));
        assert_eq!(detail.chain[0].code, -32026);
    }

    #[test]
    fn a_question_that_cannot_be_put_keeps_its_own_code() {
        let refusal = Refusal { code: -32014, message: "there is no query \"x\"".into(), data: None };
        assert_eq!(refused(&asked(), &refusal).code(), -32014);
    }
}
