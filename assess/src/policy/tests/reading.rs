//! Reading: what a file means, and what is wrong with it.

use expect_test::expect;

use super::super::{Branch, Policy};
use super::{parsed, problems};

const DIGEST: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

#[test]
fn five_mistakes_in_one_file_are_told_at_once() {
    let text = r#"plugins {
    plugin "chrun"
}
analyze {
    investigate policy="scor > 0.5"
    investigate-if-fail "binray"
    category "practices" weight=-1 {
        analysis "activity" polcy="value.days <= 364"
        analysis "binary"
    }
}
"#;
    expect![[r#"
        p.kdl:2:12: unknown plugin `chrun`
          hint: did you mean `churn`?
        p.kdl:5:25: unknown name `scor`
          hint: did you mean `score`?
        p.kdl:6:25: unknown analysis `binray`
          hint: did you mean `binary`?
        p.kdl:7:33: -1 is no weight
          hint: a weight is a number from 0 to 1000000000; 0 informs without counting
        p.kdl:8:29: unknown property `polcy` of `analysis`
          hint: did you mean `policy`?
    "#]]
    .assert_eq(&problems(text));
}

#[test]
fn an_analysis_is_in_one_of_the_lists() {
    let text = r#"analyze {
    investigate policy="score > 0.5"
    investigate-if-found "binary" "typoo"
    investigate-if-fail "binary"
    analysis "binary"
    analysis "typo"
}
"#;
    expect![[r#"
        p.kdl:3:26: analysis `binary` is given twice
          hint: investigate-if-fail demands more: name it there alone
        p.kdl:3:35: unknown analysis `typoo`
          hint: did you mean `typo`?
    "#]]
    .assert_eq(&problems(text));
}

#[test]
fn a_problem_is_shown_with_its_line() {
    let text = "analyze {\n    investigate policy=\"score > '1'\"\n    analysis \"binary\"\n}\n";
    let errors = Policy::parse("p.kdl", text).unwrap_err();
    let mut shown = String::new();
    let theme = miette::GraphicalTheme::unicode_nocolor();
    miette::GraphicalReportHandler::new_themed(theme)
        .with_width(90)
        .render_report(&mut shown, &errors)
        .unwrap();
    let shown: String = shown.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    expect![[r#"
          × 1 problem in p.kdl

        Error: policy::expression

          × `>` cannot compare double with string
           ╭─[p.kdl:2:25]
         1 │ analyze {
         2 │     investigate policy="score > '1'"
           ·                         ─────┬─────
           ·                              ╰── these do not compare
         3 │     analysis "binary"
           ╰────
    "#]]
    .assert_eq(&shown);
}

#[test]
fn every_node_is_read_strictly() {
    let cases = [
        "analyze { investigate policy=\"score > 0.5\"; category \"a\" {}; analysis \"binary\" }",
        "analyze { investigate policy=\"score > 0.5\" }",
        "analyze { analysis \"binary\" }",
        "plugins {}",
        "analyze { investigate policy=3; analysis \"binary\" }",
        "analyze { investigate; analysis \"binary\" \"churn\" }",
        "analyze { investigate policy=\"score > 0.5\"; investigate policy=\"true\"; analysis \"binary\" }",
        "analyze { investigate policy=\"score > 0.5\"; investigate-if-fail; analysis \"binary\" weight=\"1\" }",
        "analyze { investigate policy=\"score > 0.5\"; analysis \"binary\"; analysis \"binary\" }",
        "analyze { investigate policy=\"score > 0.5\"; category \"a\" { analysis \"binary\" }; category \"a\" { analysis \"churn\" } }",
        "analyze { investigate policy=\"score > 0.5\"; analysis \"binary\" weight=0 }",
        "analyze { investigate policy=\"score > 0.5\"; category \"a\" weight=0 { analysis \"binary\" } }",
        "analyze { investigate policy=\"score > 0.5\"; analysis \"my checks\" plugin=\"churn\" }",
        "analyze { investigate policy=\"score > 0.5\"; analysis \"mitre/churn\" }",
        "analyze { investigate policy=\"score > 0.5\"; analysis \"binary\" policy=\"(lte $ 0)\" }",
        "analyze { investigate policy=\"score > 0.5\"; analysis \"x\" plugin=\"acme/tools/x\" }",
        "analyze { investigate policy=\"score > 0.5\"; analysis \"binary\" { a 1; a 2; b c=1 } }",
        "plugins { plugin \"churn\" path=\"./x\"; plugin \"acme/tools/x\"; plugin \"a/b/c\" path=\"x\" sha256=\"12\" }",
        "analyse {}",
        "analyze { investigate policy=\"score > 0.5\"",
        "analyze weight=1 { investigate policy=\"score > 0.5\" { x }; analysis }",
    ];
    let told: Vec<String> = cases.iter().map(|text| format!("{text}\n{}", problems(text))).collect();
    expect![[r#"
        analyze { investigate policy="score > 0.5"; category "a" {}; analysis "binary" }
        p.kdl:1:54: category `a` is empty
          hint: give it an analysis, or remove it: it would weigh without judging anything

        analyze { investigate policy="score > 0.5" }
        p.kdl:1:1: `analyze` needs an analysis
          hint: write: category "practices" { analysis "activity" }

        analyze { analysis "binary" }
        p.kdl:1:1: `analyze` needs a node `investigate`
          hint: write: investigate policy="score > 0.5"

        plugins {}
        p.kdl:1:1: a policy needs a node `analyze`
          hint: `probity init` writes a policy to begin with

        analyze { investigate policy=3; analysis "binary" }
        p.kdl:1:30: an expression must be a string, found 3

        analyze { investigate; analysis "binary" "churn" }
        p.kdl:1:11: `investigate` needs `policy`
          hint: write: investigate policy="score > 0.5"
        p.kdl:1:42: `analysis` takes no second argument

        analyze { investigate policy="score > 0.5"; investigate policy="true"; analysis "binary" }
        p.kdl:1:45: `investigate` is given twice

        analyze { investigate policy="score > 0.5"; investigate-if-fail; analysis "binary" weight="1" }
        p.kdl:1:45: `investigate-if-fail` needs names of analyses
        p.kdl:1:91: "1" is no weight
          hint: a weight is a number from 0 to 1000000000; 0 informs without counting

        analyze { investigate policy="score > 0.5"; analysis "binary"; analysis "binary" }
        p.kdl:1:73: analysis `binary` is given twice
          hint: give it a name of its own: analysis "my-name" plugin="…"

        analyze { investigate policy="score > 0.5"; category "a" { analysis "binary" }; category "a" { analysis "churn" } }
        p.kdl:1:90: category `a` is given twice

        analyze { investigate policy="score > 0.5"; analysis "binary" weight=0 }
        p.kdl:1:1: the policy counts nothing: every analysis weighs 0
          hint: the score would always be 0; give one analysis a weight, or name it in investigate-if-fail

        analyze { investigate policy="score > 0.5"; category "a" weight=0 { analysis "binary" } }
        p.kdl:1:1: the policy counts nothing: every analysis weighs 0
          hint: the score would always be 0; give one analysis a weight, or name it in investigate-if-fail

        analyze { investigate policy="score > 0.5"; analysis "my checks" plugin="churn" }
        p.kdl:1:54: `my checks` is no analysis name
          hint: 1 to 200 of the characters a-z A-Z 0-9 - _ . /

        analyze { investigate policy="score > 0.5"; analysis "mitre/churn" }
        p.kdl:1:54: unknown plugin `mitre/churn`
          hint: the plugin that measures what Hipcheck's does is built in: "churn"

        analyze { investigate policy="score > 0.5"; analysis "binary" policy="(lte $ 0)" }
        p.kdl:1:76: these characters have no meaning in an expression
          hint: this looks like a policy expression of Hipcheck; here `(lte $ 3)` is `value <= 3`

        analyze { investigate policy="score > 0.5"; analysis "x" plugin="acme/tools/x" }
        p.kdl:1:65: unknown plugin `acme/tools/x`
          hint: declare it: plugins { plugin "acme/tools/x" path="…" sha256="…" }

        analyze { investigate policy="score > 0.5"; analysis "binary" { a 1; a 2; b c=1 } }
        p.kdl:1:70: `a` is given twice
        p.kdl:1:75: configuration `b`: configuration has no properties; write a child node `c …` instead

        plugins { plugin "churn" path="./x"; plugin "acme/tools/x"; plugin "a/b/c" path="x" sha256="12" }
        p.kdl:1:1: a policy needs a node `analyze`
          hint: `probity init` writes a policy to begin with
        p.kdl:1:18: `plugin` takes no path or digest if it is built in
          hint: a plugin of your own needs a name of its own: publisher/namespace/name
        p.kdl:1:45: plugin `acme/tools/x` needs `path` and `sha256`
          hint: path="…" is its folder, sha256="…" the tree hash that the folder must have
        p.kdl:1:92: not a SHA-256 digest
          hint: 64 hexadecimal digits are expected, here are 2 characters

        analyse {}
        p.kdl:1:1: a policy needs a node `analyze`
          hint: `probity init` writes a policy to begin with
        p.kdl:1:1: unknown node `analyse` in a policy
          hint: did you mean `analyze`?

        analyze { investigate policy="score > 0.5"
        p.kdl:1:9: not valid KDL: no closing '}' for child block
        p.kdl:1:10: not valid KDL: closing '}' was not found after nodes

        analyze weight=1 { investigate policy="score > 0.5" { x }; analysis }
        p.kdl:1:9: unknown property `weight` of `analyze`
          hint: this node has no properties
        p.kdl:1:55: `investigate` takes no children
        p.kdl:1:60: `analysis` needs the analysis' name
          hint: write: analysis "…"
    "#]].assert_eq(&told.join("\n"));
}

#[test]
fn a_place_in_an_expression_is_found_in_every_kind_of_string() {
    let places = |policy: &str| {
        let head = "analyze { investigate policy=\"score > 0.5\"; analysis \"binary\" policy=";
        let text = format!("{head}{policy} }}");
        let span = Policy::parse("p.kdl", &text).unwrap_err().problems[0].span;
        text[span.offset()..span.offset() + span.len()].to_owned()
    };
    assert_eq!(places("\"value > vlaue\""), "vlaue");
    assert_eq!(places("#\"value > vlaue && \"x\" == \"x\"\"#"), "vlaue");
    assert_eq!(places("\"é\\t == vlaue\""), "\"é\\t == vlaue\"");
    assert_eq!(places("\"'é' == vlaue\""), "vlaue");
    assert_eq!(places("\"\"\"\n  value >\n  vlaue\n  \"\"\""), "\"\"\"\n  value >\n  vlaue\n  \"\"\"");
}

#[test]
fn hostile_files_are_refused_before_kdl_sees_them() {
    let many = "a {".repeat(5000);
    let nested = "a {".repeat(1000) + &"}".repeat(1000);
    let in_strings = "a \"}\" {".repeat(1000) + &"}".repeat(1000);
    let comments = "/*".repeat(5000);
    let large = " ".repeat(300_000);
    for text in [many, nested, in_strings, comments, large] {
        assert_eq!(
            problems(&text),
            "p.kdl:1:1: the policy is larger or nested deeper than is read: 262144 bytes, 1000 blocks, 32 levels\n"
        );
    }
    assert!(problems(&"a {".repeat(1000)).contains("not valid KDL"));
    assert!(problems(&"/*".repeat(1000)).contains("not valid KDL"));
}

#[test]
fn analyses_share_a_process_unless_they_are_configured_differently() {
    let policy = parsed(&format!(
        r#"
        plugins {{
            plugin "churn" {{ config {{ churn-freq 3.0 }} }}
            plugin "acme/tools/x" path="./x" sha256="{DIGEST}" {{ config {{ list a b; nested {{ - 1 }} }} }}
        }}
        analyze {{
            investigate policy="score > 0.5"
            analysis "churn"
            analysis "same" plugin="churn" {{ churn-freq 3.0 }}
            analysis "other" plugin="churn" query="z" {{ commit-percentage 0.5 }}
            analysis "activity" {{ weeks 52 }}
            analysis "x" plugin="acme/tools/x"
        }}"#
    ));
    let instances: Vec<String> =
        policy.instances().iter().map(|(name, of)| format!("{name} {} {}", of.plugin, of.config)).collect();
    expect![[r#"
        acme/tools/x acme/tools/x {"list":["a","b"],"nested":[1]}
        probity/core/activity#activity probity/core/activity {"weeks":52}
        probity/core/churn probity/core/churn {"churn-freq":3}
        probity/core/churn#other probity/core/churn {"churn-freq":3,"commit-percentage":0.5}"#]]
    .assert_eq(&instances.join("\n"));
    let declared = policy.plugin("acme/tools/x").unwrap();
    assert_eq!(declared.path.as_ref().unwrap().value, "./x");
    assert_eq!(declared.sha256.as_ref().unwrap().value, DIGEST);
}

#[test]
fn the_built_in_policy_has_the_tree_that_its_users_know() {
    fn outline(branches: &[Branch], depth: usize, out: &mut String) {
        for branch in branches {
            let indent = "  ".repeat(depth);
            match branch {
                Branch::Category(category) => {
                    out.push_str(&format!("{indent}{} {}\n", category.name.value, category.weight));
                    outline(&category.children, depth + 1, out);
                }
                Branch::Analysis(analysis) => {
                    let policy = analysis.policy.as_ref().map_or("its own", |expr| &expr.text);
                    out.push_str(&format!("{indent}{} {}: {policy}\n", analysis.name.value, analysis.weight));
                }
            }
        }
    }
    let policy = Policy::built_in().unwrap();
    let mut out = format!("investigate {}\n", policy.investigate.text);
    outline(&policy.tree, 0, &mut out);
    expect![[r#"
        investigate score > 0.5
        practices 1
          activity 3: value.days <= 364
          review 2: divz(count(value.filter(reviewed, !reviewed)), count(value)) <= 0.05
          fuzz 0.5: its own
          posture 1: count(value) <= 4
          mutable-references 1: value.all(f, f.severity == 'low')
          workflow-permissions 1: value.all(f, f.severity == 'low')
          fetch-and-run 1: value.all(f, f.severity == 'low')
          package-sources 1: value.all(f, f.severity == 'low')
          identity 0: divz(count(value.filter(own, own)), count(value)) <= 0.95
          absence-factor 0: value >= 2
          recent-commits 0: value >= 13
          signatures 0: divz(value.signed, value.commits) >= 0.9
        attacks 2
          files 1
            binary 1: value <= 0
            hidden-text 1: value.all(f, f.severity == 'low')
            executables 1: value.all(f, f.severity == 'low')
            obfuscation 1: value.all(f, f.severity == 'low')
            secrets 1: value.all(f, f.severity != 'high')
          automation 1
            dangerous-workflows 1: value.all(f, f.severity == 'low')
            lookalike-actions 1: value.all(f, f.severity == 'low')
          packages 1
            typo 1: !value.exists(mistakable, mistakable)
            install-scripts 1: value.all(f, f.severity == 'low')
          commits 1
            entropy 1: divz(count(value.filter(z, z > 8.0)), count(value)) <= 0.005
            churn 1: divz(count(value.filter(z, z > 3.0)), count(value)) <= 0.02
            dates 1: value.all(f, f.severity == 'low')
          people 1
            takeover 1: value.all(f, f.severity == 'low')
            newcomer-binaries 1: !value.exists(f, f.severity == 'high') && count(value.filter(f, f.severity == 'medium')) <= 2
            newcomer-build 1: value.all(f, f.severity == 'low')
            newcomer-packages 1: value.all(f, f.severity == 'low')
            newcomer-workflows 1: value.all(f, f.severity == 'low')
            release-signers 1: value.all(f, f.severity == 'low')
            addresses 0: value.all(f, f.severity == 'low')
            affiliation 0: divz(count(value.filter(counted, counted)), count(value)) <= 1.0
    "#]]
    .assert_eq(&out);
    assert_eq!(policy.investigate_if_fail[0].value, "hidden-text");
}

#[test]
fn the_description_is_a_json_schema() {
    let schema: serde_json::Value = serde_json::from_str(&super::super::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let good = serde_json::json!({ "analyze": {
        "investigate": { "policy": "score > 0.5" },
        "category": [{ "name": "a", "analysis": [{ "name": "binary", "weight": 0, "anything": [1] }] }],
    } });
    assert!(validator.is_valid(&good));
    let bad = serde_json::json!({ "analyze": { "investigate": { "polcy": "x" } } });
    assert!(!validator.is_valid(&bad));
}

#[test]
fn a_comment_between_the_lines_of_a_node_does_not_end_it() {
    let text = "analyze {\n  investigate \\\n    // at half\n    policy=\"score > 0.5\"\n  analysis \"binary\" \\\n    // none is welcome\n\
                    // at all\n    policy=\"value <= 0\" \\ // but why\n    // not\n    weight=2 { a \"b // \\\n // c\"; }\n}\n";
    let policy = parsed(text);
    let analysis = policy.analyses()[0];
    assert_eq!(analysis.policy.as_ref().unwrap().text, "value <= 0");
    assert_eq!((analysis.weight, &analysis.config.members["a"]), (2.0, &serde_json::json!("b // // c")));
    // All stays in its place, and what is wrong is told there.
    let wrong = text.replace("value <=", "valu <=");
    expect![[r#"
        p.kdl:8:13: unknown name `valu`
          hint: did you mean `value`?
    "#]]
    .assert_eq(&problems(&wrong));
}

#[test]
fn a_grant_among_configuration_is_told_where_it_belongs() {
    let text = r#"plugins {
    plugin "archive" {
        config { file "a"; grant { file "a"; }; }
    }
}
analyze {
    investigate policy="score > 0.5"
    analysis "release" plugin="archive" { grant { file "a"; env "B"; }; }
    analysis "binary" { grant { sizes 3; }; }
}
"#;
    expect![[r#"
        p.kdl:3:28: `grant` is no part of a configuration
          hint: write it beside `config`: plugins { plugin "archive" { grant { … } } }
        p.kdl:8:43: `grant` is no part of a configuration
          hint: write it beside `config`: plugins { plugin "archive" { grant { … } } }
    "#]]
    .assert_eq(&problems(text));
}
