//! Which queries run after each kind of change, by name: no more than what rests on the change.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use probity_tests::{Lab, Repository, Run};

/// So many commits have checkpoints, and so parts. The ids are the same on each run.
const LONG: u64 = 400;

/// What a further commit runs, on a history whose last segment has more than one block: itself, its segment, the roots.
const ONE_MORE: [&str; 17] = [
    "activity/activity",
    "affiliation/affiliation",
    "affiliation/segment",
    "binary/binary",
    "binary/folder",
    "churn/churn",
    "churn/segment",
    "entropy/entropy",
    "entropy/segment",
    "git/changes",
    "git/commit",
    "git/commits",
    "git/contents",
    "git/folder",
    "git/history",
    "identity/identity",
    "identity/segment",
];

/// A checked repository with a long history.
fn checked(lab: &Lab) -> Repository {
    let mut repository = lab.repository("repo");
    repository.long_history(LONG);
    let cold = lab.check_six(repository.path(), &[]);
    for query in ["git/part", "churn/part", "entropy/part", "identity/part", "affiliation/part"] {
        assert!(cold.ran().iter().any(|ran| ran.starts_with(query)), "{query} is not in {:?}", cold.ran());
    }
    repository
}

#[track_caller]
fn assert_ran(run: &Run, expected: &[&str]) {
    assert_eq!(run.ran(), expected);
}

#[test]
fn nothing_changed_nothing_runs() {
    let lab = Lab::new();
    let repository = checked(&lab);
    assert_ran(&lab.check_six(repository.path(), &[]), &[]);
}

#[test]
fn a_further_commit_runs_its_segment_and_the_roots() {
    let lab = Lab::new();
    let mut repository = checked(&lab);
    repository.write("src/new.rs", "fn new() {}\n").commit("one more");
    assert_ran(&lab.check_six(repository.path(), &[]), &ONE_MORE);
    assert_ran(&lab.check_six(repository.path(), &[]), &[]);
}

#[test]
fn a_further_commit_asks_for_the_folders_on_the_path_of_its_change_alone() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    // None of these is so small that it is told with the folders in it.
    for folder in ["left", "left/inner", "left/inner/most", "right", "right/inner"] {
        for number in 0..300 {
            repository.write(format!("{folder}/{number:03}.txt"), format!("{folder} {number}\n"));
        }
    }
    repository.commit("many files");
    let cold = lab.check_six(repository.path(), &["--format", "json"]);
    assert_eq!((times(&cold, "binary/folder"), times(&cold, "git/folder")), (6, 6));
    repository.write("left/inner/tool.exe", b"MZ\x90\0").commit("one more");
    let further = lab.check_six(repository.path(), &["--format", "json"]);
    // The root, `left`, `left/inner`; and of the files those that are looked at together with the new one.
    assert_eq!((times(&further, "binary/folder"), times(&further, "git/folder")), (3, 3));
    assert_eq!(times(&further, "git/contents"), 1);
    assert!(further.stdout.contains(r#""path": "left/inner/tool.exe""#), "{}", further.stdout);
    // A folder that lies elsewhere now is known by what it holds.
    repository.git(["mv", "right/inner", "left/moved"]);
    repository.commit("moved");
    let moved = lab.check_six(repository.path(), &[]);
    assert_eq!((times(&moved, "binary/folder"), times(&moved, "git/folder")), (3, 3));
    assert_eq!(times(&moved, "git/contents"), 0);
}

#[test]
fn a_tree_of_ten_thousand_levels_ends_in_a_clear_error() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    for number in 0..300 {
        repository.write(format!("{number}"), b"\0");
    }
    repository.commit("files");
    repository.commit_nested(10_000);
    let run = lab.check_six(repository.path(), &["--format", "json"]);
    assert!(run.stdout.contains("unfolds into more than 2048 levels"), "{} {}", run.stdout, run.stderr);
    assert!(times(&run, "binary/folder") < 100, "{:?}", run.ran());
}

#[test]
fn a_merge_runs_its_segment_and_the_roots() {
    let lab = Lab::new();
    let mut repository = checked(&lab);
    repository.git(["switch", "--quiet", "--create", "side", "HEAD~300"]);
    repository.write("src/side.rs", "fn side() {}\n").commit("on the side");
    repository.git(["switch", "--quiet", "main"]);
    repository.merge("side");
    assert_ran(&lab.check_six(repository.path(), &[]), &ONE_MORE);
}

#[test]
fn an_octopus_merge_runs_its_segment_and_the_roots() {
    let lab = Lab::new();
    let mut repository = checked(&lab);
    for side in ["a", "b", "c"] {
        repository.git(["switch", "--quiet", "--create", side, "main~3"]);
        repository.write(format!("src/{side}.rs"), format!("fn {side}() {{}}\n")).commit(side);
    }
    repository.git(["switch", "--quiet", "main"]);
    repository.git([
        "-c",
        "user.name=Ada",
        "-c",
        "user.email=a@example.org",
        "merge",
        "--quiet",
        "a",
        "b",
        "c",
    ]);
    assert_ran(&lab.check_six(repository.path(), &[]), &ONE_MORE);
}

#[test]
fn switching_to_a_branch_and_back_runs_the_branch_alone() {
    let lab = Lab::new();
    let mut repository = checked(&lab);
    repository.git(["switch", "--quiet", "--create", "topic", "HEAD~2"]);
    repository.write("src/topic.rs", "fn topic() {}\n").commit("a topic");
    assert_ran(&lab.check_six(repository.path(), &[]), &ONE_MORE);
    repository.git(["switch", "--quiet", "main"]);
    assert_ran(&lab.check_six(repository.path(), &[]), &[]);
    repository.git(["switch", "--quiet", "topic"]);
    assert_ran(&lab.check_six(repository.path(), &[]), &[]);
}

#[test]
fn a_rewritten_end_of_the_history_runs_from_there() {
    let lab = Lab::new();
    let mut repository = checked(&lab);
    repository.git(["reset", "--quiet", "--hard", "HEAD~2"]);
    repository.write("src/rewritten.rs", "fn rewritten() {}\n").commit("rewritten");
    repository.write("src/rewritten.rs", "fn again() {}\n").commit("and again");
    assert_ran(&lab.check_six(repository.path(), &[]), &ONE_MORE);
}

#[test]
fn a_new_checkpoint_makes_one_part_and_leaves_the_others() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.long_history(600);
    let parts = |back: u64| -> Vec<String> {
        let run = lab.check_six(repository.path(), &["--rev", &format!("HEAD~{back}")]);
        run.ran().into_iter().filter(|query| query.contains("/part")).collect()
    };
    parts(450);
    let further: Vec<Vec<String>> = (0..450).rev().step_by(30).map(parts).collect();
    let made: Vec<&Vec<String>> = further.iter().filter(|parts| !parts.is_empty()).collect();
    assert!(!made.is_empty() && made.len() < further.len(), "{further:?}");
    for parts in made {
        assert_eq!(
            parts[..],
            ["affiliation/part", "churn/part", "entropy/part", "git/part", "identity/part"]
        );
    }
}

#[test]
fn commits_that_a_merge_lists_in_another_order_are_mostly_known() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.long_history(LONG);
    repository.git(["switch", "--quiet", "--create", "side", "HEAD~350"]);
    for number in 0..40 {
        repository.write("src/side.rs", format!("fn side{number}() {{}}\n")).commit("on the side");
    }
    repository.git(["switch", "--quiet", "main"]);
    repository.merge("side");
    let cold = lab.check_six(repository.path(), &[]);
    // Now the side is the main line, and what was the main line is listed after it.
    repository.git(["switch", "--quiet", "side"]);
    repository.merge("main~1");
    let run = lab.check_six(repository.path(), &[]);
    // New are the blocks at the ends of the runs of commits that stayed together.
    assert_eq!((times(&cold, "git/changes"), times(&run, "git/changes")), (9, 4));
}

/// How often a query was run.
fn times(run: &Run, query: &str) -> u64 {
    let ran = run.ran();
    let times = ran.iter().find_map(|ran| ran.strip_prefix(query)).map(|times| times.strip_prefix('*'));
    times.map_or(0, |times| times.map_or(1, |times| times.parse().unwrap()))
}

#[test]
fn another_clone_runs_nothing_and_a_fork_its_own_commit() {
    let lab = Lab::new();
    let repository = checked(&lab);
    let mut fork = Repository::clone_of(&repository, lab.path("elsewhere/fork"), &[]);
    assert_ran(&lab.check_six(fork.path(), &[]), &[]);
    fork.write("src/fork.rs", "fn fork() {}\n").commit("of the fork");
    assert_ran(&lab.check_six(fork.path(), &[]), &ONE_MORE);
    assert_ran(&lab.check_six(repository.path(), &[]), &[]);
}

#[test]
fn a_shallow_boundary_makes_another_history_and_deepening_runs_what_it_adds() {
    // Analyses of a whole history abstain where it is cut off, before they ask what its commits changed.
    let another_history = [
        "activity/activity",
        "affiliation/affiliation",
        "binary/binary",
        "churn/churn",
        "entropy/entropy",
        "git/history",
        "git/part",
        "identity/identity",
    ];
    let lab = Lab::new();
    let repository = checked(&lab);
    let shallow = Repository::clone_of(&repository, lab.path("shallow"), &["--depth", "150"]);
    assert_ran(&lab.check_six(shallow.path(), &[]), &another_history);
    assert_ran(&lab.check_six(shallow.path(), &[]), &[]);
    shallow.git(["fetch", "--quiet", "--deepen", "100"]);
    assert_ran(&lab.check_six(shallow.path(), &[]), &another_history);
    assert_ran(&lab.check_six(shallow.path(), &[]), &[]);
    shallow.git(["fetch", "--quiet", "--unshallow"]);
    assert_ran(&lab.check_six(shallow.path(), &[]), &[]);
    assert_eq!(lab.check_six(shallow.path(), &[]).stdout, lab.check_six(repository.path(), &[]).stdout);
}

#[test]
fn the_next_day_runs_what_asked_for_the_day() {
    let lab = Lab::new();
    let repository = checked(&lab);
    assert_ran(&lab.check_six(repository.path(), &["--now", "2026-06-02"]), &["activity/activity"]);
}

/// Checks against a policy with these analyses, after these plugins.
fn judged(lab: &Lab, repository: &Repository, plugins: &str, analyses: &str) -> Run {
    let text = format!("{plugins}\nanalyze {{\n  investigate policy=\"score > 0.5\"\n{analyses}\n}}\n");
    let file = lab.file("policy.kdl", text);
    lab.check_six(repository.path(), &["--policy", file.to_str().unwrap()])
}

#[test]
fn an_edited_threshold_or_weight_runs_nothing() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.long_history(20);
    let check = |analyses: &str| judged(&lab, &repository, "", analyses);
    check("analysis \"activity\" policy=\"value.days <= 400\"\nanalysis \"churn\"");
    let edited = check("analysis \"activity\" policy=\"value.days <= 10\"\nanalysis \"churn\"");
    assert_ran(&edited.expect(0), &[]);
    let weighed = check("analysis \"activity\" weight=9 policy=\"value.days <= 10\"\nanalysis \"churn\"");
    assert_ran(&weighed.expect(1), &[]);
}

#[test]
fn a_configuration_of_one_analysis_runs_its_root_over_the_segments_of_all() {
    let lab = Lab::new();
    let repository = checked(&lab);
    let check = |configured: &str| judged(&lab, &repository, "", configured);
    check("analysis \"churn\" { churn-freq 5; }");
    let edited = check("analysis \"churn\" { churn-freq 6; }");
    assert_ran(&edited, &["churn#churn/$configure", "churn#churn/churn"]);
}

#[test]
fn a_configuration_for_all_analyses_runs_what_the_plugin_answers() {
    let lab = Lab::new();
    let repository = checked(&lab);
    let check = |idle: u32| {
        let plugins = format!("plugins {{ plugin \"activity\" {{ config {{ weeks {idle}; }} }} }}");
        judged(&lab, &repository, &plugins, "analysis \"activity\"\nanalysis \"churn\"")
    };
    check(50);
    assert_ran(&check(60), &["activity/$configure", "activity/activity"]);
}

/// Writes the plugin `sample`, edited, into the lab, and its caller; returns the policy's node for both.
fn plugins(lab: &Lab, edit: impl Fn(String) -> String) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/sample");
    let source = std::fs::read_to_string(folder.join("sample.py")).unwrap();
    let manifest = std::fs::read_to_string(folder.join("plugin.kdl")).unwrap();
    // The caller adds nothing: it asks the sample where the sample asks git.
    let caller = source
        .replace("[\"git/commit\"]", "[\"acme/tools/sample/letters\"]")
        .replace("\"plugin\": \"git\"", "\"plugin\": \"acme/tools/sample\"")
        .replace("ask(request, \"commit\", {\"commit\": key[\"commit\"]})", "ask(request, \"letters\", key)")
        .replace(
            "name = answer[\"result\"][\"value\"][\"author\"][\"name\"]",
            "name = \"x\" * answer[\"result\"][\"value\"]",
        )
        .replace("\"name\": \"sample\"", "\"name\": \"caller\"");
    lab.file("sample/sample.py", edit(source));
    lab.file("sample/plugin.kdl", &manifest);
    lab.file("caller/sample.py", caller);
    lab.file("caller/plugin.kdl", manifest.replace("name \"sample\"", "name \"caller\""));
    let plugin = |name: &str| {
        let folder = lab.path(name);
        let (path, hash) = (folder.display().to_string(), lab.hash(&folder));
        format!("plugin \"acme/tools/{name}\" path={path:?} sha256={hash:?}")
    };
    format!("plugins {{\n{}\n{}\n}}", plugin("sample"), plugin("caller"))
}

/// What a new version of the sample runs, whatever it answers.
const SAMPLE: [&str; 3] =
    ["acme/tools/sample/$configure", "acme/tools/sample/$describe", "acme/tools/sample/letters"];

#[test]
fn an_upgraded_plugin_runs_and_its_callers_only_if_it_answers_otherwise() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.long_history(3);
    let check = |edit: &dyn Fn(String) -> String| {
        let plugins = plugins(&lab, edit);
        judged(&lab, &repository, &plugins, "analysis \"called\" plugin=\"acme/tools/caller\"")
    };
    let cold = check(&|source| source).expect(0);
    assert_ran(
        &cold,
        &[
            "acme/tools/caller/$configure",
            "acme/tools/caller/$describe",
            "acme/tools/caller/letters",
            "acme/tools/sample/$configure",
            "acme/tools/sample/$describe",
            "acme/tools/sample/letters",
            "git/$configure",
            "git/$describe",
            "git/commit",
        ],
    );
    let commented = check(&|source| format!("{source}# a remark\n")).expect(0);
    assert_ran(&commented, &SAMPLE);
    let other = check(&|source| source.replace("count = len(", "count = 1 + len(")).expect(0);
    assert_ran(&other, &[&["acme/tools/caller/letters"][..], &SAMPLE].concat());
}
