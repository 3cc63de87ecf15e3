//! Reports of a small policy: bytes, findings, summaries.

use std::collections::BTreeMap;

use expect_test::expect;
use serde_json::{Value, json};

use super::{AnalysisResult, Concern, Location, Origins, PolicySource, Report, Severity, Summary, Target};
use crate::policy::{CheckedPolicy, Facts, PluginFacts, Policy};
use crate::verdict::Verdict;

fn checked() -> CheckedPolicy {
    let text = r#"analyze {
    investigate policy="score > 0.5"
    investigate-if-fail "binary"
    category "practices" {
        analysis "binary" policy="value <= 0"
        analysis "identity" weight=0 policy="value <= 1"
    }
    analysis "churn" weight=3 policy="divz(count(value.filter(z, z > 3.0)), count(value)) <= 0.02"
}"#;
    let policy = Policy::parse("p.kdl", text).unwrap();
    let mut facts = Facts::new();
    for (instance, of) in policy.instances() {
        let output = match of.plugin.as_str() {
            "probity/core/churn" => json!({ "type": "array", "items": { "type": "number" } }),
            _ => json!({ "type": "integer" }),
        };
        facts.insert(
            instance,
            Ok(PluginFacts {
                queries: BTreeMap::from([("q".to_owned(), output.into())]),
                default_query: Some("q".to_owned()),
                default_policy: None,
                effective_config: json!({}),
                permissions: Vec::new(),
                rules: BTreeMap::new(),
            }),
        );
    }
    policy.check(&facts).unwrap()
}

fn origins() -> Origins {
    let target = Target { commit: "c".repeat(40), tree: "d".repeat(40), dirty: false, shallow: true };
    Origins { version: "1.2.3".to_owned(), policy: PolicySource::File, target, date: "2026-11-21".to_owned() }
}

fn concern(message: &str, commit: Option<&str>, path: Option<&str>, line: Option<u64>) -> Concern {
    let location = Location { commit: commit.map(str::to_owned), path: path.map(str::to_owned), line };
    let location = (location != Location::default()).then_some(location);
    Concern { message: message.to_owned(), rule: None, location }
}

fn result(policy: &CheckedPolicy, place: usize, answer: Value, concerns: Vec<Concern>) -> AnalysisResult {
    AnalysisResult {
        judged: policy.analyses[place].judge(&answer),
        answer: Some(answer),
        concerns,
        suppressed: Default::default(),
    }
}

fn report(binary_concerns: Vec<Concern>) -> Report {
    let policy = checked();
    let mut churn: Vec<f64> = (0..100).map(|index| f64::from(index) / 100.0).collect();
    churn[7] = 9.5;
    let results = [
        result(&policy, 0, json!(2), binary_concerns),
        result(&policy, 1, json!(5), vec![concern("as it is", None, None, None)]),
        result(&policy, 2, json!(churn), vec![concern("never shown as a finding", None, None, None)]),
    ];
    Report::of(&policy, origins(), &results).unwrap()
}

#[test]
fn a_report_in_full() {
    let report = report(vec![concern("lib.so is opaque", None, Some("lib.so"), None)]);
    expect![[r#"
        {
          "schema_version": 1,
          "tool": {
            "name": "probity",
            "version": "1.2.3"
          },
          "policy": {
            "digest": "15cf7b7f3fd509af22327ea4589a56501038492d16a8541c0e29754cdc9bc97e",
            "source": "file"
          },
          "target": {
            "commit": "cccccccccccccccccccccccccccccccccccccccc",
            "tree": "dddddddddddddddddddddddddddddddddddddddd",
            "dirty": false,
            "shallow": true
          },
          "date": "2026-11-21",
          "outcome": "investigate",
          "reasons": [
            {
              "kind": "must-pass",
              "analysis": "binary"
            }
          ],
          "score": {
            "value": 0.25,
            "investigate": "score > 0.5",
            "failed_share": 0.25,
            "judged_share": 1.0,
            "abstained_share": 0.0
          },
          "tree": [
            {
              "kind": "category",
              "name": "practices",
              "weight": 1.0,
              "share": 0.25,
              "failed_share": 0.25,
              "abstained_share": 0.0,
              "children": [
                {
                  "kind": "analysis",
                  "name": "binary",
                  "plugin": "probity/core/binary",
                  "query": "q",
                  "weight": 1.0,
                  "share": 0.25,
                  "contribution": 0.25,
                  "verdict": "fail",
                  "value": {
                    "kind": "value",
                    "value": 2
                  },
                  "policy": "value <= 0",
                  "default_policy": false,
                  "compared": {
                    "left": 2.0,
                    "operator": "<=",
                    "right": 0.0
                  },
                  "must_pass": true,
                  "concerns": [
                    {
                      "fingerprint": "7d670f3a434c148489118a7bff7fc5cb9ddf2d54e59c25d4d9b0bea2f6cb032c",
                      "message": "lib.so is opaque",
                      "location": {
                        "path": "lib.so"
                      }
                    }
                  ]
                },
                {
                  "kind": "analysis",
                  "name": "identity",
                  "plugin": "probity/core/identity",
                  "query": "q",
                  "weight": 0.0,
                  "share": 0.0,
                  "contribution": 0.0,
                  "verdict": "fail",
                  "value": {
                    "kind": "value",
                    "value": 5
                  },
                  "policy": "value <= 1",
                  "default_policy": false,
                  "compared": {
                    "left": 5.0,
                    "operator": "<=",
                    "right": 1.0
                  },
                  "must_pass": false,
                  "concerns": [
                    {
                      "fingerprint": "8a4ea89fd9ff98d6a95d10044edb8490a52383e65cc1a0d13aa58e24e314e9e5",
                      "message": "as it is"
                    }
                  ]
                }
              ]
            },
            {
              "kind": "analysis",
              "name": "churn",
              "plugin": "probity/core/churn",
              "query": "q",
              "weight": 3.0,
              "share": 0.75,
              "contribution": 0.0,
              "verdict": "pass",
              "value": {
                "kind": "numbers",
                "count": 100,
                "min": 0.0,
                "max": 9.5,
                "mean": 0.5893
              },
              "policy": "divz(count(value.filter(z, z > 3.0)), count(value)) <= 0.02",
              "default_policy": false,
              "compared": {
                "left": 0.01,
                "operator": "<=",
                "right": 0.02
              },
              "must_pass": false,
              "concerns": [
                {
                  "fingerprint": "d8353f487dd76b2526267f5a41ec0929df3da211e9f279870fe950b972615ff2",
                  "message": "never shown as a finding"
                }
              ]
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&report).unwrap());
}

#[test]
fn a_report_fits_its_published_schema() {
    let schema: Value = serde_json::from_str(&super::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let policy = checked();
    let abstained = AnalysisResult {
        judged: Verdict::Abstain { reason: "shallow".to_owned() }.into(),
        answer: None,
        concerns: vec![],
        suppressed: Default::default(),
    };
    let errored =
        AnalysisResult { judged: Verdict::Error { message: "died".to_owned() }.into(), ..abstained.clone() };
    let all_abstained =
        Report::of(&policy, origins(), &[abstained.clone(), abstained.clone(), abstained]).unwrap();
    let all_erred = Report::of(&policy, origins(), &[errored.clone(), errored.clone(), errored]).unwrap();
    for report in [report(vec![concern("x", Some("c"), Some("p"), Some(3))]), all_abstained, all_erred] {
        let value = serde_json::to_value(&report).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let bytes = || serde_json::to_string(&report(vec![concern("x", None, Some("a"), Some(1))])).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn findings_are_of_what_failed_and_the_worst_come_first() {
    let report = report(vec![concern("lib.so is opaque", None, Some("lib.so"), None)]);
    let lines: Vec<String> = report
        .findings()
        .iter()
        .map(|finding| {
            format!("{:?} {} {} {:?}", finding.severity, finding.rule, finding.message, finding.location)
        })
        .collect();
    expect![[r#"
        Error binary binary failed: value <= 0 (2 <= 0) None
        Error binary lib.so is opaque Some(Location { commit: None, path: Some("lib.so"), line: None })
        Note identity identity failed: value <= 1 (5 <= 1) None
        Note identity as it is None"#]]
    .assert_eq(&lines.join("\n"));
    assert_eq!(report.findings()[0].severity, Severity::Error);
}

#[test]
fn a_fingerprint_follows_the_place_and_not_the_words() {
    let fingerprints = |concerns: Vec<Concern>| -> Vec<String> {
        report(concerns).findings().into_iter().skip(1).take(2).map(|finding| finding.fingerprint).collect()
    };
    let first = fingerprints(vec![
        concern("3 bytes", None, Some("a.so"), Some(1)),
        concern("other", None, Some("b.so"), None),
    ]);
    let later = fingerprints(vec![
        concern("4 bytes", None, Some("a.so"), Some(9)),
        concern("other", None, Some("b.so"), None),
    ]);
    assert_eq!(first, later);
    assert_ne!(first[0], first[1]);
    let twice = fingerprints(vec![
        concern("one", None, Some("a.so"), None),
        concern("two", None, Some("a.so"), None),
    ]);
    assert_eq!(twice[0], first[0]);
    assert_ne!(twice[0], twice[1]);
    let nowhere = fingerprints(vec![concern("one", None, None, None), concern("two", None, None, Some(3))]);
    assert_ne!(nowhere[0], nowhere[1]);
}

#[test]
fn long_answers_are_summarised() {
    let of = |answer: Value| serde_json::to_string(&Summary::of(&answer)).unwrap();
    assert_eq!(of(json!(3)), r#"{"kind":"value","value":3}"#);
    assert_eq!(of(json!([1, 2])), r#"{"kind":"value","value":[1,2]}"#);
    let numbers: Vec<i32> = (1..=20).collect();
    assert_eq!(of(json!(numbers)), r#"{"kind":"numbers","count":20,"min":1.0,"max":20.0,"mean":10.5}"#);
    let flags: Vec<bool> = (0..20).map(|index| index % 4 == 0).collect();
    assert_eq!(of(json!(flags)), r#"{"kind":"flags","count":20,"yes":5}"#);
    assert_eq!(of(json!(vec!["x"; 20])), r#"{"kind":"list","count":20}"#);
    assert_eq!(of(json!({ "days": 3 })), r#"{"kind":"value","value":{"days":3}}"#);
    assert_eq!(
        of(json!({ "all": vec![1; 20], "n": 1 })),
        r#"{"kind":"object","members":{"all":{"count":20},"n":1},"left_out":0}"#
    );
    let long = "é".repeat(201);
    assert_eq!(of(json!(long)), format!(r#"{{"kind":"value","value":"{}…"}}"#, "é".repeat(200)));
}

#[test]
fn concerns_are_read_as_plugins_write_them() {
    let raw = r#"[{"message":"a"},{"message":"b","location":{"path":"\"x\\377\"","line":3},"later":1}]"#;
    let read = Concern::list(raw).unwrap();
    assert_eq!(read, [concern("a", None, None, None), concern("b", None, Some("\"x\\377\""), Some(3))]);
    assert!(Concern::list("{}").is_err());
}
