//! A question that nobody waits for any more ends soon, and harms none that comes after it.

use crate::lab::Lab;
use probity_plugin_git::changes::{KnownPairs, changes};
use probity_plugin_git::shapes::{HistoryKey, TreeKey};
use probity_plugin_git::{GitError, history, tree};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

#[test]
fn work_ends_at_the_next_object_once_nobody_waits_and_the_next_question_is_answered() {
    let lab = Lab::new();
    lab.import(300);
    let tip = lab.id("HEAD");
    let segment = lab.history(&tip).unwrap().segments.remove(0);
    let (repository, known) = (lab.repository(), KnownPairs::default());
    let expected = serde_json::to_value(lab.changes(&segment).unwrap()).unwrap();
    for last in [0, 1, 50] {
        let looks = Arc::new(AtomicUsize::new(0));
        let look = Arc::clone(&looks);
        let unwanted = repository.unless(move || look.fetch_add(1, SeqCst) >= last);
        let error = changes(&unwanted, &known, &segment).unwrap_err();
        assert!(matches!(error, GitError::Unwanted) && error.is_transient(), "{error}");
        // One for each batch that was still to be begun.
        assert!(looks.load(SeqCst) <= last + segment.commits.len() / 16 + 2, "{looks:?} of {last}");
    }
    let never = repository.unless(|| true);
    let key = HistoryKey { commit: tip, shallow: Vec::new() };
    assert!(matches!(history::history(&never, &key), Err(GitError::Unwanted)));
    assert!(matches!(tree::tree(&never, &TreeKey { tree: lab.id("HEAD^{tree}") }), Err(GitError::Unwanted)));
    let found = serde_json::to_value(changes(&repository, &known, &segment).unwrap()).unwrap();
    assert_eq!(found, expected);
}
