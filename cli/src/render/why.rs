//! What a check reused, verified and ran for an analysis, as a tree: who asked below the asker, each question told once.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use probity_assess::why::{Asked, Cause, Change, Entry, How, Leaf, Why};
use probity_host::bare_name;

use crate::printer::tame;

/// So much of a key is shown, characters.
const KEY: usize = 60;
/// Hex digits of a digest or id that are shown.
const SHORT: usize = 12;
/// So many members of a group are shown that tell something.
const TELLING: usize = 3;
/// No plugin nests questions deeper; notes that do are no notes of ours.
const DEEPEST: usize = 1100;

/// The tree for a person: `depth` levels of it with wide groups folded, or all of it.
pub(crate) fn text(why: &Why, depth: Option<usize>) -> String {
    let check = &why.check;
    let extra = if check.dirty { ", with the working tree's changes" } else { "" };
    let mut page = format!(
        "{}, as of the last check: commit {}{extra}, on {}\n\n",
        tame(&why.analysis),
        short(&check.commit),
        tame(&check.date),
    );
    let mut tree = Tree { why, depth, told: BTreeSet::new(), left_out: false, page };
    tree.question(0, 0);
    page = tree.page;
    if tree.left_out {
        page.push_str(
            "\nNot all is shown: --depth N shows more levels, --all every question that is noted.\n",
        );
    }
    if check.cut {
        page.push_str("\nThe check asked more than is noted.\n");
    }
    if !check.remembers {
        page.push_str("\nThat check could not remember anything: it said why.\n");
    }
    page
}

struct Tree<'a> {
    why: &'a Why,
    /// `None`: all.
    depth: Option<usize>,
    told: BTreeSet<usize>,
    left_out: bool,
    page: String,
}

impl Tree<'_> {
    fn line(&mut self, level: usize, text: &str) {
        let _ = writeln!(self.page, "{}{text}", "  ".repeat(level));
    }

    /// One question with what it asked.
    fn question(&mut self, place: usize, level: usize) {
        let Some(entry) = self.why.entries.get(place) else { return };
        let named = format!("{}{}", query(&entry.plugin, &entry.query), self.key(entry));
        if !self.told.insert(place) && !entry.asked.is_empty() {
            return self.line(level, &format!("{named}: as above"));
        }
        self.line(level, &format!("{named}: {}", self.how(&entry.how)));
        if level + 1 >= self.depth.unwrap_or(DEEPEST) {
            self.left_out |= !entry.asked.is_empty();
            return;
        }
        for asked in &entry.asked {
            self.group(asked, level + 1);
        }
    }

    fn group(&mut self, asked: &Asked, level: usize) {
        let count = asked.count();
        if let ([member], 1) = (&asked.members[..], count) {
            return self.question(*member, level);
        }
        let counts = counts(asked);
        self.line(level, &format!("{} × {count}: {counts}", query(&asked.plugin, &asked.query)));
        if self.depth.is_none_or(|depth| level + 1 < depth) {
            let shown = self.shown(&asked.members);
            self.left_out |= shown < asked.members.len() && asked.reused < count;
            asked.members[..shown].iter().for_each(|member| self.question(*member, level + 1));
        } else {
            self.left_out |= asked.reused < count;
        }
        if self.depth.is_none() && asked.members.len() < count {
            self.line(level + 1, &format!("… and {} more", count - asked.members.len()));
        }
    }

    /// How many of a group's members are worth showing: the first few that tell something, or one as an example of what
    /// was asked for the first time.
    fn shown(&self, members: &[usize]) -> usize {
        if self.depth.is_none() {
            return members.len();
        }
        let how = |place: &usize| self.why.entries.get(*place).map(|entry| &entry.how);
        let tells = |place: &&usize| {
            !matches!(how(place), None | Some(How::Reused | How::Run { cause: Cause::First, .. }))
        };
        let telling = members.iter().take_while(tells).take(TELLING).count();
        let example = members.first().and_then(how).is_some_and(|how| !matches!(how, How::Reused));
        telling.max(usize::from(example))
    }

    fn key(&self, entry: &Entry) -> String {
        if entry.key == "{}" {
            return String::new();
        }
        let most = if self.depth.is_none() { usize::MAX } else { KEY };
        let shown: String = entry.key.chars().take(most).collect();
        let cut = entry.key_cut || shown.len() < entry.key.len();
        format!(" {}{}", tame(&shown), if cut { "…" } else { "" })
    }

    fn how(&self, how: &How) -> String {
        match how {
            How::Reused => "reused".to_owned(),
            How::Verified { since: Some(change) } => {
                format!("verified: {}, but all that it asked answered as before", self.change(change))
            }
            How::Verified { since: None } => "verified: all that it asked answered as before".to_owned(),
            How::Run { cause, remembered: true } => format!("run: {}", self.cause(cause)),
            How::Run { cause, remembered: false } => {
                format!(
                    "run: {}; not remembered, since something below it failed or is not recorded",
                    self.cause(cause)
                )
            }
            How::Failed { cause: Some(cause), message } => {
                format!("failed: {} (run: {})", tame(message), self.cause(cause))
            }
            How::Failed { cause: None, message } => format!("failed: {}", tame(message)),
        }
    }

    fn cause(&self, cause: &Cause) -> String {
        match cause {
            Cause::First => "asked for the first time".to_owned(),
            Cause::Forced => "forced by --refresh".to_owned(),
            Cause::Changed(change) => self.change(change),
            Cause::Dependency { plugin, query: name, then, now, private, .. } => {
                let asked = query(plugin, name);
                match (then, now) {
                    (Some(then), Some(now)) => {
                        let (then, now) = (self.digest(then), self.digest(now));
                        format!("{asked}, which it had asked, answers otherwise: {then} → {now}")
                    }
                    _ if *private => format!("{asked}, which it had asked, answers otherwise"),
                    _ => format!("{asked}, which it had asked, has no answer that can be relied on"),
                }
            }
            Cause::Lost => "the store gave only a part of what was remembered".to_owned(),
            Cause::Forgotten => "the check before asked it too, but it is not remembered any more".to_owned(),
            Cause::FailedBefore { message } => format!("an earlier attempt failed: {}", tame(message)),
            Cause::SawFailureBefore => {
                "in an earlier attempt something below it failed or was not recorded".to_owned()
            }
        }
    }

    fn change(&self, change: &Change) -> String {
        let what = match &change.leaf {
            Leaf::Age { .. } => {
                return "the answer holds for a while only: that is over, or the clock was set back"
                    .to_owned();
            }
            Leaf::Artifact { plugin } => format!("the program of plugin {} changed", plugin_name(plugin)),
            Leaf::Configuration { plugin } => {
                format!("the configuration of plugin {} changed", plugin_name(plugin))
            }
            Leaf::Input { kind, id } => format!("input {}/{} changed", tame(kind), tame(id)),
        };
        if let (Leaf::Input { .. }, None, None) = (&change.leaf, &change.then, &change.now) {
            return what;
        }
        let side = |value: &Option<String>, digest: &Option<String>| match (value, digest) {
            (Some(value), _) => tame(value),
            (None, Some(digest)) => self.digest(digest),
            (None, None) => "none".to_owned(),
        };
        let then = side(&change.value_then, &change.then);
        format!("{what}: {then} → {}", side(&change.value_now, &change.now))
    }

    fn digest(&self, digest: &str) -> String {
        if self.depth.is_none() { tame(digest) } else { short(digest) }
    }
}

fn short(id: &str) -> String {
    tame(&id.chars().take(SHORT).collect::<String>())
}

/// A built-in plugin goes by its bare name.
fn plugin_name(plugin: &str) -> String {
    tame(bare_name(plugin).unwrap_or(plugin))
}

fn query(plugin: &str, query: &str) -> String {
    format!("{}/{}", plugin_name(plugin), tame(query))
}

fn counts(asked: &Asked) -> String {
    let counts = [
        (asked.reused, "reused"),
        (asked.verified, "verified"),
        (asked.run, "run"),
        (asked.failed, "failed"),
    ];
    let named = |(count, how): (usize, &str)| (count > 0).then(|| format!("{count} {how}"));
    counts.into_iter().filter_map(named).collect::<Vec<_>>().join(", ")
}
