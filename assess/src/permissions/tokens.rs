//! Tokens: the variables of the person whose values go along with what plugins ask servers. Here are their names and whether they are
//! set; the values are looked up where a server is asked.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use probity_net::{Endpoint, Token};
use probity_registry::PermissionKind;
use probity_registry::manifest::token_of;

use super::{Decided, State};

/// Which variables there are, and whether they could hold a token.
pub(super) fn variables(environment: &BTreeMap<OsString, OsString>) -> BTreeMap<String, bool> {
    let is_token = |value: &OsString| value.to_str().is_some_and(|text| Token::parse(text).is_ok());
    let named =
        environment.iter().filter_map(|(name, value)| Some((name.to_str()?.to_owned(), is_token(value))));
    named.collect()
}

/// The server that a token goes to, and the variable that holds it.
pub(super) fn token(what: &str) -> Option<(Endpoint, Arc<str>)> {
    let (server, variable) = token_of(what)?;
    Some((Endpoint::parse(server).ok()?, variable.into()))
}

/// The server that somebody granted a token for which cannot be given, and why: without it, nothing is asked there, since it was not
/// meant to be asked by nobody in particular.
pub(super) fn tokenless(one: &Decided) -> Option<(Endpoint, Arc<str>)> {
    let (server, variable) =
        token(&one.permission.what).filter(|_| one.permission.kind == PermissionKind::Token)?;
    match &one.state {
        State::Refused { error, .. } => Some((server, error.to_string().into())),
        State::Forbidden { .. } => {
            let why = format!("this machine's policy forbids to send {variable} along as a token");
            Some((server, why.into()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use probity_registry::Permission;
    use probity_registry::manifest::ANY;

    use super::super::place::Ground;
    use super::super::{Asker, Declaring, Granted, Machine, Permissions, effective};
    use super::*;
    use crate::policy::Policy;

    /// What a built-in plugin that asks for any server and any token gets: what came of it, and which tokens go where.
    fn given(machine: &str, by_person: &[&str], by_policy: &str, set: &[&str]) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let (granted, forbidden) = (folder.path().join("grants.json"), folder.path().join("machine.kdl"));
        std::fs::write(&forbidden, machine).unwrap();
        let asks = |kind| Permission { kind, what: ANY.to_owned(), why: "x".to_owned(), optional: true };
        let asker = Asker {
            id: "probity/core/fuzz".to_owned(),
            version: "1".to_owned(),
            sha256: None,
            permissions: [PermissionKind::Net, PermissionKind::Token].map(asks).into(),
        };
        for what in by_person {
            let thing = super::super::Thing { kind: PermissionKind::Token, what: (*what).to_owned() };
            Granted::grant(&granted, &asker, vec![super::super::granted::Grant::now(thing, None)]).unwrap();
        }
        let text = format!(
            "plugins {{ plugin \"fuzz\" {{ grant {{ net \"a.b\"; {by_policy} }} }} }}\n\
             analyze {{ investigate policy=\"score > 0.5\"; analysis \"fuzz\" }}\n"
        );
        let policy = Policy::parse("p.kdl", &text).unwrap();
        let variables = set.iter().map(|name| ((*name).to_owned(), true)).collect();
        let permissions = Permissions {
            granted: Granted::read(&granted).unwrap(),
            machine: Machine::read(&forbidden).unwrap(),
            ground: Ground { home: None, guarded: Vec::new(), variables },
        };
        let declaring = Declaring { policy: &policy, folder: Path::new("/"), named: true, repo: None };
        let decided = permissions.decide(&asker, policy.plugins.first(), declaring);
        let grants = effective(&decided);
        let shown = decided.iter().map(|one| match &one.state {
            State::Granted { by, .. } => format!("{}: {by:?}", one.permission),
            State::Refused { error, .. } => format!("{}: {error}", one.permission),
            State::Forbidden { .. } => format!("{}: Forbidden", one.permission),
            state => format!("{}: {state:?}", one.permission),
        });
        let tokens = grants.tokens.iter().map(|(server, variable)| format!("{server} {variable}"));
        let lacking = grants.tokenless.iter().map(|(server, why)| format!("not {server}: {why}"));
        (shown.collect(), tokens.chain(lacking).collect())
    }

    #[test]
    fn a_token_goes_where_it_was_granted_and_the_persons_choice_counts() {
        let (shown, tokens) = given("", &[], "", &["X"]);
        assert_eq!((shown[1].as_str(), tokens.len()), ("token \"*\": Open", 0));
        let (shown, tokens) = given("", &[], "token \"a.b=X\"", &["X"]);
        assert_eq!((shown[1].as_str(), tokens), ("token \"a.b=X\": Policy", vec!["a.b X".to_owned()]));
        let (shown, tokens) = given("", &["a.b=Z", "a.b=Y", "c.d=Z"], "token \"a.b=X\"", &["X", "Y", "Z"]);
        let person = ["token \"a.b=Y\": Person", "token \"c.d=Z\": Person"];
        assert_eq!(
            (&shown[1..], tokens.join(", ").as_str()),
            (&person.map(str::to_owned)[..], "a.b Y, c.d Z")
        );
    }

    #[test]
    fn where_a_token_cannot_be_had_nothing_is_asked_without_it() {
        let (shown, tokens) = given("", &["a.b=X"], "", &[]);
        let why = "the variable X, whose value was to be sent along as a token, is not set";
        assert_eq!(shown[1], format!("token \"a.b=X\": {why}"));
        assert_eq!(tokens, [format!("not a.b: {why}")]);
        let (shown, tokens) = given("deny \"token\" \"a.b\"", &["a.b=X"], "", &["X"]);
        assert_eq!(shown[1], "token \"a.b=X\": Forbidden");
        assert_eq!(tokens, ["not a.b: this machine's policy forbids to send X along as a token"]);
        let (shown, tokens) = given("deny \"token\"", &[], "", &["X"]);
        assert_eq!((shown[1].as_str(), tokens.len()), ("token \"*\": Forbidden", 0));
    }
}
