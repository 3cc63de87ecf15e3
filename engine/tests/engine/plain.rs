//! The engine's memory told plainly: one thread, no session, no store. A query is run only if it is asked and none of
//! its last four traces holds; a trace holds if all leaves in its closure are the same, or if what it had asked
//! answers the same, group after group.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::model::{Facts, Node, PLUGINS, rule, salt};

/// So many traces of a query are remembered.
const TRACES: usize = 4;

/// What an answer can rest on beside other answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Leaf {
    Version(usize),
    Config(usize),
    Day,
}

type Leaves = BTreeMap<Leaf, u32>;

/// What was asked at once, and what came of it.
#[derive(Debug, Clone, PartialEq)]
enum Asked {
    Day(u32),
    Group(Vec<(usize, String)>),
}

/// A remembered answer.
#[derive(Debug, Clone, PartialEq)]
struct Trace {
    answer: String,
    own: Leaves,
    asked: Vec<Asked>,
    /// All leaves below it, its own among them.
    deep: Leaves,
}

/// What is remembered of each node, the latest first.
#[derive(Debug, Default)]
pub(crate) struct Memory(BTreeMap<usize, VecDeque<Trace>>);

impl Memory {
    fn traces(&self, node: usize) -> Vec<Trace> {
        self.0.get(&node).into_iter().flatten().cloned().collect()
    }

    fn remember(&mut self, node: usize, trace: Trace) {
        let traces = self.0.entry(node).or_default();
        traces.retain(|other| *other != trace);
        traces.push_front(trace);
        traces.truncate(TRACES);
    }
}

/// A settled node.
#[derive(Debug, Clone)]
struct Settled {
    /// The failure's text where there is no answer.
    answer: Result<String, String>,
    /// It saw a failure below.
    tainted: bool,
    deep: Leaves,
}

/// One revision, in which the facts stay as they are.
pub(crate) struct Revision<'a> {
    nodes: &'a [Node],
    facts: &'a Facts,
    memory: &'a mut Memory,
    settled: BTreeMap<usize, Settled>,
    ran: BTreeSet<usize>,
}

impl<'a> Revision<'a> {
    pub(crate) fn new(nodes: &'a [Node], facts: &'a Facts, memory: &'a mut Memory) -> Revision<'a> {
        Revision { nodes, facts, memory, settled: BTreeMap::new(), ran: BTreeSet::new() }
    }

    /// What a caller is told.
    pub(crate) fn answer(&mut self, node: usize) -> String {
        self.settle(node).answer.unwrap_or_else(|failure| failure)
    }

    /// The nodes that had to run.
    pub(crate) fn ran(&self) -> impl Iterator<Item = usize> {
        self.ran.iter().copied()
    }

    fn settle(&mut self, node: usize) -> Settled {
        if let Some(settled) = self.settled.get(&node) {
            return settled.clone();
        }
        let settled = self.remembered(node).unwrap_or_else(|| self.run(node));
        self.settled.insert(node, settled.clone());
        settled
    }

    fn now(&self, leaf: Leaf) -> u32 {
        match leaf {
            Leaf::Version(plugin) => self.facts.versions[plugin],
            Leaf::Config(plugin) => self.facts.configs[plugin],
            Leaf::Day => self.facts.day,
        }
    }

    fn own(&self, node: usize) -> Leaves {
        let plugin = node % PLUGINS;
        [Leaf::Version(plugin), Leaf::Config(plugin)].map(|leaf| (leaf, self.now(leaf))).into()
    }

    fn remembered(&mut self, node: usize) -> Option<Settled> {
        let traces = self.memory.traces(node);
        let fact = |answer: String, deep| Settled { answer: Ok(answer), tainted: false, deep };
        if let Some(trace) =
            traces.iter().find(|trace| trace.deep.iter().all(|(leaf, then)| self.now(*leaf) == *then))
        {
            return Some(fact(trace.answer.clone(), trace.deep.clone()));
        }
        for trace in traces {
            if let Some(deep) = self.holds(node, &trace) {
                self.memory.remember(node, Trace { deep: deep.clone(), ..trace.clone() });
                return Some(fact(trace.answer, deep));
            }
        }
        None
    }

    /// The leaves below a trace as they are now, if what it had asked answers the same.
    fn holds(&mut self, node: usize, trace: &Trace) -> Option<Leaves> {
        let mut deep = self.own(node);
        if trace.own != deep {
            return None;
        }
        for asked in &trace.asked {
            match asked {
                Asked::Day(then) if self.facts.day == *then => drop(deep.insert(Leaf::Day, *then)),
                Asked::Day(_) => return None,
                Asked::Group(members) => {
                    let now: Vec<Settled> = members.iter().map(|(member, _)| self.settle(*member)).collect();
                    for (now, (_, then)) in now.into_iter().zip(members) {
                        if now.tainted || now.answer.as_ref() != Ok(then) {
                            return None;
                        }
                        deep.extend(now.deep);
                    }
                }
            }
        }
        Some(deep)
    }

    fn run(&mut self, node: usize) -> Settled {
        self.ran.insert(node);
        let own = self.own(node);
        let mut deep = own.clone();
        let failed = |failure: String| Settled { answer: Err(failure), tainted: true, deep: Leaves::new() };
        if self.facts.failing.contains(&node) {
            return failed(format!("Unavailable: node {node}"));
        }
        let mut asked = Vec::new();
        if self.nodes[node].asks_day {
            asked.push(Asked::Day(self.facts.day));
            deep.insert(Leaf::Day, self.facts.day);
        }
        let mut tainted = false;
        let (nodes, facts) = (self.nodes, self.facts);
        let group = |members: &[usize]| -> Vec<Result<String, String>> {
            let below: Vec<Settled> = members.iter().map(|member| self.settle(*member)).collect();
            tainted |= below.iter().any(|below| below.tainted);
            below.iter().for_each(|below| deep.extend(below.deep.clone()));
            let answers: Vec<_> = below.into_iter().map(|below| below.answer).collect();
            let known = members.iter().zip(&answers);
            let known = known.map(|(member, answer)| (*member, answer.clone().unwrap_or_default()));
            asked.push(Asked::Group(known.collect()));
            answers
        };
        let salt = salt(node, facts.versions[node % PLUGINS]);
        let answer = match rule(&nodes[node], salt, || facts.day, group) {
            Ok(Ok(sum)) => sum.to_string(),
            Ok(Err(sum)) => format!("refused: {sum}"),
            Err(failure) => return failed(failure),
        };
        if !tainted {
            self.memory.remember(node, Trace { answer: answer.clone(), own, asked, deep: deep.clone() });
        }
        Settled { answer: Ok(answer), tainted, deep }
    }
}
