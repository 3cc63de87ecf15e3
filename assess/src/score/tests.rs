//! Scores and outcomes of small policies.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::{Decision, Outcome, Reason, Score, shares};
use crate::policy::{CheckedPolicy, Facts, PluginFacts, Policy};
use crate::verdict::Verdict;

/// Four analyses with the shares 3/8, 1/8, 1/4 and 1/4, and one that informs.
const TREE: &str = r#"analyze {
    investigate policy="score > 0.5"
    investigate-if-fail "binary"
    category "practices" {
        analysis "activity" weight=3
        analysis "binary"
        analysis "identity" weight=0
    }
    category "attacks" {
        category "commit" { analysis "entropy"; analysis "churn" }
        category "unweighed" weight=0 { analysis "affiliation" }
    }
}"#;

fn checked() -> CheckedPolicy {
    policy_of(TREE)
}

fn policy_of(text: &str) -> CheckedPolicy {
    let policy = Policy::parse("p.kdl", text).unwrap();
    let facts = PluginFacts {
        queries: BTreeMap::from([("q".to_owned(), json!({ "type": "boolean" }).into())]),
        default_query: Some("q".to_owned()),
        default_policy: Some("value".to_owned()),
        effective_config: json!({}),
        permissions: Vec::new(),
        rules: BTreeMap::new(),
    };
    let facts: Facts = policy.instances().into_keys().map(|instance| (instance, Ok(facts.clone()))).collect();
    policy.check(&facts).unwrap()
}

/// The shares of the analyses, in their order.
const SHARES: [f64; 6] = [0.375, 0.125, 0.0, 0.25, 0.25, 0.0];

/// Verdicts written as `p`, `f`, `a` and `e`, in the order activity, binary, identity, entropy, churn, affiliation.
fn decided(letters: &str) -> Decision {
    let verdicts: Vec<Verdict> = letters.chars().map(verdict).collect();
    let borrowed: Vec<&Verdict> = verdicts.iter().collect();
    Decision::of(&checked(), &borrowed).unwrap()
}

fn verdict(letter: char) -> Verdict {
    match letter {
        'p' => Verdict::Pass,
        'f' => Verdict::Fail,
        'a' => Verdict::Abstain { reason: "shallow".to_owned() },
        _ => Verdict::Error { message: "crashed".to_owned() },
    }
}

#[test]
fn a_share_is_the_product_of_the_relative_weights_along_its_path() {
    let policy = Policy::parse("p.kdl", TREE).unwrap();
    assert_eq!(shares(&policy.tree), SHARES);
}

#[test]
fn the_score_is_the_failed_share_of_what_was_judged() {
    assert_eq!(decided("pppppp").score.value, Some(0.0));
    assert_eq!(decided("ffffff").score.value, Some(1.0));
    assert_eq!(decided("fppfpp").score.value, Some(0.625));
    // entropy abstains: 0.375 of the remaining 0.75
    let score = decided("fppapp").score;
    assert_eq!((score.value, score.abstained_share, score.judged_share), (Some(0.5), 0.25, 0.75));
    // an error counts as a failure
    assert_eq!(decided("pppepp").score.value, Some(0.25));
    // what informs does not count
    assert_eq!(decided("ppfppf").score.value, Some(0.0));
}

#[test]
fn outcomes_and_their_reasons() {
    let outcome = |letters: &str| {
        let decision = decided(letters);
        (decision.outcome, decision.reasons)
    };
    let must_pass = || Reason::MustPass { analysis: "binary".to_owned() };
    assert_eq!(outcome("pppppp"), (Outcome::Pass, vec![]));
    assert_eq!(outcome("pppffp"), (Outcome::Pass, vec![]), "0.5 is not beyond 0.5");
    assert_eq!(outcome("fppfpp"), (Outcome::Investigate, vec![Reason::Score]));
    assert_eq!(outcome("pfpppp"), (Outcome::Investigate, vec![must_pass()]));
    assert_eq!(outcome("papppp"), (Outcome::Investigate, vec![must_pass()]));
    assert_eq!(outcome("ppfppf"), (Outcome::Pass, vec![]));
    assert_eq!(outcome("aaaaaa"), (Outcome::NothingJudged, vec![must_pass(), Reason::NothingJudged]));
    assert_eq!(outcome("aapaap").0, Outcome::NothingJudged, "what informs alone is not enough");
    let errored = Reason::Errored { analysis: "churn".to_owned() };
    assert_eq!(outcome("ppppep"), (Outcome::Error, vec![errored]));
    assert_eq!(outcome("aaaaea").0, Outcome::Error);
}

#[test]
fn what_must_not_fail_may_abstain() {
    let policy = policy_of(
        "analyze { investigate policy=\"score > 0.5\"; investigate-if-found \"typo\"; analysis \"typo\"; analysis \"binary\" weight=9 }",
    );
    let outcome = |typo, binary| {
        let decision = Decision::of(&policy, &[&verdict(typo), &verdict(binary)]).unwrap();
        (decision.outcome, decision.reasons)
    };
    let found = vec![Reason::MustNotFail { analysis: "typo".to_owned() }];
    assert_eq!(outcome('f', 'p'), (Outcome::Investigate, found.clone()));
    assert_eq!(outcome('f', 'a').0, Outcome::Investigate);
    assert_eq!(outcome('a', 'p'), (Outcome::Pass, vec![]));
    assert_eq!(outcome('p', 'p'), (Outcome::Pass, vec![]));
    assert_eq!(outcome('e', 'p').0, Outcome::Error);
}

#[test]
fn a_policy_that_rests_on_what_must_pass_alone_can_pass() {
    let text = r#"analyze {
    investigate policy="score > 0.5"
    investigate-if-fail "binary"
    analysis "binary" weight=0
}"#;
    let policy = policy_of(text);
    let outcome = |letter: char| Decision::of(&policy, &[&verdict(letter)]).unwrap().outcome;
    assert_eq!(outcome('p'), Outcome::Pass);
    assert_eq!(outcome('f'), Outcome::Investigate);
    assert_eq!(outcome('a'), Outcome::NothingJudged);
    assert_eq!(outcome('e'), Outcome::Error);
}

proptest! {
    /// An abstention never makes a target look better than a pass of that analysis, nor worse than its failure.
    #[test]
    fn an_abstention_lies_between_pass_and_failure(letters in "[pfae]{6}", place in 0usize..6) {
        let with = |letter: char| {
            let verdicts: Vec<Verdict> = letters.chars().enumerate()
                .map(|(index, other)| verdict(if index == place { letter } else { other }))
                .collect();
            Score::of(SHARES.into_iter().zip(&verdicts)).value
        };
        if let (Some(pass), Some(abstain), Some(fail)) = (with('p'), with('a'), with('f')) {
            prop_assert!(pass <= abstain && abstain <= fail, "{pass} {abstain} {fail}");
        }
    }
}
