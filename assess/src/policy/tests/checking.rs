//! Checking a policy against what its plugins say.

use expect_test::expect;
use serde_json::json;

use super::super::{CheckedPolicy, Facts, Origin, Part, PluginFacts, PluginTrouble, Policy};
use super::{built_in_facts, parsed, plain, plugin};

#[test]
fn the_built_in_policy_fits_the_built_in_plugins() {
    let policy = Policy::built_in().unwrap();
    let checked = policy.check(&built_in_facts(&policy)).unwrap();
    let mut lines = Vec::new();
    list(&checked, &checked.tree, "", &mut lines);
    expect![[r#"
        practices activity activity 0.09523809523809523
        practices review review 0.06349206349206349
        practices fuzz fuzz 0.015873015873015872
        practices posture posture 0.031746031746031744
        practices mutable-references mutable 0.031746031746031744
        practices workflow-permissions permissions 0.031746031746031744
        practices fetch-and-run fetch_and_run 0.031746031746031744
        practices package-sources sources 0.031746031746031744
        practices identity identity 0
        practices absence-factor absence_factor 0
        practices recent-commits recent 0
        practices signatures signatures 0
        attacks/files binary binary 0.02666666666666667
        attacks/files hidden-text hidden_text 0.02666666666666667
        attacks/files executables executables 0.02666666666666667
        attacks/files obfuscation obfuscation 0.02666666666666667
        attacks/files secrets secrets 0.02666666666666667
        attacks/automation dangerous-workflows dangerous 0.06666666666666667
        attacks/automation lookalike-actions names 0.06666666666666667
        attacks/packages typo typo 0.06666666666666667
        attacks/packages install-scripts scripts 0.06666666666666667
        attacks/commits entropy entropy 0.04444444444444444
        attacks/commits churn churn 0.04444444444444444
        attacks/commits dates dates 0.04444444444444444
        attacks/people takeover takeover 0.02222222222222222
        attacks/people newcomer-binaries binaries 0.02222222222222222
        attacks/people newcomer-build build_files 0.02222222222222222
        attacks/people newcomer-packages dependencies 0.02222222222222222
        attacks/people newcomer-workflows automation 0.02222222222222222
        attacks/people release-signers release_signers 0.02222222222222222
        attacks/people addresses addresses 0
        attacks/people affiliation affiliation 0"#]]
    .assert_eq(&lines.join("\n"));
    assert!(checked.analyses.iter().all(|one| one.must_pass == (one.name == "hidden-text")));
}

/// A line for each analysis, after the path of its categories.
fn list(checked: &CheckedPolicy, parts: &[Part], path: &str, lines: &mut Vec<String>) {
    for part in parts {
        match part {
            Part::Category { name, children, .. } => {
                let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
                list(checked, children, &path, lines);
            }
            Part::Analysis(place) => {
                let one = &checked.analyses[*place];
                lines.push(format!("{path} {} {} {}", one.name, one.query, one.share));
            }
        }
    }
}

#[test]
fn a_policy_that_no_plugin_can_answer_is_told_at_once() {
    let policy = parsed(
        r#"analyze {
    investigate policy="score > 0.5"
    analysis "activity" policy="value.dys <= 364"
    analysis "binary" policy="count(value) <= 0"
    analysis "churn" query="chrun"
    analysis "affiliation"
    analysis "entropy" { entropy-treshold 3.0 }
    analysis "mine" plugin="identity"
    analysis "linguist"
}
"#,
    );
    let mut facts = built_in_facts(&policy);
    let refused = PluginTrouble {
        message: "refused its configuration: unknown field `entropy-treshold`".to_owned(),
        hint: Some("did you mean `entropy-threshold`?".to_owned()),
        member: Some("entropy-treshold".to_owned()),
    };
    facts.insert("probity/core/entropy#entropy".into(), Err(refused));
    facts.insert(
        "probity/core/identity".into(),
        Ok(plugin("identity", json!({ "type": "string" }), Some("value <= 0"), json!({}))),
    );
    facts.insert(
        "probity/core/linguist".into(),
        Ok(PluginFacts { default_query: None, ..plugin("is_source", json!({}), None, json!({})) }),
    );
    expect![[r#"
        p.kdl:3:33: there is no field `dys`
          hint: did you mean `days`?
        p.kdl:4:37: `count` needs a list, found int
          hint: count(list): how many elements it has
        p.kdl:5:28: plugin `probity/core/churn` has no query `chrun`
          hint: did you mean `churn`?
        p.kdl:6:14: analysis `affiliation` has no policy, and plugin `probity/core/affiliation` brings none
          hint: write one: policy="…" over `value`, which is list of bool
        p.kdl:7:26: plugin `probity/core/entropy` refused its configuration: unknown field `entropy-treshold`
          hint: did you mean `entropy-threshold`?
        p.kdl:8:14: plugin `probity/core/identity` brings a default policy that is not accepted: `<=` cannot compare string with int
          hint: its policy is: value <= 0; write another one with policy="…"
        p.kdl:9:14: plugin `probity/core/linguist` has no default query
          hint: name one with query="…"; known here: is_source
    "#]].assert_eq(&plain(policy.check(&facts)));
}

#[test]
fn a_policy_of_its_own_comes_before_the_plugins() {
    let policy = parsed(
        "analyze { investigate policy=\"score > 0.5\"; analysis \"binary\"; analysis \"b\" plugin=\"binary\" policy=\"value <= 9\" }",
    );
    let checked = policy.check(&built_in_facts(&policy)).unwrap();
    assert_eq!(
        (checked.analyses[0].origin, checked.analyses[0].expression.text()),
        (Origin::Plugin, "value <= 0")
    );
    assert_eq!(
        (checked.analyses[1].origin, checked.analyses[1].expression.text()),
        (Origin::Policy, "value <= 9")
    );
}

#[test]
fn a_plugin_that_was_not_asked_is_a_problem() {
    let policy = parsed("analyze { investigate policy=\"score > 0.5\"; analysis \"binary\" }");
    let told = plain(policy.check(&Facts::new()));
    assert_eq!(told, "p.kdl:1:54: plugin `probity/core/binary` was not asked\n");
}
