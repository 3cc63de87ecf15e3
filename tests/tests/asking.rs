//! Plugins that ask one another, each a real process: many keys at once, in a ring, and through crashes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use probity_tests::{Lab, Repository, Run};

/// The plugins of one test: copies of `asker` with what each changes of its capitals.
struct Askers<'a> {
    lab: &'a Lab,
    repository: Repository,
    declared: String,
    analyses: String,
}

impl<'a> Askers<'a> {
    fn new(lab: &'a Lab) -> Askers<'a> {
        let mut repository = lab.repository("repo");
        repository.history(1);
        Askers { lab, repository, declared: String::new(), analyses: String::new() }
    }

    /// A plugin `name` whose query `root` is asked by an analysis of that name.
    fn add(&mut self, name: &str, asks: &str, further: &[(&str, &str)]) -> &mut Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/asker");
        let mut source = std::fs::read_to_string(from.join("asker.py")).unwrap();
        let (plugin, query) = asks.rsplit_once('/').unwrap();
        let asks = format!("({plugin:?}, {query:?})");
        for (constant, value) in
            [("NAME", format!("{name:?}").as_str()), ("ASKS", &asks)].iter().chain(further)
        {
            let line =
                source.lines().find(|line| line.starts_with(&format!("{constant} = "))).unwrap().to_owned();
            source = source.replacen(&line, &format!("{constant} = {value}"), 1);
        }
        let manifest = std::fs::read_to_string(from.join("plugin.kdl")).unwrap();
        self.lab.file(&format!("{name}/asker.py"), source);
        self.lab.file(&format!("{name}/plugin.kdl"), manifest.replace("\"asker\"", &format!("{name:?}")));
        let folder = self.lab.path(name);
        let (path, hash) = (folder.display().to_string(), self.lab.hash(&folder));
        self.declared += &format!("  plugin \"acme/tools/{name}\" path={path:?} sha256={hash:?}\n");
        self.analyses += &format!(
            "  analysis \"{name}\" plugin=\"acme/tools/{name}\" query=\"root\" policy=\"value >= 0\"\n"
        );
        self
    }

    fn check(&self) -> Run {
        let policy = format!(
            "plugins {{\n{}}}\nanalyze {{\n  investigate policy=\"score > 0.5\"\n{}}}\n",
            self.declared, self.analyses
        );
        let file = self.lab.file("policy.kdl", policy);
        self.lab.check(self.repository.path(), &["--policy", file.to_str().unwrap(), "--format", "json"])
    }
}

/// The analyses' verdicts with their messages.
fn verdicts(run: &Run) -> Vec<(String, String)> {
    let report = run.json();
    let entries = report["tree"].as_array().unwrap().iter();
    entries
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            (text("verdict"), text("reason"))
        })
        .collect()
}

#[test]
fn ten_thousand_keys_that_two_plugins_ask_at_once_run_once_each() {
    let lab = Lab::new();
    let mut askers = Askers::new(&lab);
    let many = [("COUNT", "10000"), ("BATCH", "True")];
    askers.add("items", "acme/tools/items/item", &many);
    askers.add("left", "acme/tools/items/item", &many).add("right", "acme/tools/items/item", &many);
    let run = askers.check().expect(0);
    let described = 2 * 3; // what they offer and what they made of their configuration
    assert_eq!(run.stat("executed"), described + 3 + 10_000);
    let again = askers.check().expect(0);
    assert_eq!((again.stat("executed"), again.stat("plugin_processes")), (0, 0));
    assert_eq!(again.stdout, run.stdout);
}

#[test]
fn plugins_that_ask_one_another_all_get_the_ring_and_it_is_not_remembered() {
    for batch in ["False", "True"] {
        let lab = Lab::new();
        let mut askers = Askers::new(&lab);
        let how = [("BATCH", batch)];
        askers.add("left", "acme/tools/right/root", &how).add("right", "acme/tools/left/root", &how);
        askers.add("own", "acme/tools/own/root", &how);
        for _ in 0..2 {
            let run = askers.check().expect(10);
            let told = verdicts(&run);
            assert!(run.stat("executed") > 0, "a ring is no fact");
            assert_eq!(told.len(), 3, "{told:?}");
            assert!(told.iter().all(|(verdict, _)| verdict == "error"), "{told:?}");
            assert_eq!(told[0].1, told[1].1);
            for name in ["acme/tools/left/root", "acme/tools/right/root", " → "] {
                assert!(told[0].1.contains(name), "{told:?}");
            }
            assert!(told[2].1.contains("in a circle: acme/tools/own/root"), "{told:?}");
        }
    }
}

#[test]
fn a_plugin_that_crashes_is_started_again_a_limited_number_of_times() {
    let lab = Lab::new();
    let mut askers = Askers::new(&lab);
    let told =
        askers.add("twice", "acme/tools/twice/item", &[("DEATHS", "2"), ("COUNT", "1")]).check().expect(0);
    assert_eq!(told.stat("plugin_processes"), 3);
    assert_eq!(askers.check().expect(0).stat("plugin_processes"), 0, "what it said in the end is a fact");

    let lab = Lab::new();
    let mut askers = Askers::new(&lab);
    askers.add("always", "acme/tools/always/item", &[("DEATHS", "100")]);
    for _ in 0..2 {
        let told = askers.check().expect(10);
        assert_eq!(told.stat("plugin_processes"), 3, "and a crash is no fact");
        let verdicts = verdicts(&told);
        assert!(
            verdicts[0].1.contains("SIGABRT") && verdicts[0].1.contains("started 3 times, not started again"),
            "{verdicts:?}"
        );
    }
}
