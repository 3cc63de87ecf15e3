//! Replies in the shape of the API, with members that the plugin does not read among them.

use serde_json::{Value, json};

/// A person, or, by a name that ends with `[bot]`, a bot.
pub(super) fn account(login: &str) -> Value {
    let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
    json!({ "login": login, "id": 1, "type": kind, "site_admin": false, "url": "https://api.github.com/users/x" })
}

pub(super) fn repository() -> Value {
    json!({
        "id": 1, "full_name": "ada/engine", "private": false, "owner": account("ada"), "fork": false, "default_branch": "main",
        "license": { "key": "mit" }, "stargazers_count": 3,
    })
}

/// A closed pull request, merged unless its author begins with a dash.
pub(super) fn pull_request(number: u64, author: &str) -> Value {
    let (author, merged_at) = match author.strip_prefix('-') {
        Some(author) => (author, Value::Null),
        None => (author, json!("2026-01-02T03:04:05Z")),
    };
    let user = if author.is_empty() { Value::Null } else { account(author) };
    json!({
        "number": number, "state": "closed", "title": "Turn the crank", "user": user, "body": null, "merged_at": merged_at,
        "merge_commit_sha": format!("{number:040x}"), "base": { "ref": "main", "repo": repository() },
    })
}

/// Reviews, as `NAME STATE`.
pub(super) fn reviews(reviews: &[&str]) -> Value {
    let review = |text: &&str| {
        let (name, state) = text.split_once(' ').unwrap();
        let user = if name == "-" { Value::Null } else { account(name) };
        json!({ "id": 1, "user": user, "state": state, "body": "", "submitted_at": "2026-01-02T03:04:05Z" })
    };
    reviews.iter().map(review).collect()
}

pub(super) fn message(message: &str) -> Value {
    json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": "0" })
}

/// A header `Link` that names a next page, wherever.
pub(super) fn next(address: &str) -> String {
    format!("<https://api.github.com/x?page=1>; rel=\"first\", <{address}>; rel=\"next\"")
}
