//! Findings: the places that the rules of an analysis speak of, in the one form that policies, suppressions and reports know.
//!
//! A plugin lists its rules with [`rules!`](crate::rules), publishes them with [`Plugin::rules`](crate::Plugin::rules), and a query of its
//! answers with a list of [`Finding`]s, put in order by [`answer`].

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Concern, MAX_CONCERNS};

/// So many findings are told in one answer.
const MOST: usize = 5000;

/// How bad a finding is by itself. What is worth looking into is for the policy to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Hardly ever innocent.
    High,
    /// Seldom innocent.
    Medium,
    /// To be noted.
    Low,
}

impl Severity {
    /// As it is written: `high`, `medium` or `low`.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rule, as people read of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Lower-case words joined by `-`. Policies and reports name it, so it never changes.
    pub id: &'static str,
    /// The query whose findings it makes.
    pub query: &'static str,
    /// How bad it is, and in which case less; what it finds, why that matters, what to do. Begins with a severity: the worst.
    pub text: &'static str,
    /// Where that is written down: an address.
    pub reference: &'static str,
}

/// Lists a plugin's rules: a constant with the id of each, and `RULES` with all of them; and a test of what holds of every list.
///
/// ```
/// probity_sdk::rules! {
///     PRIVATE_KEY "private-key" secrets
///         "medium, or low in tests: a file holds a private key. If it was ever used, replace it."
///         "https://cwe.mitre.org/data/definitions/798.html"
/// }
/// assert_eq!(RULES[0].id, PRIVATE_KEY);
/// assert_eq!(RULES[0].query, "secrets");
/// ```
#[macro_export]
macro_rules! rules {
    ($($name:ident $id:literal $query:ident $text:literal $reference:literal)*) => {
        $(pub(crate) const $name: &str = $id;)*
        /// All rules, by query.
        pub(crate) const RULES: &[$crate::findings::Rule] = &[$($crate::findings::Rule {
            id: $id, query: stringify!($query), text: $text, reference: $reference,
        }),*];

        #[cfg(test)]
        #[test]
        fn rules_have_one_id_each_and_say_how_bad_they_are() {
            $crate::testing::assert_rules(RULES);
        }
    };
}

/// One place that a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// `high`, `medium` or `low`.
    #[schemars(with = "String")]
    pub severity: Severity,
    /// The rule's id.
    pub rule: String,
    /// The file; quoted as git does where it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub path: Option<String>,
    /// The line in that file, from 1; absent where the rule speaks of the whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    pub line: Option<u32>,
    /// The id of a commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub commit: Option<String>,
    /// The name of a package, an action, or whatever else is taken from others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub package: Option<String>,
    /// What is there, for a person. Never a secret itself.
    pub message: String,
}

impl Finding {
    /// A finding without a place.
    pub fn new(rule: &str, severity: Severity, message: impl Into<String>) -> Finding {
        let message = message.into();
        Finding {
            severity,
            rule: rule.to_owned(),
            path: None,
            line: None,
            commit: None,
            package: None,
            message,
        }
    }

    /// The same in this file.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Finding {
        self.path = Some(path.into());
        self
    }

    /// The same at this line, from 1.
    #[must_use]
    pub fn line(mut self, line: u32) -> Finding {
        self.line = Some(line);
        self
    }

    /// The same in this commit.
    #[must_use]
    pub fn commit(mut self, id: impl Into<String>) -> Finding {
        self.commit = Some(id.into());
        self
    }

    /// The same about this package.
    #[must_use]
    pub fn package(mut self, name: impl Into<String>) -> Finding {
        self.package = Some(name.into());
        self
    }

    /// The hint to the person.
    pub fn concern(&self) -> Concern {
        let mut concern = Concern::new(format!("{} ({}): {}", self.rule, self.severity, self.message));
        concern = concern.rule(&self.rule);
        if let Some(commit) = &self.commit {
            concern = concern.commit(commit);
        }
        if let Some(path) = &self.path {
            concern = concern.path(path);
        }
        match self.line {
            Some(line) => concern.line(u64::from(line)),
            None => concern,
        }
    }
}

/// The findings, the worst first, each once, at most 5000 of them; the first are pointed out. Where there are more, the last one says so, as bad as
/// the worst that is left out: who suppresses the others by their places must still learn of those.
pub fn answer(mut findings: Vec<Finding>) -> Answer<Vec<Finding>> {
    findings.sort();
    findings.dedup();
    if findings.len() > MOST {
        let left_out = findings.split_off(MOST - 1);
        let Finding { rule, severity, .. } = &left_out[0];
        let message = format!("{} more findings are left out", left_out.len());
        findings.push(Finding::new(rule, *severity, message));
    }
    let concerns: Vec<Concern> = findings.iter().take(MAX_CONCERNS).map(Finding::concern).collect();
    Answer::new(findings).concerns(concerns)
}

/// The default policy of a plugin whose values are findings, whatever its configuration: what is only to be noted does not fail, the rest
/// does. For [`Plugin::default_policy`](crate::Plugin::default_policy).
pub fn policy<C>(_: &C) -> Option<String> {
    Some(r#"value.all(f, f.severity == "low")"#.to_owned())
}

/// The rule of this id.
pub fn rule(rules: &'static [Rule], id: &str) -> Option<&'static Rule> {
    rules.iter().find(|rule| rule.id == id)
}

/// The beginning of a text on one line, for a message.
pub fn shortened(text: &str) -> String {
    const MOST: usize = 100;
    let line: String =
        text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST + 1).collect();
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_the_worst_first_and_each_finding_once() {
        let low = Finding::new("b", Severity::Low, "m").path("a").line(2);
        let high = Finding::new("c", Severity::High, "m").commit("c0ffee");
        let (value, concerns) = answer(vec![low.clone(), high.clone(), low.clone()]).into_parts();
        assert_eq!(value, [high, low]);
        assert_eq!(concerns[0], Concern::new("c (high): m").rule("c").commit("c0ffee"));
        assert_eq!(concerns[1], Concern::new("b (low): m").rule("b").path("a").line(2));
    }

    #[test]
    fn what_is_absent_is_not_written() {
        let finding = Finding::new("b", Severity::Low, "m").package("left-pad");
        let text = serde_json::to_string(&finding).unwrap();
        assert_eq!(text, r#"{"severity":"low","rule":"b","package":"left-pad","message":"m"}"#);
        assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), finding);
    }

    #[test]
    fn a_long_text_is_shortened_to_one_line() {
        assert_eq!(shortened(" a\nb "), "a b");
        assert_eq!(shortened(&"x".repeat(101)), format!("{}…", "x".repeat(100)));
    }
}
