//! Suppressions on answers: what is judged, what is pointed out, and what the report says of each line.

use std::collections::BTreeMap;

use expect_test::expect;
use serde_json::{Value, json};

use super::{MOST, MOST_ALIKE, applied};
use crate::policy::{CheckedPolicy, Facts, PluginFacts, Policy};
use crate::report::{
    AnalysisResult, Concern, Location, Origins, PolicySource, Report, SuppressionEntry, Target, VerdictKind,
};
use crate::verdict::Verdict;

const TODAY: &str = "2026-06-01";

fn policy(lines: &str) -> CheckedPolicy {
    let text = format!(
        "analyze {{ investigate policy=\"score > 0.5\"; analysis \"content\" policy=\"count(value) == 0\" }}\n{lines}"
    );
    let policy = Policy::parse("p.kdl", &text).unwrap();
    let facts = PluginFacts {
        queries: BTreeMap::from([("q".to_owned(), json!({}).into())]),
        default_query: Some("q".to_owned()),
        ..PluginFacts::default()
    };
    let facts: Facts = policy.instances().into_keys().map(|instance| (instance, Ok(facts.clone()))).collect();
    policy.check(&facts).unwrap()
}

/// A report of the answer with the hints that the SDK makes of its first twenty.
fn report(lines: &str, answer: Value) -> Report {
    let concerns: Vec<Concern> = answer.as_array().into_iter().flatten().take(20).map(hint).collect();
    report_with(lines, answer, concerns)
}

fn report_with(lines: &str, answer: Value, concerns: Vec<Concern>) -> Report {
    let policy = policy(lines);
    let analysis = &policy.analyses[0];
    let applied = applied(&policy, analysis, TODAY, answer, concerns);
    let result = AnalysisResult {
        judged: analysis.judge(&applied.value),
        answer: Some(applied.value),
        concerns: applied.concerns,
        suppressed: applied.suppressed,
    };
    made(&policy, result)
}

fn made(policy: &CheckedPolicy, result: AnalysisResult) -> Report {
    let target = Target { commit: "c".repeat(40), tree: "d".repeat(40), dirty: false, shallow: false };
    let (version, date) = ("1".to_owned(), TODAY.to_owned());
    Report::of(policy, Origins { version, policy: PolicySource::File, target, date }, &[result]).unwrap()
}

fn finding(rule: &str, path: &str, line: u64) -> Value {
    json!({ "severity": "high", "rule": rule, "path": path, "line": line, "message": format!("{rule} at {line}") })
}

fn hint(finding: &Value) -> Concern {
    let text = |name: &str| finding[name].as_str().map(str::to_owned);
    Concern {
        message: format!(
            "{} ({}): {}",
            text("rule").unwrap(),
            text("severity").unwrap(),
            text("message").unwrap()
        ),
        rule: text("rule"),
        location: Some(Location {
            commit: text("commit"),
            path: text("path"),
            line: finding["line"].as_u64(),
        }),
    }
}

/// The verdict, the hints that are left, those that are suppressed, and the lines of the policy.
fn told(report: &Report) -> String {
    let analyses = report.analyses();
    let mut lines = vec![format!("{:?}", analyses[0].verdict)];
    lines.extend(analyses[0].concerns.iter().map(|one| format!("  {}", one.concern.message)));
    for one in &analyses[0].suppressed {
        lines.push(format!("  suppressed by {:?}: {}", one.by, one.finding.concern.message));
    }
    lines.extend(report.suppressions.iter().map(line));
    lines.join("\n")
}

fn line(entry: &SuppressionEntry) -> String {
    let note = entry.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    format!("{} {:?} {}{note}", entry.rule, entry.state, entry.findings)
}

#[test]
fn what_is_suppressed_is_neither_judged_nor_pointed_out() {
    let lines = "suppress \"content/token\" path=\"tests/**\" reason=\"made up\"\n";
    let all = json!([finding("token", "tests/a", 1), finding("token", "tests/b", 2)]);
    expect![[r#"
        Pass
          suppressed by [0]: token (high): token at 1
          suppressed by [0]: token (high): token at 2
        content/token Used 2"#]]
    .assert_eq(&told(&report(lines, all)));
    let some = json!([
        finding("token", "tests/a", 1),
        finding("token", "src/a", 1),
        finding("private-key", "tests/a", 1)
    ]);
    expect![[r#"
        Fail
          token (high): token at 1
          private-key (high): private-key at 1
          suppressed by [0]: token (high): token at 1
        content/token Used 1"#]]
    .assert_eq(&told(&report(lines, some)));
}

#[test]
fn a_place_of_several_parts_must_fit_in_all_of_them() {
    let commit = "c0ffee0000000000000000000000000000000000";
    let found = |package: &str, commit: &str| json!({ "severity": "low", "rule": "r", "path": "a", "package": package, "commit": commit, "message": package });
    let lines = format!(
        "suppress \"content/r\" package=\"one\" reason=\"x\"\nsuppress \"content/r\" package=\"two\" commit=\"{commit}\" path=\"a\" reason=\"x\"\n"
    );
    let answer =
        json!([found("one", "dead"), found("two", commit), found("two", "dead"), found("three", commit)]);
    expect![[r#"
        Fail
          r (low): two
          r (low): three
          suppressed by [0]: r (low): one
          suppressed by [1]: r (low): two
        content/r Used 1
        content/r Used 1"#]]
    .assert_eq(&told(&report(&lines, answer)));
}

#[test]
fn what_another_line_takes_out_does_not_count_for_one_that_takes_nothing_out() {
    let said =
        |path: &str, until: &str| format!("suppress \"content/token\" path=\"{path}\" reason=\"x\"{until}\n");
    let lines = |lines: String, answer: Value| {
        report(&lines, answer).suppressions.iter().map(line).collect::<Vec<_>>()
    };
    let two = json!([finding("token", "a", 1), finding("token", "b", 1)]);
    let expired = said("*", " until=\"2026-05-31\"");
    assert_eq!(
        lines(expired.clone() + &said("a", ""), two.clone()),
        ["content/token Expired 1 (line 3 suppresses 1 finding there)", "content/token Used 1"]
    );
    assert_eq!(
        lines(expired + &said("a", "") + &said("b", "") + &said("?", ""), two)[0],
        "content/token Expired 0 (lines 3, 4, 5 suppress 2 findings there)"
    );
    let mut many: Vec<Value> = Vec::new();
    for n in 0..MOST_ALIKE as u64 / 2 {
        many.extend([finding("token", "a", n + 1), finding("private-key", "a", n + 1)]);
    }
    many.push(finding("token", "b", 1));
    let told = lines(said("*", "") + &said("b", ""), json!(many));
    assert!(told[0].starts_with("content/token NotApplied 100 (the list of findings is so long"), "{told:?}");
    assert!(told[0].ends_with("; line 3 suppresses 1 finding there)"), "{told:?}");
}

#[test]
fn an_expired_line_takes_nothing_out_and_says_so() {
    let answer = || json!([finding("token", "a", 1)]);
    let until = |day: &str| format!("suppress \"content/token\" path=\"a\" reason=\"x\" until=\"{day}\"\n");
    // The last day counts.
    expect![[r#"
        Pass
          suppressed by [0]: token (high): token at 1
        content/token Used 1"#]]
    .assert_eq(&told(&report(&until("2026-06-01"), answer())));
    expect![[r#"
        Fail
          token (high): token at 1
        content/token Expired 1"#]]
    .assert_eq(&told(&report(&until("2026-05-31"), answer())));
}

#[test]
fn a_line_for_nothing_is_unused_unless_it_could_not_be_looked_at() {
    let lines = "suppress \"content/token\" path=\"a\" reason=\"x\"\n";
    expect![[r#"
        Fail
          token (high): token at 1
        content/token Unused 0"#]]
    .assert_eq(&told(&report(lines, json!([finding("token", "b", 1)]))));
    expect![[r#"
        Pass
        content/token Unused 0"#]]
    .assert_eq(&told(&report(lines, json!([]))));
    expect![[r#"
        Fail
        content/token NotLookedAt 0 (content has no findings to suppress: its answer is no list of them)"#]]
    .assert_eq(&told(&report_with(lines, json!([1, 2]), Vec::new())));
    let policy = policy(lines);
    for verdict in
        [Verdict::Abstain { reason: "shallow".to_owned() }, Verdict::Error { message: "died".to_owned() }]
    {
        let result = AnalysisResult {
            judged: verdict.into(),
            answer: None,
            concerns: Vec::new(),
            suppressed: super::Suppressed::default(),
        };
        let report = made(&policy, result);
        assert!(line(&report.suppressions[0]).contains(" NotLookedAt 0 (content "), "{report:?}");
    }
}

#[test]
fn the_second_line_that_fits_is_not_unused() {
    let lines = "suppress \"content/token\" path=\"a/*\" reason=\"x\"\nsuppress \"content/token\" path=\"a/b\" reason=\"y\"\n";
    expect![[r#"
        Pass
          suppressed by [0, 1]: token (high): token at 1
        content/token Used 1
        content/token Used 1"#]]
    .assert_eq(&told(&report(lines, json!([finding("token", "a/b", 1)]))));
}

#[test]
fn what_is_left_is_pointed_out_in_the_place_of_what_was_suppressed() {
    let lines = "suppress \"content/token\" path=\"tests/**\" reason=\"x\"\n";
    let mut findings: Vec<Value> = (1..=25).map(|number| finding("token", "tests/a", number)).collect();
    findings.extend((1..=30).map(|number| finding("token", "zsrc/a", number)));
    let report = report(lines, json!(findings));
    let analysis = report.analyses()[0];
    let messages: Vec<&str> = analysis.concerns.iter().map(|one| one.concern.message.as_str()).collect();
    assert_eq!(messages.len(), 20);
    assert_eq!((messages[0], messages[19]), ("token (high): token at 1", "token (high): token at 20"));
    assert!(
        analysis
            .concerns
            .iter()
            .all(|one| one.concern.location.as_ref().unwrap().path.as_deref() == Some("zsrc/a"))
    );
    assert_eq!((analysis.suppressed.len(), report.suppressions[0].findings), (25, 25));
}

#[test]
fn a_fingerprint_is_the_same_whether_or_not_it_is_suppressed() {
    let findings = json!([
        finding("token", "a", 1),
        finding("private-key", "a", 2),
        finding("token", "a", 3),
        finding("token", "b", 4)
    ]);
    let all = |lines: &str| {
        let report = report(lines, findings.clone());
        let analysis = report.analyses()[0].clone();
        let suppressed = analysis.suppressed.into_iter().map(|one| one.finding);
        let both = analysis.concerns.into_iter().chain(suppressed);
        both.map(|one| (one.concern.message, one.fingerprint)).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(all(""), all("suppress \"content/token\" path=\"a\" reason=\"x\"\n"));
}

#[test]
fn a_hint_that_names_no_rule_goes_with_all_findings_of_its_place_alone() {
    let lines = "suppress \"content/token\" path=\"a\" reason=\"x\"\n";
    let at = |path: &str, line: u64| Concern {
        message: format!("look at {path}"),
        rule: None,
        location: Some(Location { commit: None, path: Some(path.to_owned()), line: Some(line) }),
    };
    let general = Concern { message: "in general".to_owned(), rule: None, location: None };
    let answer = json!([finding("token", "a", 1), finding("token", "a", 2), finding("private-key", "a", 2)]);
    expect![[r#"
        Fail
          look at a
          in general
          suppressed by [0]: look at a
          suppressed by [0]: token (high): token at 2
        content/token Used 2"#]]
    .assert_eq(&told(&report_with(lines, answer, vec![at("a", 1), at("a", 2), general])));
}

#[test]
fn a_list_that_may_have_been_cut_is_left_as_it_is() {
    let lines = "suppress \"content/token\" path=\"tests/**\" reason=\"x\"\nsuppress \"content/private-key\" path=\"k\" reason=\"x\"\n";
    let many = |count: usize, file: &dyn Fn(usize) -> String| -> Vec<Value> {
        (0..count).map(|number| finding("token", &file(number), 1)).collect()
    };
    let of = |mut findings: Vec<Value>| {
        findings.push(finding("private-key", "k", 1));
        let report = report(lines, json!(findings));
        (report.analyses()[0].verdict, report.suppressions.iter().map(line).collect::<Vec<_>>())
    };
    let in_tests = |number| format!("tests/{number}");
    let (verdict, told) = of(many(MOST_ALIKE - 1, &in_tests));
    assert_eq!((verdict, &*told[0]), (VerdictKind::Pass, "content/token Used 199"));
    // Others of the rule may have been left out; those of another rule not.
    let (verdict, told) = of(many(MOST_ALIKE, &in_tests));
    assert_eq!((verdict, &*told[1]), (VerdictKind::Fail, "content/private-key Used 1"));
    assert!(told[0].starts_with("content/token NotApplied 200 (the list"), "{told:?}");
    // A file that is full of something else.
    let (verdict, told) =
        of((0..MOST_ALIKE).map(|number| finding("other", "k", number as u64 + 1)).collect());
    assert_eq!(verdict, VerdictKind::Fail);
    assert!(told[1].starts_with("content/private-key NotApplied 1 "), "{told:?}");
    // A list that is full of something else.
    let other = |number| finding(&format!("rule-{}", number % 50), &format!("f{number}"), 1);
    let (_, told) = of((0..MOST - 1).map(other).collect());
    assert!(told[1].starts_with("content/private-key NotApplied 1 "), "{told:?}");
}

#[test]
fn findings_of_other_shapes_are_kept() {
    let lines = "suppress \"content/token\" path=\"a\" reason=\"x\"\n";
    let answer =
        json!([7, null, { "rule": 3, "path": "a" }, { "rule": "token", "path": ["a"] }, { "rule": "token" }]);
    let report = report_with(lines, answer, Vec::new());
    assert_eq!(told(&report), "Fail\ncontent/token Unused 0");
}

#[test]
fn a_report_with_suppressions_fits_its_published_schema() {
    let lines = "suppress \"content/token\" path=\"a\" reason=\"x\" until=\"2027-01-01\"\nsuppress \"content/token\" commit=\"c0ffee0000000000000000000000000000000000\" reason=\"y\"\n";
    let report = serde_json::to_value(report(lines, json!([finding("token", "a", 1)]))).unwrap();
    let schema: Value = serde_json::from_str(&crate::report::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(report["suppressions"].as_array().unwrap().len(), 2);
}
