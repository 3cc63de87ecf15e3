//! A plugin that goes for what Probity itself rests on: its store, what people granted, its own package's copy, and the
//! target's repository. Each attack works for a free process that runs the same code, and fails inside of a check.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the table of what came of each attack")]

use std::path::{Path, PathBuf};
use std::process::Command;

use probity_tests::{Lab, Repository};

/// An attack: its name, what it does, and to what.
type Attack = (&'static str, &'static str, PathBuf);

/// The error numbers of a denial, the same on all architectures: EPERM, ENOENT, EACCES, EROFS, ENOLCK.
const DENIALS: [i64; 5] = [1, 2, 13, 30, 37];

fn plugin() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/hostile")
}

/// The first file below a folder whose name ends so.
fn found(folder: &Path, end: &str) -> PathBuf {
    below(folder).find(|path| path.to_string_lossy().ends_with(end)).unwrap_or_else(|| {
        panic!("nothing in {} ends with {end}: {:#?}", folder.display(), below(folder).collect::<Vec<_>>())
    })
}

fn below(folder: &Path) -> Box<dyn Iterator<Item = PathBuf>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    Box::new(entries.flat_map(|path| {
        let inner = if path.is_dir() { below(&path) } else { Box::new(std::iter::empty()) };
        std::iter::once(path).chain(inner)
    }))
}

/// In an order in which those that destroy come last.
fn attacks(lab: &Lab, repository: &Path) -> Vec<Attack> {
    let cache = lab.path("cache");
    let store = found(&cache, ".sqlite");
    let copy = found(&cache, "hostile.py");
    let git = repository.join(".git");
    vec![
        ("read_store", "read", store.clone()),
        ("lock_store", "lock", store.clone()),
        ("list_cache", "list", cache.clone()),
        ("plant_in_cache", "create", cache),
        ("write_own_package", "write", copy.clone()),
        ("plant_in_own_package", "create", copy.parent().unwrap().to_owned()),
        ("read_grants", "read", lab.path("config/grants.json")),
        ("write_grants", "write", lab.path("config/grants.json")),
        ("plant_in_configuration", "create", lab.path("config")),
        ("read_policy", "read", lab.path("policy.kdl")),
        ("write_policy", "write", lab.path("policy.kdl")),
        ("read_working_tree", "read", repository.join("file")),
        ("plant_in_working_tree", "create", repository.to_owned()),
        ("read_configuration_of_target", "read", git.join("config")),
        ("write_configuration_of_target", "write", git.join("config")),
        ("plant_hook", "create", git.join("hooks")),
        ("plant_object", "create", git.join("objects")),
        ("move_branch", "write", git.join("HEAD")),
        ("write_store", "write", store.clone()),
        ("remove_store", "remove", store),
    ]
}

/// What came of the attacks inside of one check: the value of each analysis.
fn confined(lab: &Lab, repository: &Repository, attacks: &[Attack]) -> Vec<i64> {
    let hash = lab.hash(&plugin());
    let analyses: String = attacks
        .iter()
        .map(|(name, deed, path)| {
            let deed = format!("{deed}:{}", path.display());
            let plugin = "plugin=\"acme/tools/hostile\" policy=\"value == 7\"";
            format!("  analysis \"{name}\" {plugin} {{ deed {deed:?}; }}\n")
        })
        .collect();
    let folder = plugin().display().to_string();
    let policy = format!(
        "plugins {{\n  plugin \"acme/tools/hostile\" path={folder:?} sha256={hash:?}\n}}\n\
         analyze {{\n  investigate policy=\"score > 0.5\"\n{analyses}}}\n"
    );
    let policy = lab.file("policy.kdl", policy);
    let policy = policy.to_str().unwrap();
    let run = lab.check(repository.path(), &["--policy", policy, "--format", "json"]);
    let report = run.json();
    let value = |name: &str| {
        let analyses = report["tree"].as_array().unwrap();
        let analysis = analyses.iter().find(|analysis| analysis["name"] == name).unwrap();
        analysis["value"]["value"]
            .as_i64()
            .unwrap_or_else(|| panic!("no value: {analysis:#}\n{}", run.stderr))
    };
    attacks.iter().map(|(name, ..)| value(name)).collect()
}

/// Whether the attack works for a process that nothing confines.
#[allow(clippy::disallowed_methods, reason = "the attacks have to work without the sandbox first")]
fn free((_, deed, path): &Attack) -> bool {
    let mut command = Command::new("python3");
    command.arg(plugin().join("hostile.py")).arg(format!("{deed}:{}", path.display()));
    let output = command.output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim() == "7"
}

#[test]
fn what_probity_rests_on_is_out_of_reach() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.write("file", "text").history(3);
    std::fs::create_dir_all(repository.path().join(".git/hooks")).unwrap();
    lab.file("config/grants.json", "{}");
    // What the cache holds is there after a first check; the policy is overwritten by the second one.
    confined(&lab, &repository, &[("none", "none", PathBuf::new())]);
    let attacks = attacks(&lab, repository.path());
    let values = confined(&lab, &repository, &attacks);
    let mut wrong = Vec::new();
    println!("{:<32} unsandboxed  in a check", "the store, the grants, the target");
    for (attack, value) in attacks.iter().zip(values) {
        let (works, denied) = (free(attack), DENIALS.contains(&-value));
        let shown = |through| if through { "THROUGH" } else { "denied" };
        println!("  {:<30} {:<12} {}", attack.0, shown(works), shown(!denied));
        if !works || !denied {
            wrong.push((attack.0, works, value));
        }
    }
    assert!(wrong.is_empty(), "name, works free, value in a check: {wrong:?}");
}
