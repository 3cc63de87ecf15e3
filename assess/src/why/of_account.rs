//! From the engine's account to what is noted: texts in place of digests and requests, and long ones cut.

use std::collections::HashMap;

use probity_engine::{self as engine, Account, Digest, Request};

use super::{Asked, Cause, Change, Check, Entry, How, Leaf, Record};
use crate::report::Report;
use crate::settings::Day;

/// So much of a key is noted, bytes. Keys can be megabytes; a person knows them by their beginning.
const MAX_KEY: usize = 160;
/// So much of a failure's message, bytes.
const MAX_MESSAGE: usize = 2000;
/// So many days before and after today are tried for the day that a digest stands for.
const DAYS: u64 = 20_000;

impl Record {
    /// What is noted of a check with this report. `account` has one root for each of `analyses`.
    pub(crate) fn of(
        report: &Report,
        remembers: bool,
        analyses: impl Iterator<Item = String>,
        account: Account,
    ) -> Record {
        let check = Check {
            version: report.tool.version.clone(),
            commit: report.target.commit.clone(),
            dirty: report.target.dirty,
            date: report.date.clone(),
            policy: report.policy.digest.clone(),
            remembers,
            cut: account.cut,
        };
        let mut days = Days::default();
        Record {
            check,
            analyses: analyses.zip(account.roots).collect(),
            entries: account.entries.into_iter().map(|noted| entry(noted, &mut days)).collect(),
        }
    }
}

fn entry(entry: engine::Entry, days: &mut Days) -> Entry {
    let Request { plugin, query, key } = &entry.request;
    Entry {
        name: entry.name.to_string(),
        plugin: plugin.to_string(),
        query: query.to_string(),
        key: beginning(key.as_str(), MAX_KEY).to_owned(),
        key_cut: key.as_str().len() > MAX_KEY,
        how: how(entry.how, days),
        asked: entry.groups.into_iter().map(asked).collect(),
    }
}

fn beginning(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn how(how: engine::How, days: &mut Days) -> How {
    match how {
        engine::How::Reused => How::Reused,
        engine::How::Verified(since) => How::Verified { since: since.map(|since| change(since, days)) },
        engine::How::Ran { cause, kept } => How::Run { cause: self::cause(cause, days), remembered: kept },
        engine::How::Failed { cause, failure } => How::Failed {
            cause: cause.map(|cause| self::cause(cause, days)),
            message: beginning(&failure.message, MAX_MESSAGE).to_owned(),
        },
    }
}

fn cause(cause: engine::Cause, days: &mut Days) -> Cause {
    match cause {
        engine::Cause::First => Cause::First,
        engine::Cause::Forced => Cause::Forced,
        engine::Cause::Leaf(changed) => Cause::Changed(change(*changed, days)),
        engine::Cause::Dependency { request, name, then, now, private } => Cause::Dependency {
            plugin: request.plugin.to_string(),
            query: request.query.to_string(),
            name: name.to_string(),
            then: then.map(|then| then.to_string()),
            now: now.map(|now| now.to_string()),
            private,
        },
        engine::Cause::Lost => Cause::Lost,
    }
}

fn change(change: engine::Change, days: &mut Days) -> Change {
    let leaf = match &change.leaf {
        engine::Leaf::Artifact(plugin) => Leaf::Artifact { plugin: plugin.to_string() },
        engine::Leaf::Config(plugin) => Leaf::Configuration { plugin: plugin.to_string() },
        engine::Leaf::Input { kind, id } => Leaf::Input { kind: kind.to_string(), id: id.to_string() },
        engine::Leaf::Expiry { since, at } => Leaf::Age { since: *since, until: *at },
    };
    let value_now = change.value.as_deref().map(|value| beginning(value, MAX_KEY).to_owned());
    let value_then = change.then.zip(value_now.as_deref()).and_then(|(then, now)| days.of(then, now));
    Change {
        leaf,
        then: change.then.map(|digest| digest.to_string()),
        now: change.now.map(|digest| digest.to_string()),
        value_then,
        value_now,
    }
}

/// The days, months and years that digests stand for: a trace keeps no values, but there are not many of these.
#[derive(Default)]
struct Days(HashMap<Digest, Option<String>>);

impl Days {
    /// The time whose digest this is, as JSON; `now` is the present one, a day, a month or a year. What is none is not
    /// found.
    fn of(&mut self, digest: Digest, now: &str) -> Option<String> {
        let now = now.strip_prefix('"')?.strip_suffix('"')?;
        let coarse = now.len();
        let today = Day::parse(&format!("{now}{}", "0000-01-01".get(coarse..)?)).ok()?.number();
        let near = || {
            (1..=DAYS)
                .flat_map(|distance| [today.checked_sub(distance), today.checked_add(distance)])
                .flatten()
        };
        let text = |number: u64| format!("\"{}\"", &Day::from_unix(number * 86_400).as_str()[..coarse]);
        let find = || near().map(text).find(|time| Digest::of(time.as_bytes()) == digest);
        self.0.entry(digest).or_insert_with(find).clone()
    }
}

fn asked(group: engine::Group) -> Asked {
    let engine::Counts { reused, verified, ran, failed } = group.counts;
    Asked {
        plugin: group.plugin.to_string(),
        query: group.query.to_string(),
        reused,
        verified,
        run: ran,
        failed,
        members: group.members,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_by_their_digests_at_every_coarseness() {
        for (then, now) in [
            ("\"2026-02-28\"", "\"2026-03-01\""),
            ("\"2027-03-01\"", "\"2026-03-01\""),
            ("\"2025-12\"", "\"2026-01\""),
            ("\"1999\"", "\"2026\""),
        ] {
            let mut days = Days::default();
            assert_eq!(days.of(Digest::of(then.as_bytes()), now).as_deref(), Some(then));
            assert_eq!(days.of(Digest::of(b"\"secret\""), now), None);
        }
        for now in ["\"\"", "\"today\"", "7", "\"2026-03-01T00\"", "\"é\""] {
            assert_eq!(Days::default().of(Digest::of(b"x"), now), None, "{now}");
        }
    }
}
