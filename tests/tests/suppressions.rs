//! Suppressions and the explanation of rules, as a person meets them: a policy, a repository, reports.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use probity_tests::{Lab, Repository, Run};
use serde_json::{Value, json};

/// A right-to-left override, which turns the rest of the line.
const TURNED: &str = "fn a() {} // \u{202e}\n";

const TESTS: &str =
    "suppress \"content/bidi-control\" path=\"tests/**\" reason=\"shows the attack\" until=\"2026-12-31\"\n";

/// Two files with characters that turn the line, in two folders.
fn repository(lab: &Lab) -> Repository {
    let mut repository = lab.repository("repo");
    repository.write("src/lib.rs", "fn lib() {}\n").write("tests/a/turned.rs", TURNED);
    repository.write("examples/turned.rs", TURNED).commit("begin");
    repository
}

fn check(lab: &Lab, repository: &Repository, lines: &str, further: &[&str]) -> Run {
    let policy = format!(
        "analyze {{\n  investigate policy=\"score > 0.5\"\n  \
         analysis \"hidden\" plugin=\"content\" query=\"hidden_text\" policy=\"count(value) == 0\"\n}}\n{lines}"
    );
    let file = lab.file("policy.kdl", policy);
    lab.check(repository.path(), &[&["--policy", file.to_str().unwrap()], further].concat())
}

fn report(lab: &Lab, repository: &Repository, lines: &str, further: &[&str]) -> Value {
    check(lab, repository, lines, &[further, &["--format", "json"]].concat()).json()
}

/// The lines of the text report that speak of suppressions.
fn section(run: &Run) -> String {
    let (_, section) = run.stdout.split_once("What the policy suppresses\n").unwrap_or_default();
    section.split("\n\n").next().unwrap_or_default().to_owned()
}

#[test]
fn what_is_suppressed_is_not_judged_and_no_plugin_is_asked_again_for_it() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let plain = check(&lab, &repository, "", &[]).expect(1);
    assert!(!plain.stdout.contains("suppress"), "{}", plain.stdout);

    let one = check(&lab, &repository, TESTS, &[]).expect(1);
    assert_eq!(one.ran(), [""; 0], "answers are remembered as they are");
    assert_eq!(
        section(&one),
        "  1 finding of content/bidi-control in tests/**: shows the attack (line 5, until 2026-12-31)"
    );
    let (looked_at, _) = one.stdout.split_once("What the policy suppresses").unwrap();
    assert!(looked_at.contains("examples/turned.rs:1: "), "{looked_at}");
    assert!(!looked_at.contains("tests/a/turned.rs"), "{looked_at}");

    let both =
        format!("{TESTS}suppress \"content/bidi-control\" path=\"examples/turned.rs\" reason=\"the same\"\n");
    let run = check(&lab, &repository, &both, &[]).expect(0);
    assert!(!run.stdout.contains("What to look at"), "{}", run.stdout);
    assert_eq!(run.ran(), [""; 0]);

    let report = |lines: &str| report(&lab, &repository, lines, &[]);
    let (bare, suppressed) = (report(""), report(&both));
    assert_ne!(bare["policy"]["digest"], suppressed["policy"]["digest"]);
    assert_eq!(bare["suppressions"], Value::Null);
    assert_eq!(
        suppressed["suppressions"][0],
        json!({
            "rule": "content/bidi-control", "path": "tests/**", "reason": "shows the attack",
            "until": "2026-12-31", "line": 5, "state": "used", "findings": 1,
        })
    );
    let analysis = &suppressed["tree"][0];
    assert_eq!(analysis["verdict"], "pass");
    assert_eq!(analysis["suppressed"].as_array().unwrap().len(), 2, "{analysis:#}");
    assert_eq!(analysis["suppressed"][0]["by"], json!([1]));
    // It is the finding that it was.
    assert_eq!(analysis["suppressed"][0]["fingerprint"], bare["tree"][0]["concerns"][0]["fingerprint"]);
}

#[test]
fn an_expired_line_is_active_again_the_day_after_its_last() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let state = |day: &str| {
        let report = report(&lab, &repository, TESTS, &["--now", day]);
        (
            report["suppressions"][0]["state"].clone(),
            report["tree"][0]["value"]["value"].as_array().unwrap().len(),
        )
    };
    assert_eq!(state("2026-12-31"), (json!("used"), 1));
    assert_eq!(state("2027-01-01"), (json!("expired"), 2));
    let run = check(&lab, &repository, TESTS, &["--now", "2027-01-01"]).expect(1);
    assert_eq!(
        section(&run),
        "  warning: content/bidi-control in tests/** expired 2026-12-31: active again, 1 finding counts (line 5)"
    );
}

#[test]
fn what_another_line_suppresses_does_not_count_for_an_expired_one() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let lines = |other: &str| {
        format!(
            "suppress \"content/bidi-control\" path=\"**\" reason=\"old\" until=\"2026-01-31\"\n\
             suppress \"content/bidi-control\" path=\"{other}\" reason=\"new\"\n"
        )
    };
    let run = check(&lab, &repository, &lines("tests/**"), &[]).expect(1);
    assert_eq!(
        section(&run),
        "  warning: content/bidi-control in ** expired 2026-01-31: active again, 1 finding counts \
         (line 5; line 6 suppresses 1 finding there)\n  1 finding of content/bidi-control in tests/**: new (line 6)"
    );
    let run = check(&lab, &repository, &lines("**/*"), &[]).expect(0);
    assert_eq!(
        section(&run),
        "  warning: content/bidi-control in ** expired 2026-01-31, which changes nothing, since \
         line 6 suppresses 2 findings there: remove line 5\n  \
         2 findings of content/bidi-control in **/*: new (line 6)"
    );
    let report = report(&lab, &repository, &lines("**/*"), &[]);
    assert_eq!(
        (&report["suppressions"][0]["state"], &report["suppressions"][0]["findings"]),
        (&json!("expired"), &json!(0))
    );
}

#[test]
fn what_suppresses_nothing_is_told_unless_it_could_not_be_looked_at() {
    let lab = Lab::new();
    let mut repository = repository(&lab);
    let line = "suppress \"content/bidi-control\" path=\"tests/*\" reason=\"too narrow\"\n";
    let run = check(&lab, &repository, line, &[]).expect(1);
    assert_eq!(section(&run), "  warning: content/bidi-control in tests/* suppresses nothing: remove line 5");
    // Nobody asks for secrets here.
    let line = "suppress \"content/token\" path=\"a\" reason=\"x\"\n";
    let run = check(&lab, &repository, line, &[]).expect(1);
    assert_eq!(
        section(&run),
        "  warning: content/token in a suppresses nothing \
         (no analysis asks plugin probity/core/content for secrets): remove line 5"
    );
    repository.git(["rm", "-r", "--quiet", "."]);
    repository.commit("no files");
    let run = check(&lab, &repository, TESTS, &[]).expect(3);
    assert_eq!(
        section(&run),
        "  content/bidi-control in tests/** could not be looked at: hidden abstained (line 5)"
    );
}

#[test]
fn a_line_that_cannot_be_right_is_told_with_its_place() {
    let lab = Lab::new();
    let repository = repository(&lab);
    for (line, says, hint) in [
        (TESTS.replace("bidi-control", "bidi-contol"), "has no rule `bidi-contol`", "`bidi-control`"),
        (TESTS.replace("content/", "contnet/"), "unknown plugin `contnet`", "`content`"),
        (
            TESTS.replace("content/bidi-control", "typo/lookalike"),
            "no analysis of this policy asks",
            "add the analysis",
        ),
        (TESTS.replace("2026-12-31", "2026-12-32"), "is no day", "YYYY-MM-DD"),
        (TESTS.replace(" reason=\"shows the attack\"", ""), "needs `reason`", "reason="),
    ] {
        let run = check(&lab, &repository, &line, &[]).expect(2);
        for part in [says, hint, "policy.kdl:5:"] {
            assert!(run.stderr.contains(part), "{part} is not in:\n{}", run.stderr);
        }
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn sarif_tells_what_is_suppressed_as_accepted_with_its_reason() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let lines = format!("{TESTS}suppress \"content/private-use\" path=\"a\" reason=\"x\"\n");
    let log = check(&lab, &repository, &lines, &["--format", "sarif"]).expect(1).json();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let at = |path: &str| {
        let is_there =
            |result: &&Value| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == path;
        results.iter().filter(is_there).collect::<Vec<_>>()
    };
    let suppressed = at("tests/a/turned.rs");
    assert_eq!(suppressed.len(), 1, "{results:#?}");
    assert_eq!(
        suppressed[0]["suppressions"],
        json!([{ "kind": "external", "status": "accepted", "justification": "shows the attack" }])
    );
    assert!(at("examples/turned.rs").iter().all(|result| result["suppressions"] == Value::Null));
    let notices = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notices.contains("content/private-use in a suppresses nothing"), "{notices}");
    // The same finding, as it is told without the line.
    let plain = check(&lab, &repository, "", &["--format", "sarif"]).expect(1).json();
    let plain = plain["runs"][0]["results"].as_array().unwrap().iter();
    assert!(
        plain.clone().any(|result| result["partialFingerprints"] == suppressed[0]["partialFingerprints"])
    );
}

#[test]
fn a_repositorys_own_suppressions_hold_only_where_its_policy_is_trusted() {
    let lab = Lab::new();
    let mut repository = repository(&lab);
    let policy = "analyze { investigate policy=\"score > 0.5\"; \
                  analysis \"hidden\" plugin=\"content\" query=\"hidden_text\" policy=\"count(value) == 0\"; }\n\
                  suppress \"content/bidi-control\" path=\"**\" reason=\"trust me\"\n";
    repository.write("probity.kdl", policy).commit("a policy");
    let untrusted = lab.check(repository.path(), &[]);
    assert!(!untrusted.stdout.contains("trust me"), "{}", untrusted.stdout);
    lab.probity(["trust".as_ref(), repository.path().as_os_str()]).expect(0);
    let trusted = lab.check(repository.path(), &[]).expect(0);
    assert!(
        trusted.stdout.contains("2 findings of content/bidi-control in **: trust me"),
        "{}",
        trusted.stdout
    );
}

/// A plugin whose answer is what its configuration says, of a rule that it tells.
const LISTING: &str = r#"
import json, sys
TARGET = {"type": "object"}
FINDING = {"type": "object", "properties": {name: {"type": "string"} for name in ("rule", "commit", "package")}}
DESCRIPTION = {
    "queries": [{"name": "found", "doc": "What is configured.", "key": TARGET, "default": True,
                 "output": {"type": "array", "items": FINDING}}],
    "configSchema": {"type": "object", "properties": {"packages": {"type": "array", "items": {"type": "string"}}}},
    "explain": "Lists packages. React: look at each\u001b[2J.\nMore.",
    "rules": [{"id": "odd", "query": "found", "text": "low: a package that is odd.", "reference": "https://example.org/odd"}],
    "permissions": {},
}
config = {}
def serve(method, params):
    global config
    if method == "initialize":
        plugin = {"publisher": "acme", "name": "listing", "version": "1.0.0"}
        capabilities = {"concurrent": False, "maxConcurrent": 1, "deterministic": True}
        return {"protocol": 1, "plugin": plugin, "capabilities": capabilities}
    if method == "plugin/describe":
        return DESCRIPTION
    if method == "plugin/configure":
        config = params["config"]
        return {"effectiveConfig": config, "uses": [], "warnings": [], "defaultPolicy": "count(value) == 0"}
    if method == "plugin/query":
        commit = params["key"]["commit"]
        value = [{"rule": "odd", "commit": commit, "package": name} for name in config["packages"]]
        hints = [{"message": "look at " + name, "rule": "odd", "location": {"commit": commit}} for name in config["packages"]]
        return {"value": value, "concerns": hints}
    return {}
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        result = serve(message.get("method"), message.get("params"))
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"#;

#[test]
fn findings_of_a_strangers_plugin_are_suppressed_by_commit_and_package_and_its_rules_explained() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    let commit = repository.commit_staged("begin");
    lab.file("listing/listing.py", LISTING);
    let manifest = "publisher \"acme\"\nnamespace \"tools\"\nname \"listing\"\nversion \"1.0.0\"\ninterface 1\nentry kind=\"python\" path=\"listing.py\"\n";
    lab.file("listing/plugin.kdl", manifest);
    let hash = lab.hash(&lab.path("listing"));
    let policy = |lines: &str| {
        let text = format!(
            "plugins {{ plugin \"acme/tools/listing\" path=\"listing\" sha256=\"{hash}\" {{ config {{ packages \"one\" \"two\" }} }} }}\n\
             analyze {{ investigate policy=\"score > 0.5\"; analysis \"odd\" plugin=\"acme/tools/listing\"; }}\n{lines}"
        );
        lab.file("policy.kdl", text).to_str().unwrap().to_owned()
    };
    let one =
        format!("suppress \"acme/tools/listing/odd\" package=\"one\" commit=\"{commit}\" reason=\"known\"\n");
    let run = lab.check(repository.path(), &["--policy", &policy(&one)]).expect(1);
    assert!(
        section(&run).starts_with("  1 finding of acme/tools/listing/odd about one in commit "),
        "{}",
        run.stdout
    );
    let all = format!("suppress \"acme/tools/listing/odd\" commit=\"{commit}\" reason=\"known\"\n");
    lab.check(repository.path(), &["--policy", &policy(&all)]).expect(0);
    let none = all.replace(&commit, &"0".repeat(40));
    lab.check(repository.path(), &["--policy", &policy(&none)]).expect(1);
    let wrong = lab.check(repository.path(), &["--policy", &policy(&all.replace("/odd", "/od"))]).expect(2);
    assert!(wrong.stderr.contains("has no rule `od`") && wrong.stderr.contains("`odd`"), "{}", wrong.stderr);

    let target = repository.path().to_str().unwrap();
    let policy = policy("");
    let explain = |name: &str| lab.probity(["explain", name, target, "--policy", &policy]);
    for name in ["acme/tools/listing/odd", "odd"] {
        let page = explain(name);
        // An analysis of the policy comes before a rule of the same name.
        let is_rule = name.contains('/');
        let page = page.expect(0).stdout;
        assert_eq!(page.contains("suppress \"acme/tools/listing/odd\""), is_rule, "{page}");
        assert!(page.contains("acme/tools/listing/odd"), "{page}");
        assert!(!page.contains('\u{1b}'), "{page}");
    }
}

#[test]
fn explain_tells_of_a_rule_what_it_finds_who_judges_it_and_how_to_suppress_it() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let target = repository.path().to_str().unwrap();
    check(&lab, &repository, "", &[]).expect(1);
    let policy = lab.path("policy.kdl");
    let explain = |name: &str| lab.probity(["explain", name, target, "--policy", policy.to_str().unwrap()]);
    let page = explain("content/bidi-control").expect(0).stdout;
    for part in [
        "content/bidi-control: probity/core/content/hidden_text\n",
        "turn the direction of a line",
        "severity       high, or medium for mere marks\n",
        "see            https://trojansource.codes/\n",
        "judged by      hidden, which passes if count(value) == 0  (the policy's own)\n",
        "react          open the place that is named",
        "suppress       suppress \"content/bidi-control\" path=\"PATH\" reason=\"WHY\" until=\"YYYY-MM-DD\"\n",
    ] {
        assert!(page.contains(part), "{part} is not in:\n{page}");
    }
    assert_eq!(explain("bidi-control").expect(0).stdout, page, "the id alone will do");
    let unasked = explain("content/private-key").expect(0).stdout;
    assert!(unasked.contains("analysis \"secrets\" plugin=\"content\" query=\"secrets\"\n"), "{unasked}");
    let again = format!("'{target}' --policy '{}'`", policy.display());
    let list = explain("content").expect(0).stdout;
    assert!(
        list.contains("content/private-key") && list.contains("hidden_text: judged by hidden\n"),
        "{list}"
    );
    assert!(list.contains(&format!("`probity explain content/bidi-control {again} for what")), "{list}");
    let analysis = explain("hidden").expect(0).stdout;
    assert!(analysis.contains("\n  content/far-right "), "an analysis names its rules: {analysis}");
    let others = format!("of other queries: `probity explain probity/core/content {again}");
    assert!(analysis.contains(&others), "{analysis}");
    assert_eq!(explain("probity/core/content").expect(0).stdout, list);
    for (rule, line) in [
        ("content/bidi-control", "path=\"PATH\""),
        ("posture/no-licence", "path=\"PATH\""),
        ("anomalies/backdated", "commit=\"FULL ID\""),
        ("lineage/moved-tag", "PLACE"),
    ] {
        let page = explain(rule).expect(0).stdout;
        let line =
            format!("\nsuppress       suppress \"{rule}\" {line} reason=\"WHY\" until=\"YYYY-MM-DD\"\n");
        assert!(page.contains(&line), "{page}");
    }
    let how = |rule: &str| {
        let page = explain(rule).expect(0).stdout;
        let (_, how) = page.split_once(" until=\"YYYY-MM-DD\"\n").unwrap();
        how.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let end = ", where the JSON report tells it of the finding, and one without any cannot be suppressed";
    let several =
        "as a line of the policy; PLACE is commit=\"FULL ID\" or package=\"NAME\", or several of these";
    assert_eq!(how("lineage/moved-tag"), format!("{several}{end}"));
    let others = "as a line of the policy; commit=\"FULL ID\" or package=\"NAME\" will do as well";
    assert_eq!(how("posture/no-licence"), format!("{others}{end}"));
    for (name, near) in [
        ("content/bidi-contrl", "bidi-control"),
        ("contnet/bidi-control", "content"),
        ("private-kee", "private-key"),
        ("contetn", "content"),
    ] {
        let run = explain(name).expect(2);
        assert!(run.stderr.contains(near), "{name}: {}", run.stderr);
    }
}
