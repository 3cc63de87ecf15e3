//! The shapes of real attacks, re-enacted by recipes: each is found by the rule that is named, and its control is not.

use std::path::Path;

use probity_tests::{Lab, Recipe, Repository};
use serde_json::Value;

/// What the analysis that a recipe names says of the repository that `make` makes of it: its verdict, and what its concerns say.
fn judged(lab: &Lab, recipe: &Recipe, name: &str, make: fn(&Recipe, &Repository)) -> (String, Vec<String>) {
    let repository = lab.repository(name);
    let finds = &recipe.finds;
    let property = |name: &str, value: &Option<String>| {
        value.as_ref().map_or(String::new(), |value| format!(" {name}=#\"{value}\"#"))
    };
    let policy = lab.file(
        "policy.kdl",
        format!(
            "analyze {{ investigate policy=\"score > 0.5\"; analysis \"shape\" plugin=\"{}\"{}{} }}",
            finds.plugin,
            property("query", &finds.query),
            property("policy", &finds.policy)
        ),
    );
    let policy = policy.to_str().expect("the lab's path is text");
    let check = || lab.check(repository.path(), &["--policy", policy, "--format", "json"]);
    if recipe.remembered {
        recipe.before(&repository);
        check();
    }
    make(recipe, &repository);
    let report = check().json();
    let analysis = &report["tree"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let concerns = analysis["concerns"].as_array().into_iter().flatten();
    (text(&analysis["verdict"]), concerns.map(|concern| text(&concern["message"])).collect())
}

#[test]
fn each_attack_is_found_by_its_rule_and_its_control_is_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/attacks");
    let recipes = Recipe::all(&folder);
    assert!(recipes.len() >= 19, "there are {} recipes", recipes.len());
    let mut wrong = Vec::new();
    for recipe in &recipes {
        let lab = Lab::new();
        let rule = &recipe.finds.rule;
        let (verdict, concerns) = judged(&lab, recipe, "attack", Recipe::attack);
        if verdict != "fail" || !concerns.iter().any(|concern| concern.starts_with(rule)) {
            wrong.push(format!(
                "{}: the attack is not found by {rule:?}: {verdict}, {concerns:#?}",
                recipe.name
            ));
        }
        let (verdict, concerns) = judged(&lab, recipe, "control", Recipe::control);
        if verdict == "fail" || concerns.iter().any(|concern| concern.starts_with(rule)) {
            wrong.push(format!("{}: the control is suspected: {verdict}, {concerns:#?}", recipe.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
