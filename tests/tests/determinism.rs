//! Official plugins give the same bytes each time, and plugins that do not are found out.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use probity_tests::{Lab, Repository, Run};

/// A history with what plugins look at: text, programs, a merge, several people.
fn repository(lab: &Lab) -> Repository {
    let mut repository = lab.repository("repo");
    repository.history(40);
    repository
        .write("logo.png", b"\x89PNG\r\n\x1a\n\0")
        .write("tool", b"\x7fELF\0\0")
        .write("package.json", "{\"dependencies\": {\"reacct\": \"1\"}}\n")
        .write("x_test.go", "func FuzzX(f *testing.F) {}\n")
        .write(
            ".github/workflows/ci.yml",
            "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{ uses: a/b@v1 }]\n",
        )
        .write("a.rs", "fn main() {}\n");
    repository.author("Ann", "ann@example.org").commit("by another");
    repository.git(["checkout", "-q", "-b", "side", "HEAD~3"]);
    repository.write("side.py", "print(1)\n").author("Bob", "bob@example.com").commit("aside");
    repository.git(["checkout", "-q", "-"]);
    repository.merge("side");
    repository
}

fn determinism(lab: &Lab, plugin: &str, target: &Path, further: &[&str]) -> Run {
    let arguments = ["plugin", "check-determinism", plugin, target.to_str().unwrap()];
    lab.probity(arguments.into_iter().chain(further.iter().copied()))
}

#[test]
fn every_official_plugin_gives_the_same_bytes_each_time() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let asked = [
        ("activity", "activity"),
        ("affiliation", "affiliation"),
        ("anomalies", "dates"),
        ("archive", "differences"),
        ("binary", "binary"),
        ("churn", "churn"),
        ("content", "hidden_text"),
        ("dependencies", "file"),
        ("entropy", "entropy"),
        ("fuzz", "fuzz"),
        ("git", "changes"),
        ("github", "review"),
        ("identity", "identity"),
        ("installs", "scripts"),
        ("lineage", "rewritten"),
        ("linguist", "source_extensions"),
        ("maintainers", "takeover"),
        ("newcomers", "segment"),
        ("posture", "posture"),
        ("review", "review"),
        ("typo", "typo"),
        ("workflows", "dangerous"),
    ];
    // The built-in policy does not ask all of them.
    let analyses = [
        "activity",
        "affiliation",
        "anomalies",
        "archive",
        "binary",
        "churn",
        "content",
        "entropy",
        "fuzz",
        "github",
        "identity",
        "installs",
        "lineage",
        "maintainers",
        "newcomers",
        "posture",
        "review",
        "typo",
        "workflows",
    ];
    let analyses = analyses.map(|name| format!("analysis \"{name}\" policy=\"true\""));
    let policy = format!("analyze {{ investigate policy=\"score > 0.5\"; {}; }}\n", analyses.join("; "));
    let policy = lab.file("all.kdl", policy);
    for (plugin, query) in asked {
        let further = ["--policy", policy.to_str().unwrap()];
        let run = determinism(&lab, plugin, repository.path(), &further).expect(0);
        assert!(run.stdout.contains("the same bytes each time"), "{}", run.stdout);
        assert!(run.stdout.contains(&format!("  {query} ")), "{}", run.stdout);
    }
    let listed = lab.probity(["plugin", "list"]).expect(0).stdout;
    let count = listed.lines().filter(|line| line.starts_with("probity/core/")).count();
    assert_eq!(count, asked.len(), "no official plugin is left out:\n{listed}");
}

/// A plugin that answers what the expression says, and the policy that asks it.
fn whimsical(lab: &Lab, expression: &str) -> PathBuf {
    let source = format!(
        r#"import json, os, sys, time
count = 0
for line in sys.stdin:
    message = json.loads(line)
    method, request, params = message.get("method"), message.get("id"), message.get("params") or {{}}
    if request is None:
        continue
    result = {{}}
    if method == "initialize":
        plugin = {{"publisher": "acme", "name": "whim", "version": "1.0.0"}}
        capabilities = {{"concurrent": False, "maxConcurrent": 1, "deterministic": True}}
        result = {{"protocol": 1, "plugin": plugin, "capabilities": capabilities}}
    elif method == "plugin/describe":
        queries = [{{"name": "whim", "doc": "Its whim.", "key": True, "output": True, "default": True}}]
        result = {{"queries": queries, "configSchema": {{"type": "object"}}, "permissions": {{}}}}
    elif method == "plugin/configure":
        result = {{"effectiveConfig": params["config"], "uses": [], "warnings": []}}
    elif method == "plugin/query":
        count += 1
        result = {{"value": {expression}, "concerns": []}}
    sys.stdout.write(json.dumps({{"jsonrpc": "2.0", "id": request, "result": result}}) + "\n")
    sys.stdout.flush()
"#
    );
    let manifest = "publisher \"acme\"\nnamespace \"tools\"\nname \"whim\"\nversion \"1.0.0\"\ninterface 1\n\
                    entry kind=\"python\" path=\"whim.py\"\n";
    lab.file("whim/plugin.kdl", manifest);
    let folder = lab.file("whim/whim.py", source).parent().unwrap().to_owned();
    let hash = lab.hash(&folder);
    let analyses = ["a", "b"].map(|name| {
        format!("analysis \"{name}\" plugin=\"acme/tools/whim\" policy=\"true\" {{ name \"{name}\"; }}")
    });
    let policy = format!(
        "plugins {{ plugin \"acme/tools/whim\" path=\"whim\" sha256={:?}; }}\n\
         analyze {{ investigate policy=\"score > 0.5\"; {}; }}\n",
        hash,
        analyses.join("; ")
    );
    lab.file("policy.kdl", policy)
}

#[track_caller]
fn is_found_out(expression: &str) {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(2);
    let policy = whimsical(&lab, expression);
    let further = ["--policy", policy.to_str().unwrap()];
    let run = determinism(&lab, "acme/tools/whim", repository.path(), &further).expect(1);
    assert!(run.stdout.contains("answers differ") || run.stdout.contains("answer differs"), "{}", run.stdout);
    assert!(run.stdout.contains("acme/tools/whim#"), "{}", run.stdout);
}

#[test]
fn an_answer_that_holds_a_path_a_process_a_seed_or_the_time_is_found_out() {
    is_found_out("os.path.abspath(sys.argv[0])");
    is_found_out("os.getpid()");
    is_found_out("hash('a')");
    is_found_out("time.time()");
    is_found_out("os.environ['TZ']");
}

#[test]
fn an_honest_plugin_of_a_stranger_passes() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(2);
    let policy = whimsical(&lab, "params['key']['commit']");
    let further = ["--policy", policy.to_str().unwrap()];
    let run = determinism(&lab, "acme/tools/whim", repository.path(), &further).expect(0);
    assert!(run.stdout.contains("2 questions"), "{}", run.stdout);
}

#[test]
fn a_plugin_that_nobody_asks_is_told() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(1);
    let policy = whimsical(&lab, "1");
    let further = ["--policy", policy.to_str().unwrap()];
    let run = determinism(&lab, "churn", repository.path(), &further).expect(2);
    assert!(
        run.stderr.contains("the check asks probity/core/churn nothing; it asks acme/tools/whim"),
        "{}",
        run.stderr
    );
}
