//! Suppressions: what a line means, what is wrong with one, and what it does to the digest.

use std::collections::BTreeMap;

use expect_test::expect;
use serde_json::json;

use super::super::{CheckedPolicy, Facts, PluginFacts, Policy, PolicyErrors};
use super::{parsed, plain, problems};

const ANALYZE: &str = r#"analyze {
    investigate policy="score > 0.5"
    analysis "secrets" plugin="content" query="secrets" policy="count(value) == 0"
    analysis "hidden" plugin="content" query="hidden_text" policy="count(value) == 0"
    analysis "binary" policy="value <= 0"
}
"#;

fn with(lines: &str) -> String {
    format!("{ANALYZE}{lines}")
}

/// What plugins say of themselves: `content` lists findings of rules that it tells, `binary` has a number.
fn facts(policy: &Policy) -> Facts {
    let findings = json!({ "type": "array", "items": { "type": "object", "properties": { "rule": { "type": "string" } } } });
    let content = ["secrets", "hidden_text", "obfuscation"].map(|name| (name.to_owned(), findings.clone()));
    let rules = [("private-key", "secrets"), ("token", "secrets"), ("long-line", "obfuscation")];
    let of = |plugin: &str| match plugin {
        "probity/core/binary" => PluginFacts {
            queries: BTreeMap::from([("binary".to_owned(), json!({ "type": "integer" }).into())]),
            default_query: Some("binary".to_owned()),
            ..PluginFacts::default()
        },
        _ => PluginFacts {
            queries: content.clone().map(|(name, output)| (name, output.into())).into(),
            rules: rules.map(|(rule, query)| (rule.to_owned(), query.to_owned())).into(),
            ..PluginFacts::default()
        },
    };
    policy.instances().into_iter().map(|(name, instance)| (name, Ok(of(&instance.plugin)))).collect()
}

fn checked(lines: &str) -> Result<CheckedPolicy, PolicyErrors> {
    let policy = parsed(&with(lines));
    policy.check(&facts(&policy))
}

#[test]
fn a_line_names_a_rule_a_place_and_a_reason() {
    let policy = parsed(&with(
        "suppress \"content/private-key\" path=\"tests/**\" reason=\"made up\" until=\"2027-01-31\"\n\
         suppress \"probity/core/content/token\" commit=\"AA00000000000000000000000000000000000000\" package=\"x\" reason=\"y\"\n",
    ));
    let told: Vec<String> = (policy.suppressions.iter())
        .map(|one| {
            let path = one.place.path.as_ref().map(|path| path.as_str());
            let (commit, package) = (&one.place.commit, &one.place.package);
            let until = one.until.as_ref().map(|day| day.as_str());
            format!(
                "{} {} {path:?} {commit:?} {package:?} {} {until:?}",
                one.line,
                one.rule_name(),
                one.reason
            )
        })
        .collect();
    expect![[r#"
        7 content/private-key Some("tests/**") None None made up Some("2027-01-31")
        8 content/token None Some("aa00000000000000000000000000000000000000") Some("x") y None"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn every_line_is_read_strictly() {
    let cases = [
        "suppress",
        "suppress \"content/private-key\" path=\"a\"",
        "suppress \"content/private-key\" reason=\"x\"",
        "suppress \"content/private-key\" path=\"a\" reason=\" \"",
        "suppress \"content/private-key\" path=\"a\" reason=\"x\" untill=\"2027-01-31\"",
        "suppress \"content/private-key\" path=\"a\" reason=\"x\" until=\"2027-02-30\"",
        "suppress \"content/private-key\" path=\"/a\" reason=\"x\"",
        "suppress \"content/private-key\" path=\"tests/\" reason=\"x\"",
        "suppress \"content/private-key\" path=\"\" reason=\"x\"",
        "suppress \"content/private-key\" path=3 reason=\"x\"",
        "suppress \"content/private-key\" commit=\"abc123\" reason=\"x\"",
        "suppress \"private-key\" path=\"a\" reason=\"x\"",
        "suppress \"contnet/private-key\" path=\"a\" reason=\"x\"",
        "suppress \"acme/tools/x/rule\" path=\"a\" reason=\"x\"",
        "suppress \"content/a\" path=\"a\" reason=\"x\" { b }",
        "suppress \"content/a\" path=\"a\" reason=\"x\"\nsuppress \"content/a\" path=\"a\" reason=\"y\"",
        "supress \"content/a\" path=\"a\" reason=\"x\"",
    ];
    let told: Vec<String> = cases.iter().map(|text| format!("{text}\n{}", problems(&with(text)))).collect();
    expect![[r#"
        suppress
        p.kdl:7:1: `suppress` needs a rule
          hint: write: suppress "…"
        p.kdl:7:1: `suppress` needs `path`, `commit` or `package`
          hint: a whole rule is for the analysis' policy to judge; write: suppress "content/private-key" path="tests/data/**" reason="made up for the tests"
        p.kdl:7:1: `suppress` needs `reason`
          hint: say why it is of no concern, for those who read it later: reason="…"

        suppress "content/private-key" path="a"
        p.kdl:7:1: `suppress` needs `reason`
          hint: say why it is of no concern, for those who read it later: reason="…"

        suppress "content/private-key" reason="x"
        p.kdl:7:1: `suppress` needs `path`, `commit` or `package`
          hint: a whole rule is for the analysis' policy to judge; write: suppress "content/private-key" path="tests/data/**" reason="made up for the tests"

        suppress "content/private-key" path="a" reason=" "
        p.kdl:7:48: `reason` must be a text of at most 1000 bytes, found nothing

        suppress "content/private-key" path="a" reason="x" untill="2027-01-31"
        p.kdl:7:52: unknown property `untill` of `suppress`
          hint: did you mean `until`?

        suppress "content/private-key" path="a" reason="x" until="2027-02-30"
        p.kdl:7:58: "2027-02-30" is no day
          hint: YYYY-MM-DD, the last day on which the finding stays suppressed

        suppress "content/private-key" path="/a" reason="x"
        p.kdl:7:37: path "/a" fits no file of a repository
          hint: begin at the top of the tree, without `/` before or after; all below a folder is `folder/**`

        suppress "content/private-key" path="tests/" reason="x"
        p.kdl:7:37: path "tests/" fits no file of a repository
          hint: begin at the top of the tree, without `/` before or after; all below a folder is `folder/**`

        suppress "content/private-key" path="" reason="x"
        p.kdl:7:37: `path` must be a text of at most 1000 bytes, found nothing

        suppress "content/private-key" path=3 reason="x"
        p.kdl:7:37: `path` must be a string, found 3

        suppress "content/private-key" commit="abc123" reason="x"
        p.kdl:7:39: "abc123" is no full id of a commit
          hint: 40 hexadecimal digits, or 64; `git rev-parse` tells the full id

        suppress "private-key" path="a" reason="x"
        p.kdl:7:10: `private-key` is no rule name
          hint: a rule is named with its plugin: content/private-key, or publisher/namespace/name/rule

        suppress "contnet/private-key" path="a" reason="x"
        p.kdl:7:10: unknown plugin `contnet`
          hint: did you mean `content`?

        suppress "acme/tools/x/rule" path="a" reason="x"
        p.kdl:7:10: unknown plugin `acme/tools/x`
          hint: declare it: plugins { plugin "acme/tools/x" path="…" sha256="…" }

        suppress "content/a" path="a" reason="x" { b }
        p.kdl:7:44: `suppress` takes no children

        suppress "content/a" path="a" reason="x"
        suppress "content/a" path="a" reason="y"
        p.kdl:8:10: the suppression of `content/a` there is given twice

        supress "content/a" path="a" reason="x"
        p.kdl:7:1: unknown node `supress` in a policy
          hint: did you mean `suppress`?
    "#]].assert_eq(&told.join("\n"));
}

#[test]
fn a_line_that_can_take_nothing_out_is_told_before_anything_runs() {
    let lines = r#"suppress "content/private-kee" path="a" reason="x"
suppress "binary/elf" path="a" reason="x"
suppress "workflows/unpinned-uses" path="a" reason="x"
"#;
    expect![[r#"
        p.kdl:7:10: plugin `probity/core/content` has no rule `private-kee`
          hint: did you mean `private-key`?
        p.kdl:8:10: plugin `probity/core/binary` has no findings to suppress
          hint: a suppression takes single findings of an analysis out: remove the line, or add the analysis
        p.kdl:9:10: no analysis of this policy asks plugin `probity/core/workflows`
          hint: a suppression takes single findings of an analysis out: remove the line, or add the analysis
    "#]]
    .assert_eq(&plain(checked(lines)));
}

#[test]
fn a_line_reaches_the_analyses_that_may_have_such_findings() {
    let lines = r#"suppress "content/token" path="a" reason="x"
suppress "content/long-line" path="a" reason="x"
"#;
    let reached: Vec<_> =
        checked(lines).unwrap().suppressions.into_iter().map(|one| (one.reach, one.unasked)).collect();
    // Nobody asks for obfuscation; what else may tell of it is looked at all the same.
    assert_eq!(reached, [(vec![0], None), (vec![], Some("obfuscation".to_owned()))]);
}

#[test]
fn what_is_suppressed_is_part_of_the_digest_and_its_order_is_not() {
    let digest = |lines: &str| checked(lines).unwrap().digest;
    let (one, two) = (
        "suppress \"content/token\" path=\"a\" reason=\"x\"\n",
        "suppress \"content/token\" path=\"b\" reason=\"x\"\n",
    );
    assert_eq!(digest(&format!("{one}{two}")), digest(&format!("// first\n{two}\n{one}")));
    let mut all = vec![digest(""), digest(one), digest(two), digest(&format!("{one}{two}"))];
    let until = one.replace("\n", " until=\"2027-01-31\"\n");
    all.extend([
        digest(&until),
        digest(&one.replace("\"x\"", "\"y\"")),
        digest(&one.replace("token", "private-key")),
    ]);
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn a_pattern_is_read_as_git_reads_it_and_a_path_as_itself() {
    let matches = |pattern: &str, path: &str| {
        let quoted = serde_json::to_string(pattern).unwrap();
        let line = format!("suppress \"content/token\" path={quoted} reason=\"x\"\n");
        parsed(&with(&line)).suppressions[0].place.path.as_ref().unwrap().matches(path)
    };
    for (pattern, path) in [
        ("tests/a.pem", "tests/a.pem"),
        ("app/[id]/page.tsx", "app/[id]/page.tsx"),
        ("app/[id]/*.tsx", "app/[id]/page.tsx"),
        ("{a,b}/*", "{a,b}/c"),
        ("tests/**", "tests/a/.b/c.pem"),
        ("**/*.pem", "a.pem"),
        ("**/*.pem", "a/b/c.pem"),
        ("a/**/z", "a/z"),
        ("a/**/z", "a/b/c/z"),
        ("*.pem", "ü\n.pem"),
        ("a?c", "abc"),
        ("\"a\\377\"", "\"a\\377\""),
    ] {
        assert!(matches(pattern, path), "{pattern} {path}");
    }
    for (pattern, path) in [
        ("tests/a.pem", "tests/b.pem"),
        ("tests/a.pem", "x/tests/a.pem"),
        ("a.pem", "tests/a.pem"),
        ("tests/*", "tests/a/b"),
        ("tests/**", "tests"),
        ("tests/**", "x/tests/a"),
        ("app/[id]/*.tsx", "app/i/page.tsx"),
        ("{a,b}/*", "a/c"),
        ("a?c", "a/c"),
        ("*.PEM", "a.pem"),
        ("tests/**", "\"tests/a\\377\""),
    ] {
        assert!(!matches(pattern, path), "{pattern} {path}");
    }
    // Nothing that a repository can name takes long to compare.
    let path = "a".repeat(4000);
    for pattern in ["**/*a".repeat(190), "*a".repeat(400), "?".repeat(900), "a*".repeat(400)] {
        assert!(!matches(&format!("{pattern}b"), &path), "{pattern}");
    }
}
