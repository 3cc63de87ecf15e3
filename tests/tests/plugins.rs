//! Plugins of strangers: one that does right, in Python and in JavaScript without a library, and those that do wrong, each a real process.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use probity_tests::{Lab, Repository, Run};

fn plugin(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join(name)
}

/// Checks against a policy of one analysis, served by the plugin of this folder.
fn check(lab: &Lab, repository: &Repository, name: &str, hash: &str, analysis: &str) -> Run {
    check_in(lab, repository, &plugin(name), name, hash, analysis)
}

/// The same with a plugin that lies in another folder.
fn check_in(
    lab: &Lab,
    repository: &Repository,
    folder: &Path,
    name: &str,
    hash: &str,
    analysis: &str,
) -> Run {
    let policy = format!(
        "plugins {{\n  plugin \"acme/tools/{name}\" path={:?} sha256={hash:?}\n}}\n\
         analyze {{\n  investigate policy=\"score > 0.5\"\n  {analysis}\n}}\n",
        folder.display().to_string()
    );
    let file = lab.file("policy.kdl", policy);
    lab.check(
        repository.path(),
        &["--policy", file.to_str().expect("the lab's paths are UTF-8"), "--format", "json"],
    )
}

fn repository(lab: &Lab) -> Repository {
    let mut repository = lab.repository("repo");
    repository.history(3);
    repository
}

#[test]
fn a_plugin_in_python_asks_answers_and_is_remembered() {
    asks_answers_and_is_remembered("sample");
}

#[test]
fn a_plugin_in_javascript_asks_answers_and_is_remembered() {
    asks_answers_and_is_remembered("sample-node");
}

#[track_caller]
fn asks_answers_and_is_remembered(name: &str) {
    let lab = Lab::new();
    let repository = repository(&lab);
    let hash = lab.hash(&plugin(name));
    let analysis = format!("analysis \"name\" plugin=\"acme/tools/{name}\"");
    let run = check(&lab, &repository, name, &hash, &analysis).expect(0);
    assert!(run.stdout.contains("value <= 40"), "{}", run.stdout);
    assert_eq!(run.stat("plugin_processes"), 2, "it and git's");
    let again = check(&lab, &repository, name, &hash, &analysis).expect(0);
    assert_eq!(again.stat("plugin_processes"), 0);
    assert_eq!(again.stdout, run.stdout);
    let run = check(&lab, &repository, name, &hash, &format!("{analysis} {{ limit 2; }}")).expect(1);
    assert!(run.stdout.contains("a long name"), "{}", run.stdout);
}

#[test]
fn an_author_whose_name_has_strange_characters_is_counted_alike_in_both_languages() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    // A separator of lines that is none in JSON, and a character of two units of 16 bits.
    repository.author("A\u{2028}\u{1f600} b", "a@example.org").history(1);
    for name in ["sample", "sample-node"] {
        let hash = lab.hash(&plugin(name));
        let analysis = format!("analysis \"name\" plugin=\"acme/tools/{name}\" policy=\"value == 4\"");
        check(&lab, &repository, name, &hash, &analysis).expect(0);
    }
}

#[test]
fn a_wrong_hash_stops_the_check_and_names_both_the_right_way_round() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let real = lab.hash(&plugin("sample"));
    let wrong = "0".repeat(64);
    let run = check(&lab, &repository, "sample", &wrong, "analysis \"name\" plugin=\"acme/tools/sample\"")
        .expect(2);
    let (expected, found) = (run.stderr.find(&wrong), run.stderr.find(&real));
    assert!(expected.is_some() && found.is_some(), "{}", run.stderr);
    assert!(run.stderr.contains("expected") && run.stderr.contains("found"), "{}", run.stderr);
    assert!(expected < found, "the policy's hash is what was expected:\n{}", run.stderr);
}

#[test]
fn a_plugin_configured_against_its_schema_is_refused_before_anything_is_judged() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let hash = lab.hash(&plugin("sample"));
    let analysis = "analysis \"name\" plugin=\"acme/tools/sample\" { limt 2; }";
    let run = check(&lab, &repository, "sample", &hash, analysis).expect(2);
    assert!(run.stderr.contains("limt"), "{}", run.stderr);
}

#[test]
fn a_plugin_that_will_ask_for_a_query_that_does_not_exist_is_told_before_anything_is_judged() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let source = std::fs::read_to_string(plugin("sample").join("sample.py")).unwrap();
    let manifest = std::fs::read(plugin("sample").join("plugin.kdl")).unwrap();
    lab.file("sample/sample.py", source.replace("[\"git/commit\"]", "[\"git/comit\"]"));
    lab.file("sample/plugin.kdl", manifest);
    let folder = lab.path("sample");
    let hash = lab.hash(&folder);
    let analysis = "analysis \"name\" plugin=\"acme/tools/sample\"";
    let run = check_in(&lab, &repository, &folder, "sample", &hash, analysis).expect(2);
    assert!(run.stderr.contains("git/comit"), "{}", run.stderr);
    assert!(run.stderr.contains("did you mean `commit`?"), "{}", run.stderr);
    assert_eq!(run.stdout, "");
}

#[track_caller]
fn deed(deed: &str, status: i32, says: &[&str]) -> Run {
    let lab = Lab::new();
    let repository = repository(&lab);
    let hash = lab.hash(&plugin("hostile"));
    let analysis =
        format!("analysis \"x\" plugin=\"acme/tools/hostile\" policy=\"value == 7\" {{ deed {deed:?}; }}");
    let run = check(&lab, &repository, "hostile", &hash, &analysis).expect(status);
    for says in says {
        assert!(run.stdout.contains(says), "{says:?} is not in:\n{}", run.stdout);
    }
    assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'), "{}{}", run.stdout, run.stderr);
    // What went wrong is no fact: the next check asks again, and an honest analysis is served by the same store.
    let again = check(&lab, &repository, "hostile", &hash, &analysis).expect(status);
    assert_eq!(again.stat("plugin_processes") > 0, status == 10);
    assert_eq!(run.stdout, again.stdout, "a report of what went wrong is the same each time");
    run
}

#[test]
fn a_crash_is_an_error_with_the_story_of_the_death() {
    let run = deed("crash", 10, &["SIGABRT"]);
    let told = "plugin acme/tools/hostile#x: the process ended (signal: 6 (SIGABRT)";
    let again = "plugin acme/tools/hostile#x: ended once more";
    let deaths = run.stderr.matches(told).count() + run.stderr.matches(again).count();
    assert_eq!(deaths, 3, "it is started three times: {}", run.stderr);
    assert!(run.stderr.contains("reading pack 0xdead"), "{}", run.stderr);
}

#[test]
fn an_exit_in_the_middle_of_a_message_is_an_error() {
    deed("exit", 10, &["exit status: 3"]);
}

#[test]
fn garbage_on_standard_output_is_shown_and_explained() {
    deed("garbage", 10, &["hello, I am a debugging line", "stderr"]);
}

#[test]
fn a_flood_is_cut_at_the_limit() {
    deed("flood", 10, &["more than 268435456 bytes"]);
}

#[test]
fn an_answer_against_the_schema_is_an_error_that_says_where() {
    deed("schema", 10, &["integer"]);
}

#[test]
fn what_lies_outside_cannot_be_read() {
    let run = deed("read", 1, &[]);
    assert!(run.stdout.contains("-13") || run.stdout.contains("-2"), "{}", run.stdout);
}

#[test]
fn what_a_plugin_is_denied_is_told() {
    let run = deed("network", 1, &["-1"]);
    let told = "warning: plugin acme/tools/hostile#x wanted socket(AF_INET, SOCK_STREAM): denied, plugins have no network";
    assert_eq!(run.stderr.matches(told).count(), 1, "{}", run.stderr);
    assert!(!run.stdout.contains("denied"), "{}", run.stdout);
}

#[test]
fn escape_codes_of_a_plugin_do_not_reach_the_terminal() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let hash = lab.hash(&plugin("hostile"));
    let folder = plugin("hostile");
    let policy = format!(
        "plugins {{\n  plugin \"acme/tools/hostile\" path={:?} sha256={hash:?}\n}}\n\
         analyze {{\n  investigate policy=\"score > 0.5\"\n  \
         analysis \"x\" plugin=\"acme/tools/hostile\" policy=\"value == 8\" {{ deed \"escape\"; }}\n}}\n",
        folder.display().to_string()
    );
    let file = lab.file("policy.kdl", policy);
    let run = lab.check(repository.path(), &["--policy", file.to_str().unwrap()]).expect(1);
    assert!(run.stdout.contains("all is well"), "{}", run.stdout);
    assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{202e}'), "{}", run.stdout);

    // What it says of itself, as text and as JSON.
    for (further, shown) in [(None, r"\u{9b}31mwrong\u{202e}"), (Some("--json"), r"\u009b31mwrong\u202e")] {
        let describe = ["plugin", "describe", "acme/tools/hostile", "--policy", file.to_str().unwrap()];
        let run = lab.probity(describe.into_iter().chain(further)).expect(0);
        assert!(!run.stdout.contains(['\u{9b}', '\u{202e}']) && run.stdout.contains(shown), "{}", run.stdout);
    }
}

#[test]
fn a_plugin_that_hangs_is_ended_at_its_deadline() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let hash = lab.hash(&plugin("hostile"));
    let policy = format!(
        "plugins {{\n  plugin \"acme/tools/hostile\" path={:?} sha256={hash:?}\n}}\n\
         analyze {{\n  investigate policy=\"score > 0.5\"\n  \
         analysis \"x\" plugin=\"acme/tools/hostile\" policy=\"value == 7\" {{ deed \"hang\"; }}\n}}\n",
        plugin("hostile").display().to_string()
    );
    let file = lab.file("policy.kdl", policy);
    let file = file.to_str().unwrap();
    let run =
        lab.check(repository.path(), &["--policy", file, "--format", "json", "--timeout", "1"]).expect(10);
    assert!(run.stdout.contains("did not answer within 1000 ms"), "{}", run.stdout);
}

#[test]
fn the_faults_of_a_manifest_are_told_each() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let manifest =
        "publisher \"acme\"\nname \"sample\"\nversion \"1\"\ninterfase 1\nentry kind=\"perl\" path=\"x\"\n";
    lab.file("sample/plugin.kdl", manifest);
    lab.file("sample/x", "");
    let folder = lab.path("sample");
    let hash = lab.hash(&folder);
    let analysis = "analysis \"name\" plugin=\"acme/tools/sample\"";
    let run = check_in(&lab, &repository, &folder, "sample", &hash, analysis).expect(2);
    for told in ["interfase", "namespace", "semantic version", "kind=\"native\""] {
        assert!(run.stderr.contains(told), "{told} is not in: {}", run.stderr);
    }
}

#[test]
fn the_list_says_of_each_plugin_in_a_line_what_it_is() {
    let lab = Lab::new();
    let run = lab.probity(["plugin", "list"]).expect(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "probity/core/activity            0.1.0      built-in",
            "    How long the repository has been idle: days since its newest commit was written",
        ]
    );
    let of_content =
        "    Source files with characters that a person does not see, or takes for others (one of 4 queries)";
    assert!(lines.contains(&of_content), "{}", run.stdout);
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(line.starts_with("probity/core/"), at % 2 == 0, "{}", run.stdout);
        assert!(line.chars().count() <= 100 && !line.contains("did not say"), "{line}");
    }

    // A stranger's words stay on their line, and are no terminal's.
    let program = std::fs::read_to_string(plugin("asking").join("asking.py")).unwrap();
    let long = "\\u001b[2Jred ".repeat(40);
    let program = program.replace("What it is shown.", &format!("{long}. More of it."));
    let named = |name: &str| program.replace("\"name\": \"asking\"", &format!("\"name\": {name:?}"));
    lab.file("loud/asking.py", named("loud"));
    lab.file("mute/asking.py", named("mute").replace("json.dumps(message)", "\"{}\""));
    let mut declared = String::new();
    for name in ["loud", "mute"] {
        let manifest = format!(
            "publisher \"acme\"\nnamespace \"tools\"\nname \"{name}\"\nversion \"1.0.0\"\ninterface 1\n\
             entry kind=\"python\" path=\"asking.py\"\n"
        );
        lab.file(&format!("{name}/plugin.kdl"), manifest);
        declared += &format!(
            "plugin \"acme/tools/{name}\" path=\"{name}\" sha256=\"{}\"\n",
            lab.hash(&lab.path(name))
        );
    }
    let policy = format!(
        "plugins {{ {declared} }}\nanalyze {{ investigate policy=\"score > 0.5\"; analysis \"activity\"; }}\n"
    );
    let policy = lab.file("policy.kdl", policy);
    let run = lab.probity(["plugin", "list", "--policy", policy.to_str().unwrap()]).expect(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("acme/tools/loud "), "{}", run.stdout);
    assert!(
        lines[1].starts_with("    \\u{1b}[2Jred \\u{1b}[2Jred ") && lines[1].ends_with("red …"),
        "{}",
        lines[1]
    );
    assert!(lines[1].chars().count() <= 100, "{}", lines[1]);
    assert!(
        lines[2].starts_with("acme/tools/mute ") && lines[3] == "    did not say what it is",
        "{}",
        run.stdout
    );
    assert_eq!(run.stdout.matches("built-in\n").count(), 22);
}
