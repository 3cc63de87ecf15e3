//! `newcomers` as the host asks it, over repositories that are made up.

mod world;

use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use serde_json::{Value, json};
use world::World;

use crate::plugin;

const ANALYSES: [&str; 4] = ["binaries", "build_files", "dependencies", "automation"];

/// A world of a thousand days in which `mal` has come in at day 900 and does something at day 1000.
fn with(line: &str, files: &[&str]) -> World {
    let mut world = World::old();
    world.commit("m0 a9 mal ada 900 Fix", &[]).commit(line, files).more(3);
    world
}

#[test]
fn what_nobody_can_read_is_found_and_is_worse_where_the_build_takes_it() {
    let mut world =
        with("m1 m0 mal mal 1000 Add tests", &["tests/bad.xz - b1", "tests/ok.txt - b2", "src/x - b1"]);
    world.text("b1", "opaque").text("b2", "text");
    assert_eq!(world.found("binaries"), ["medium tests/bad.xz m1"]);
    let named = world.clone().file("Makefile.am", "mk").text("mk", "EXTRA_DIST = bad.xz").found("binaries");
    assert_eq!(named, ["high tests/bad.xz m1"]);
    let unrelated = world.clone().file("Makefile.am", "mk").text("mk", "cp tests/* x").found("binaries");
    assert_eq!(unrelated, ["medium tests/bad.xz m1"]);
    let decoded = world.file("m4/x.m4", "mk").text("mk", "sed p $top/tests/*.xz | sh").found("binaries");
    assert_eq!(decoded, ["high tests/bad.xz m1"]);
}

#[test]
fn another_hand_and_pictures_make_it_less() {
    let of = |line: &str, text: &str| {
        let mut world = with(line, &["tests/x - b1"]);
        world.text("b1", text).found("binaries")
    };
    assert_eq!(of("m1 m0 mal mal 1000 Add", "opaque"), ["medium tests/x m1"]);
    assert_eq!(of("m1 m0 mal ada 1000 Add", "opaque"), ["low tests/x m1"]);
    assert_eq!(of("m1 m0 mal forge 1000 Add (#1)", "opaque"), ["low tests/x m1"]);
    assert_eq!(of("m1 m0 mal forge 1000 Add", "opaque"), ["medium tests/x m1"]);
    assert_eq!(of("m1 m0 mal mal 1000 Add", "media"), ["low tests/x m1"]);
    assert_eq!(of("m1 m0 ada ada 1000 Add", "opaque"), [""; 0]);
}

#[test]
fn who_merges_counts_and_ones_own_merge_does_not() {
    let of = |merge: &str| {
        let mut world = World::old();
        world
            .commit("m1 a9 mal mal 1000 Add", &["tests/x - b1"])
            .commit(merge, &[])
            .text("b1", "opaque")
            .more(2);
        world.found("binaries")
    };
    assert_eq!(of("x a9,m1 ada ada 1001 Merge"), ["low tests/x m1"]);
    assert_eq!(of("x a9,m1 mal mal 1001 Merge"), ["medium tests/x m1"]);
    assert_eq!(of("x a9,m1 mal forge 1001 Merge pull request #1 from mal/x"), ["low tests/x m1"]);
    assert_eq!(of("x m1 ada ada 1001 Work"), ["medium tests/x m1"]);
}

#[test]
fn founders_and_old_hands_are_no_newcomers_and_old_commits_do_not_matter() {
    let mut world = World::default();
    world.commit("r - ada ada 0 Begin", &[]).more(8).commit("f r++++++++ bob bob 300 Join", &[]);
    world.commit("j f cyd cyd 400 Join", &[]).commit("k j dan dan 1100 Join", &[]);
    world
        .commit("x1 k bob bob 1450 Add", &["tests/founder - b1"])
        .commit("x2 x1 cyd cyd 1451 Add", &["tests/three-years-less - b1"])
        .commit("x3 x2 cyd cyd 1497 Add", &["tests/three-years-more - b1"])
        .more(9)
        .text("b1", "opaque");
    assert_eq!(world.found("binaries"), ["medium tests/three-years-less x2"]);
    world.commit("y x3+++++++++ dan dan 1900 Add", &["tests/later - b1"]).more(9);
    assert_eq!(world.found("binaries"), ["medium tests/later y"]);
}

#[test]
fn a_second_address_or_name_makes_nobody_new() {
    let mut world = World::old();
    world.commit("x a9 ADA ada@x 1000 Add", &["tests/x - b1"]).more(2).text("b1", "opaque");
    world.commit("y x++ mal mal 1003 Add", &["tests/y - b1"]);
    assert_eq!(world.found("binaries"), ["medium tests/y y"]);
}

#[test]
fn an_ignored_build_input_is_grave_unless_tools_make_it() {
    let mut world = with("m1 m0 mal mal 1000 Update", &["m4/.gitignore i1 i2", "configure.ac c1 c2"]);
    world.text("i1", "*.o\nold.m4\n").text("i2", "*.o\naclocal.m4\nold.m4\nrun.sh\nbuild-to-host.m4\n");
    assert_eq!(
        world.found("build_files"),
        ["high m4/.gitignore m1", "medium m4/.gitignore m1", "low m4/.gitignore m1", "low configure.ac m1"]
    );
    let answer = world.ask("build_files").unwrap();
    let expected = Concern::new(
        "hidden-build-input (high): by mal, 100 days after their first commit, nobody else is seen in it: build-to-host.m4 is ignored \
         from then on",
    );
    let expected = expected.rule("hidden-build-input").commit("m1").path("m4/.gitignore").line(5);
    assert_eq!(answer.concern_list()[0], expected);
    let mut seen = with("m1 m0 mal ada 1000 Update", &["m4/.gitignore i1 i2"]);
    seen.text("i1", "").text("i2", "x.m4\nx.sh\n");
    assert_eq!(seen.found("build_files"), ["medium m4/.gitignore m1", "low m4/.gitignore m1"]);
}

#[test]
fn a_dependency_is_worse_where_it_goes_again_or_may_be_anything() {
    let world = |line: &str, after: &str| {
        let mut world = World::old();
        world.commit("m0 a9 mal mal 996 Fix", &[]).commit(line, &["package.json p1 p2"]).more(3);
        world.text("p1", "a ^1").text("p2", after);
        world
    };
    let alone = "m1 m0 mal mal 1000 Add";
    assert_eq!(world(alone, "a ^1\nflat ^0.1").found("dependencies"), ["medium package.json m1"]);
    assert_eq!(world(alone, "a ^1\nflat *").found("dependencies"), ["high package.json m1"]);
    assert_eq!(world(alone, "a ^2").found("dependencies"), [""; 0]);
    let seen = "m1 m0 mal ada 1000 Add";
    assert_eq!(world(seen, "a ^1\nflat *").found("dependencies"), ["low package.json m1"]);
    let mut tried = world(seen, "a ^1\nflat ^0.1");
    tried.commit("m2 m1+++ ada ada 1001 Drop", &["package.json p2 p3"]).text("p3", "a ^1");
    assert_eq!(tried.found("dependencies"), ["low package.json m1"]);
    let mut removed = world(alone, "a ^1\nflat ^0.1");
    removed.commit("m2 m1+++ mal mal 1010 Drop", &["package.json p2 p3"]).text("p3", "a ^1");
    assert_eq!(removed.found("dependencies"), ["high package.json m1"]);
    let mut late = world(alone, "a ^1\nflat ^0.1");
    late.commit("m2 m1+++ mal mal 1031 Drop", &["package.json p2 p3"]).text("p3", "a ^1");
    assert_eq!(late.found("dependencies"), ["medium package.json m1"]);
}

#[test]
fn manifests_are_those_that_dependencies_reads() {
    for path in ["dev-requirements.txt", "requirements.in", "settings.gradle", "gems.rb"] {
        let mut world = World::old();
        world.commit("m1 a9 mal mal 1000 Add", &[&format!("{path} - p")]).more(3).text("p", "flat 1");
        assert_eq!(world.found("dependencies"), [format!("medium {path} m1")], "{path}");
    }
}

#[test]
fn a_manifest_that_cannot_be_read_takes_nothing_away() {
    let with = |after: &str| {
        let mut world = World::old();
        world
            .commit("m1 a9 mal mal 1000 Add", &["package.json p1 p2"])
            .commit("m2 m1 mal mal 1001 Edit", &["package.json p2 p3"])
            .more(3)
            .text("p1", "a ^1")
            .text("p2", "a ^1\nflat ^0.1")
            .text("p3", after);
        world.found("dependencies")
    };
    assert_eq!(with("as package-json\na ^1"), ["high package.json m1"]);
    assert_eq!(with("as nothing"), ["medium package.json m1"]);
}

#[test]
fn the_same_content_under_two_names_is_two_manifests() {
    let mut world = World::old();
    let files = ["a/package.json - p", "b/requirements.txt - p", "c/build.gradle - p"];
    world.commit("m1 a9 mal mal 1000 Add", &files).more(3).text("p", "as requirements\nflat 1");
    assert_eq!(world.found("dependencies"), ["medium b/requirements.txt m1"]);
}

#[test]
fn each_version_of_a_manifest_is_asked_for_once() {
    let mut world = World::old();
    world
        .commit("m1 a9 mal mal 1000 Add", &["package.json p1 p2"])
        .commit("m2 m1 mal mal 1001 Drop", &["package.json p2 p3"])
        .more(3)
        .text("p1", "")
        .text("p2", "flat 1")
        .text("p3", "");
    let engine = world::counting(&world);
    let target = Target { commit: "tip".into(), tree: "root".into(), shallow: vec![] };
    engine.ask(&plugin(), "dependencies", target).unwrap();
    let asked = engine.asked().into_iter().filter(|(query, _)| query == "dependencies/file");
    let blobs: Vec<Value> = asked.map(|(_, key)| key["blob"].clone()).collect();
    assert_eq!(blobs, ["p1", "p2", "p3"]);
}

#[test]
fn after_thirty_days_nobodys_dependencies_are_looked_at() {
    let mut world = with("m1 m0 mal mal 1000 Add", &["package.json p1 p2"]);
    world.text("p1", "").text("p2", "flat *");
    assert_eq!(world.found("dependencies"), [""; 0]);
}

#[test]
fn a_strangers_new_workflow_is_found_and_a_changed_one_is_not() {
    let mut world = World::old();
    let files =
        [".github/workflows/new.yml - w1", ".github/workflows/old.yml w1 w2", "x/.gitlab-ci.yml - w1"];
    world.commit("m1 a9 mal mal 1000 Add", &files).more(3);
    assert_eq!(world.found("automation"), ["medium .github/workflows/new.yml m1"]);
    let mut seen = World::old();
    seen.commit("m1 a9 mal forge 1000 Add (#7)", &files).more(3);
    assert_eq!(seen.found("automation"), ["low .github/workflows/new.yml m1"]);
    assert_eq!(with("m1 m0 mal mal 1000 Add", &files).found("automation"), [""; 0]);
}

#[test]
fn segments_and_parts_make_no_difference() {
    let mut world = World::old();
    world.more(20).busy_day(40);
    let tip = format!("a9{}", "+".repeat(60));
    world
        .commit(&format!("m1 {tip} mal mal 940 Add"), &["tests/x - b1", "package.json p1 p2"])
        .commit("m2 m1 mal mal 100 Backdated", &["tests/y - b1", "package.json p2 p1"])
        .commit(&format!("z {tip},m2 mal mal 941 Merge"), &[])
        .commit("w z eve eve 942 Add", &[".github/workflows/a.yml - b1"])
        .more(4)
        .text("b1", "opaque")
        .text("p1", "")
        .text("p2", "flat 1");
    let whole: Vec<_> = ANALYSES.map(|query| world.ask(query).unwrap().into_parts()).into();
    assert_eq!(world.found("binaries"), ["medium tests/x m1", "medium tests/y m2"]);
    assert_eq!(world.found("dependencies"), ["high package.json m1"]);
    assert_eq!(world.found("automation"), ["medium .github/workflows/a.yml w"]);
    for ends in [&[40][..], &[45, 60], &[70], &[71], &[72], &[50, 73], &[world.len() - 1]] {
        let cut = world.cut(ends);
        let told: Vec<_> = ANALYSES.map(|query| cut.ask(query).unwrap().into_parts()).into();
        assert_eq!(told, whole, "{ends:?}");
    }
}

#[test]
fn what_old_segments_changed_is_not_asked() {
    let mut world = World::old();
    world.more(2000);
    world
        .commit(&format!("m1 a9{} mal mal 3000 Add", "+".repeat(2000)), &["tests/x - b1"])
        .text("b1", "opaque");
    let asked = |cut: &[usize], query: &str, key: Value| {
        let engine = world::counting(&world.cut(cut));
        engine.ask(&plugin(), query, key).unwrap();
        engine.asked().iter().filter(|(query, _)| query.starts_with("newcomers/recent")).count()
    };
    let key = json!({ "commit": "tip", "shallow": [] });
    assert_eq!(asked(&[1000, 1500], "changes", key.clone()), 1, "the last segment");
    assert_eq!(asked(&[1000, 1900], "changes", key.clone()), 2, "the part too, whose end is recent");
    assert_eq!(asked(&[500, 1000, 1900], "recent_part", key), 1, "the last segment of the part");
}

#[test]
fn it_abstains_where_nobody_can_be_new() {
    let mut young = World::default();
    young.commit("r - ada ada 0 Begin", &[]).commit("f r bob bob 1 Join", &[]).more(12);
    let mut lonely = World::old();
    lonely.more(4);
    let mut few = World::default();
    few.commit("r - ada ada 0 Begin", &[]).commit("f r bob bob 900 Join", &[]);
    for analysis in ANALYSES {
        assert!(young.abstention(analysis).contains("first twelve months"));
        assert!(lonely.abstention(analysis).contains("too few"));
        assert!(few.abstention(analysis).contains("too few"));
    }
    let engine = TestEngine::new(Empty {}).on("git/history", |_: Value| {
        Ok(json!({ "commits": 1, "truncated": true, "parts": [], "segments": [] }))
    });
    let error = engine.ask(&plugin(), "changes", json!({ "commit": "c", "shallow": ["c"] })).unwrap_err();
    assert!(error.is_abstention() && error.message().contains("shallow"), "{error:?}");
}
