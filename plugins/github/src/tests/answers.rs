//! What each query answers, and how it meets what servers do.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::Lab;
use super::replies::{account, message, next, pull_request, repository, reviews};

const PULLS: &str = "/repos/ada/engine/pulls?state=closed&base=main&sort=created&direction=desc&per_page=100";
const TARGET: &str = "/repos/ada/engine";

fn pulls(page: u32) -> String {
    format!("{PULLS}&page={page}")
}

fn reviews_of(number: u64, page: u32) -> String {
    format!("/repos/ada/engine/pulls/{number}/reviews?per_page=100&page={page}")
}

/// A lab of these pull requests, each with its reviews.
fn lab(merged: &[(u64, &str, &[&str])]) -> Lab {
    let listed: Value = merged.iter().map(|(number, author, _)| pull_request(*number, author)).collect();
    let lab = Lab::new().on(TARGET, 200, &repository()).on(&pulls(1), 200, &listed);
    merged.iter().fold(lab, |lab, (number, _, given)| lab.on(&reviews_of(*number, 1), 200, &reviews(given)))
}

#[test]
fn a_pull_request_counts_as_reviewed_if_another_person_approved_it() {
    let lab = lab(&[
        (9, "ada", &["bob COMMENTED", "bob APPROVED"]),
        (8, "ada", &["ada APPROVED"]),
        (7, "ada", &["bob CHANGES_REQUESTED", "bob DISMISSED"]),
        (6, "ada", &["helper[bot] APPROVED"]),
        (5, "ada", &["- APPROVED"]),
        (4, "", &["- APPROVED"]),
        (3, "", &["bob APPROVED"]),
        (2, "-eve", &[]),
        (1, "updates[bot]", &[]),
    ]);
    let answer = lab.ask("review").unwrap();
    assert_eq!(*answer.value(), json!([true, false, false, false, true, false, true]));
    let concerns = answer.concern_list();
    assert_eq!(concerns[0].message, "#8 by ada was merged, and nobody else approved it");
    assert_eq!(concerns[0].location.as_ref().unwrap().commit.as_deref(), Some(&*format!("{:040x}", 8)));
    assert_eq!(concerns[3].message, "#4 by an account that is gone was merged, and nobody else approved it");
    assert_eq!(concerns.len(), 4);
}

#[test]
fn lists_are_read_page_by_page_until_there_is_enough() {
    let full = |numbers: std::ops::Range<u64>| -> Value {
        numbers
            .rev()
            .map(|number| pull_request(number, if number % 2 == 0 { "ada" } else { "-ada" }))
            .collect()
    };
    let two = Lab::new()
        .on(TARGET, 200, &repository())
        .linking(&pulls(1), 200, &full(100..200), &next("https://evil.example/steal?page=2"))
        .on(&pulls(2), 200, &json!([pull_request(100, "ada"), pull_request(1, "ada")]))
        // The approval is on the second page.
        .linking(
            &reviews_of(1, 1),
            200,
            &reviews(&["bob COMMENTED"]),
            &next("https://api.github.com/x?page=1"),
        )
        .on(&reviews_of(1, 2), 200, &reviews(&["bob APPROVED"]));
    let even = (100..200).filter(|number| number % 2 == 0);
    let two = even.fold(two, |lab, number| lab.on(&reviews_of(number, 1), 200, &reviews(&["bob APPROVED"])));
    let value = two.ask("review").unwrap().value().clone();
    assert_eq!(value.as_array().unwrap().len(), 51, "a pull request that moved to the next page counts once");
    assert!(value.as_array().unwrap().iter().all(|one| one == true));
    let ten = two.configured(|config| config.newest = 10);
    let value = ten.ask("review").unwrap().value().clone();
    assert_eq!(value.as_array().unwrap().len(), 10, "who wants few is not led to the second page");
}

#[test]
fn a_server_that_leads_in_a_circle_is_told_from_one_with_many_pages() {
    let same = json!([pull_request(1, "-ada")]);
    let circle = (1..=10).fold(Lab::new().on(TARGET, 200, &repository()), |lab, page| {
        lab.linking(&pulls(page), 200, &same, &next("https://api.github.com/repositories/1/pulls?page=1"))
    });
    let told = "Error: api.github.com gives the same page 2 times, and says that there are more";
    assert_eq!(circle.told("review"), told);
    let endless = (1..=11).fold(Lab::new().on(TARGET, 200, &repository()), |lab, page| {
        let one = json!([pull_request(100 - u64::from(page), "-ada")]);
        lab.linking(&pulls(page), 200, &one, &next("https://api.github.com/x"))
    });
    let told = "Abstain: no pull request of a person was merged into the default branch lately";
    assert_eq!(endless.told("review"), told, "after ten pages nobody reads on");
}

#[test]
fn without_a_repository_or_a_grant_it_abstains_and_says_what_to_do() {
    let nothing = Lab::new().configured(|config| config.repository = None);
    for query in ["review", "fuzz", "contributors", "protection"] {
        let told = nothing.told(query);
        assert!(
            told.starts_with("Abstain: a clone does not tell where it came from: write repository"),
            "{told}"
        );
    }
    let denied = Lab::new()
        .denied(TARGET, "http/https://api.github.com/repos/ada/engine is not granted to this plugin");
    let told = denied.told("review");
    assert_eq!(
        told,
        "Abstain: http/https://api.github.com/repos/ada/engine is not granted to this plugin; with a token: probity plugin grant github \
         --net api.github.com --token api.github.com=VARIABLE"
    );
}

#[test]
fn what_the_server_refuses_is_an_abstention_that_says_why() {
    let of = |status, words: &str| Lab::new().on(TARGET, status, &message(words)).told("review");
    assert_eq!(
        of(401, "Bad credentials"),
        "Abstain: api.github.com does not accept the token, or wants one: Bad credentials; `probity plugin permissions github --policy FILE` \
         shows which variable holds it"
    );
    assert_eq!(
        of(404, "Not Found"),
        "Abstain: the server knows nothing of ada/engine, or does not show it to whoever has no token or this one"
    );
    assert_eq!(
        of(403, "Resource not accessible\u{1b}[2J by integration"),
        "Abstain: the server does not let whoever asks see ada/engine: Resource not accessible [2J by integration"
    );
    assert_eq!(
        of(301, "Moved Permanently"),
        "Abstain: api.github.com says that /repos/ada/engine is elsewhere now: if ada/engine was renamed or moved, write its present name as \
         repository"
    );
}

#[test]
fn a_limit_of_requests_is_no_fact_about_the_repository() {
    // The first limit the host itself sees, by its headers.
    let told = Lab::new().told("review");
    assert!(told.starts_with("Unavailable: the test has no input"), "{told}");
    let second = Lab::new().on(TARGET, 403, &message("You have exceeded a secondary rate limit."));
    assert_eq!(
        second.told("review"),
        "Unavailable: api.github.com answers no more requests for now: You have exceeded a secondary rate limit."
    );
    assert!(second.ask("review").unwrap_err().is_retryable());
    let of_one = lab(&[(1, "ada", &[])]).on(&reviews_of(1, 1), 403, &message("API rate limit exceeded"));
    assert!(of_one.told("review").starts_with("Unavailable: "), "{}", of_one.told("review"));
}

#[test]
fn what_has_not_the_shape_of_the_api_is_an_error() {
    let of = |reply: Value| Lab::new().raw(TARGET, reply).told("review");
    let text = |text: &str| of(json!({ "status": 200, "headers": {}, "text": text }));
    let wrong = "Error: api.github.com answers otherwise than GitHub's API does: ";
    for (told, end) in [
        (text("<html>"), "expected value at line 1 column 1"),
        (text("[]"), "invalid length 0, expected struct Repository with 1 element at line 1 column 2"),
        (text("{\"default_branch\": 5}"), "invalid type: integer `5`, expected a string at line 1 column 20"),
        (text(&"[".repeat(1 << 20)), "invalid type: sequence, expected a string at line 1 column 1"),
        (of(json!({ "status": 200, "headers": {}, "size": 3, "sha256": "" })), "it is no text"),
    ] {
        assert_eq!(told, format!("{wrong}{end}"));
    }
    let long = text(&json!({ "default_branch": { "x".repeat(1 << 20): 1 } }).to_string());
    assert!(long.starts_with(wrong) && long.len() < 400, "{long}");
    assert!(
        of(json!({ "status": 422, "text": "x" }))
            .starts_with("Error: api.github.com answers /repos/ada/engine with status 422")
    );
    let list = Lab::new().on(TARGET, 200, &repository()).on(&pulls(1), 200, &message("a map"));
    assert!(list.told("review").starts_with(wrong), "{}", list.told("review"));
}

#[test]
fn an_enterprise_server_is_asked_at_its_own_address() {
    let base = "https://git.example.org:8443/api/v3";
    let lab = Lab::new().configured(|config| config.base_url = base.to_owned());
    let lab = lab
        .on(TARGET, 200, &json!({ "default_branch": "release/1.0" }))
        .on(&pulls(1).replace("main", "release%2F1.0"), 200, &json!([pull_request(1, "ada")]))
        .on(&reviews_of(1, 1), 200, &reviews(&["bob APPROVED"]));
    assert_eq!(lab.told("review"), "[true]");
    let slash = lab.configured(|config| config.base_url = format!("{base}/"));
    assert_eq!(slash.told("review"), "[true]");
    let told = slash.told("fuzz");
    assert!(told.starts_with("Abstain: the projects of OSS-Fuzz are described on github.com"), "{told}");
}

const PROJECT: &str = "/repos/google/oss-fuzz/contents/projects";
const SEARCH: &str = "/search/code?q=%22github.com%2Fada%2Fengine%22%20in%3Afile%20filename%3Aproject.yaml%20repo%3Agoogle%2Foss-fuzz&per_page=10";

fn project(main_repo: &str) -> Value {
    let text = format!("homepage: \"https://engine.example\"\nlanguage: c++\nmain_repo: '{main_repo}'\n");
    let content = BASE64.encode(text.as_bytes());
    let (head, tail) = content.split_at(60);
    json!({ "type": "file", "encoding": "base64", "size": text.len(), "content": format!("{head}\n{tail}\n") })
}

fn found(paths: &[&str], incomplete: bool) -> Value {
    let items: Value =
        paths.iter().map(|path| json!({ "name": "project.yaml", "path": path, "score": 1.0 })).collect();
    json!({ "total_count": paths.len(), "incomplete_results": incomplete, "items": items })
}

#[test]
fn a_project_of_oss_fuzz_names_the_repository_or_none_does() {
    let own = format!("{PROJECT}/engine/project.yaml");
    let same = Lab::new().on(&own, 200, &project("https://github.com/Ada/Engine.git"));
    assert_eq!(same.told("fuzz"), "true");
    let other = || Lab::new().on(&own, 200, &project("https://github.com/eve/engine"));
    assert_eq!(other().on(SEARCH, 200, &found(&[], false)).told("fuzz"), "false");
    assert!(other().on(SEARCH, 200, &found(&[], true)).told("fuzz").starts_with("Unavailable: "));
    let searched = Lab::new()
        .on(&own, 404, &message("Not Found"))
        .on(
            SEARCH,
            200,
            &found(
                &["README.md", "projects/engine-2/project.yaml", "projects/difference/project.yaml"],
                false,
            ),
        )
        .on(&format!("{PROJECT}/engine-2/project.yaml"), 200, &project("https://github.com/ada/engine-2"))
        .on(&format!("{PROJECT}/difference/project.yaml"), 200, &project("git@github.com:ada/engine.git"));
    let answer = searched.ask("fuzz").unwrap();
    assert_eq!(*answer.value(), json!(true));
    let named = "projects/difference/project.yaml of OSS-Fuzz names it as its main_repo";
    assert_eq!(answer.concern_list()[0].message, named);
    let anonymous = other().on(SEARCH, 401, &message("Requires authentication"));
    assert!(
        anonymous.told("fuzz").contains("does not accept the token, or wants one: Requires authentication")
    );
}

#[test]
fn contributors_come_with_their_organizations_and_without_bots() {
    let one = |login: &str, contributions: u64| {
        let mut one = account(login);
        one["contributions"] = contributions.into();
        one
    };
    let listed = json!([one("ada", 40), one("updates[bot]", 30), one("bob", 2), one("eve", 1)]);
    let orgs = |login: &str| format!("/users/{login}/orgs?per_page=100&page=1");
    let lab = Lab::new()
        .configured(|config| config.contributors = 2)
        .on("/repos/ada/engine/contributors?per_page=100&page=1", 200, &listed)
        .on(&orgs("ada"), 200, &json!([account("royal-society"), account("analysts")]))
        .on(&orgs("bob"), 200, &json!([]));
    assert_eq!(
        lab.ask("contributors").unwrap().value(),
        &json!([
            { "login": "ada", "contributions": 40, "organizations": ["analysts", "royal-society"] },
            { "login": "bob", "contributions": 2, "organizations": [] },
        ])
    );
    let empty = json!({ "status": 204, "headers": {}, "size": 0, "sha256": "", "text": "" });
    let none = Lab::new().raw("/repos/ada/engine/contributors?per_page=100&page=1", empty);
    assert_eq!(none.told("contributors"), "Abstain: the server names no contributor");
}

#[test]
fn gaps_in_the_protection_are_what_neither_rules_nor_settings_close() {
    let rules_at = "/repos/ada/engine/rules/branches/main?per_page=100&page=1";
    let lab = |protected: bool, rules: Value| {
        let branch = json!({ "name": "main", "commit": { "sha": "1" }, "protected": protected });
        Lab::new()
            .on(TARGET, 200, &repository())
            .on("/repos/ada/engine/branches/main", 200, &branch)
            .on(rules_at, 200, &rules)
    };
    let classic = "/repos/ada/engine/branches/main/protection";
    let all = "[\"no-approval\",\"force-push\",\"deletion\"]";
    assert_eq!(lab(false, json!([])).told("protection"), all);
    let approvals = |count: u64| json!({ "type": "pull_request", "parameters": { "required_approving_review_count": count } });
    let rules =
        json!([approvals(1), { "type": "non_fast_forward", "ruleset_id": 1 }, { "type": "deletion" }]);
    assert_eq!(lab(true, rules).told("protection"), "[]", "nobody need read the rest");
    let rules = json!([approvals(0), { "type": "deletion" }]);
    assert_eq!(lab(false, rules).told("protection"), "[\"no-approval\",\"force-push\"]");
    let settings = |count: u64, force: bool| {
        json!({
            "required_pull_request_reviews": { "required_approving_review_count": count, "dismiss_stale_reviews": true },
            "allow_force_pushes": { "enabled": force }, "allow_deletions": { "enabled": false }, "enforce_admins": { "enabled": false },
        })
    };
    assert_eq!(lab(true, json!([])).on(classic, 200, &settings(2, false)).told("protection"), "[]");
    assert_eq!(
        lab(true, json!([])).on(classic, 200, &settings(0, true)).told("protection"),
        "[\"no-approval\",\"force-push\"]"
    );
    assert_eq!(
        lab(true, json!([])).on(classic, 404, &message("Branch not protected")).told("protection"),
        all
    );
    for (status, words) in [(404, "Not Found"), (403, "Resource not accessible by personal access token")] {
        let told = lab(true, json!([])).on(classic, status, &message(words)).told("protection");
        assert!(told.starts_with("Abstain: the default branch is protected, and how far"), "{told}");
    }
    let old = lab(false, json!([])).on(rules_at, 404, &message("Not Found"));
    assert_eq!(old.told("protection"), all, "an enterprise server of old has no rulesets");
}
