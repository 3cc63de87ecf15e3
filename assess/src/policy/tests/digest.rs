//! The digest: the same for what judges alike, another one for what does not.

use serde_json::json;

use super::super::Policy;
use super::{built_in_facts, parsed, plugin};

fn digest(text: &str) -> String {
    let policy = parsed(text);
    policy.check(&built_in_facts(&policy)).unwrap().digest
}

const PLAIN: &str = r#"analyze {
    investigate policy="score > 0.5"
    investigate-if-fail "binary" "churn"
    category "a" { analysis "binary" policy="value <= 0"; analysis "churn" weight=2 }
}"#;

#[test]
fn layout_and_comments_do_not_matter() {
    let laid_out = r##"// A comment.
analyze {
    /* another */ investigate   policy=#"score>0.5 // beyond half"#
    investigate-if-fail "churn" \
        "binary"
    /-category "gone" { analysis "entropy" }
    category "a" weight=1.0 {
        analysis "binary" policy="""
            value
              <= 0
            """
        analysis "churn" weight=2.0
    }
}"##;
    assert_eq!(digest(PLAIN), digest(laid_out));
    assert_eq!(digest(PLAIN), digest(PLAIN));
}

#[test]
fn whatever_decides_a_verdict_matters() {
    let changes = [
        ("score > 0.5", "score > 0.4"),
        ("value <= 0", "value <= 1"),
        ("weight=2", "weight=3"),
        ("category \"a\"", "category \"b\""),
        (" \"churn\"\n", "\n"),
        ("\"churn\" weight=2", "\"churn\" weight=2 { churn-freq 4.0 }"),
        (" policy=\"value <= 0\"", ""),
        ("analyze {", "plugins { plugin \"linguist\" { config { extensions \"foo\" } } }\nanalyze {"),
    ];
    let mut digests = vec![digest(PLAIN)];
    for (from, to) in changes {
        let changed = PLAIN.replace(from, to);
        assert_ne!(changed, PLAIN, "{from}");
        digests.push(digest(&changed));
    }
    let count = digests.len();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), count);
}

#[test]
fn defaults_of_plugins_matter_and_their_spelling_does_not() {
    let policy = parsed(PLAIN);
    let with_default = |config| {
        let mut facts = built_in_facts(&policy);
        let output = json!({ "type": "array", "items": { "type": "number" } });
        facts.insert("probity/core/churn".into(), Ok(plugin("churn", output, Some("true"), config)));
        policy.check(&facts).unwrap().digest
    };
    assert_eq!(with_default(json!({ "a": 1, "b": 2.0 })), with_default(json!({ "b": 2, "a": 1 })));
    assert_ne!(with_default(json!({ "a": 1 })), with_default(json!({ "a": 2 })));
}

#[test]
fn the_digest_of_a_known_policy_does_not_change_by_itself() {
    let policy = Policy::parse("x", PLAIN).unwrap();
    let digest = policy.check(&built_in_facts(&policy)).unwrap().digest;
    expect_test::expect!["fa2dd1be4e1e47a64c058ca0d89954bcedd03d33369d6d9b669244c3e7b4f1c0"]
        .assert_eq(&digest);
}
