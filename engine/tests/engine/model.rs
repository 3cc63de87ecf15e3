//! Random graphs of queries, random changes and failures, callers on several threads: the engine answers as one
//! that remembers nothing, and runs exactly what a plain model of its memory says has to run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::lab::{Call, Lab, World, named, refusal, request, shown, unavailable, value};
use crate::plain::{Memory, Revision};

pub(crate) const PLUGINS: usize = 3;
const NODES: usize = 9;

/// A query whose value is a small number: equal values are common, so that changes are cut off.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Groups of nodes that it asks, all later ones.
    groups: Vec<Vec<usize>>,
    pub(crate) asks_day: bool,
    /// Its value is the sum of what it knows, modulo this.
    modulus: u32,
    /// An even sum after a group ends its questions.
    stops_early: bool,
    /// A failure below counts as nought.
    lenient: bool,
    /// A sum of 3 modulo 4 is refused.
    refuses: bool,
}

/// What the answers depend on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) versions: [u32; PLUGINS],
    pub(crate) configs: [u32; PLUGINS],
    pub(crate) day: u32,
    pub(crate) failing: BTreeSet<usize>,
}

#[derive(Debug, Clone)]
enum Change {
    Nothing,
    Version(usize, u32),
    Config(usize, u32),
    Day(u32),
    Failing(BTreeSet<usize>),
}

/// A change, whether the engine is begun anew after it, and what is asked then by each of some callers.
type Step = (Change, bool, Vec<Vec<usize>>);

fn node(index: usize) -> impl Strategy<Value = Node> {
    let later = NODES - index - 1;
    let groups =
        if later == 0 { Just(Vec::new()).boxed() } else { vec(vec(index + 1..NODES, 1..4), 0..3).boxed() };
    (groups, any::<bool>(), 1..4u32, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(groups, asks_day, modulus, stops_early, lenient, refuses)| Node {
            groups,
            asks_day,
            modulus,
            stops_early,
            lenient,
            refuses,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let change = prop_oneof![
        1 => Just(Change::Nothing),
        3 => (0..PLUGINS, 0..4u32).prop_map(|(plugin, version)| Change::Version(plugin, version)),
        1 => (0..PLUGINS, 0..3u32).prop_map(|(plugin, config)| Change::Config(plugin, config)),
        2 => (0..3u32).prop_map(Change::Day),
        2 => btree_set(0..NODES, 0..3).prop_map(Change::Failing),
    ];
    (change, any::<bool>(), vec(vec(0..NODES, 1..4), 1..4))
}

fn name(node: usize) -> String {
    format!("p{}/node {{\"n\":{node}}}", node % PLUGINS)
}

/// What a node adds by itself: some versions of a plugin differ for some of its nodes only.
pub(crate) fn salt(node: usize, version: u32) -> u32 {
    (node as u32 * version) % 3
}

/// The one rule of all nodes, given how to ask. Both the world and the model follow it.
pub(crate) fn rule<Failed>(
    node: &Node,
    own: u32,
    day: impl FnOnce() -> u32,
    mut group: impl FnMut(&[usize]) -> Vec<Result<String, Failed>>,
) -> Result<Result<u32, u32>, Failed> {
    let mut sum = own;
    if node.asks_day {
        sum += day();
    }
    for members in &node.groups {
        for below in group(members) {
            match below {
                Ok(text) => sum += text.bytes().map(u32::from).sum::<u32>(),
                Err(_) if node.lenient => {}
                Err(failure) => return Err(failure),
            }
        }
        if node.stops_early && sum.is_multiple_of(2) {
            break;
        }
    }
    Ok(if node.refuses && sum % 4 == 3 { Err(sum % node.modulus) } else { Ok(sum % node.modulus) })
}

fn world(nodes: Arc<Vec<Node>>, facts: Arc<Mutex<Facts>>) -> World {
    (0..PLUGINS).fold(World::default(), |world, plugin| {
        let (nodes, facts) = (nodes.clone(), facts.clone());
        world.query(&format!("p{plugin}/node"), move |call: &mut Call<'_>| {
            let index = call.number("n") as usize;
            let version = facts.lock().unwrap().versions[plugin];
            if facts.lock().unwrap().failing.contains(&index) {
                return unavailable(&format!("node {index}"));
            }
            let day = match nodes[index].asks_day {
                true => call.day()?.parse().unwrap(),
                false => 0,
            };
            let ask = |members: &[usize]| {
                let names: Vec<String> = members.iter().map(|member| name(*member)).collect();
                call.values(&names.iter().map(String::as_str).collect::<Vec<_>>())
            };
            match rule(&nodes[index], salt(index, version), || day, ask)? {
                Ok(sum) => value(sum.to_string()),
                Err(sum) => refusal(&sum.to_string()),
            }
        })
    })
}

/// What an engine that remembers nothing would answer.
fn truth(nodes: &[Node], facts: &Facts, index: usize, known: &mut BTreeMap<usize, String>) -> String {
    if let Some(text) = known.get(&index) {
        return text.clone();
    }
    let text = if facts.failing.contains(&index) {
        format!("Unavailable: node {index}")
    } else {
        let mut ask = |members: &[usize]| -> Vec<Result<String, String>> {
            let texts = members.iter().map(|member| truth(nodes, facts, *member, known));
            texts.map(|text| if text.starts_with("Unavailable") { Err(text) } else { Ok(text) }).collect()
        };
        let own = salt(index, facts.versions[index % PLUGINS]);
        match rule(&nodes[index], own, || facts.day, &mut ask) {
            Ok(Ok(sum)) => sum.to_string(),
            Ok(Err(sum)) => format!("refused: {sum}"),
            Err(failure) => failure,
        }
    };
    known.insert(index, text.clone());
    text
}

/// All that may be answered: a node that fails now may have been remembered from when it did not.
fn acceptable(nodes: &[Node], facts: &Facts, index: usize) -> BTreeSet<String> {
    let failing: Vec<usize> = facts.failing.iter().copied().collect();
    (0..1 << failing.len())
        .map(|choice: usize| {
            let still = failing.iter().enumerate().filter(|(bit, _)| choice >> bit & 1 == 1);
            let facts = Facts { failing: still.map(|(_, node)| *node).collect(), ..facts.clone() };
            truth(nodes, &facts, index, &mut BTreeMap::new())
        })
        .collect()
}

fn apply(change: &Change, lab: &Lab, facts: &mut Facts) {
    match change {
        Change::Nothing => {}
        Change::Version(plugin, version) => {
            facts.versions[*plugin] = *version;
            lab.set_version(&format!("p{plugin}"), *version);
        }
        Change::Config(plugin, config) => {
            facts.configs[*plugin] = *config;
            lab.configure(&format!("p{plugin}"), *config);
        }
        Change::Day(day) => {
            facts.day = *day;
            lab.set_day(&day.to_string());
        }
        Change::Failing(failing) => facts.failing = failing.clone(),
    }
}

/// The engine under test, the model of its memory, and the facts of the world that both live in.
struct Trial {
    lab: Lab,
    nodes: Arc<Vec<Node>>,
    facts: Arc<Mutex<Facts>>,
    memory: Memory,
}

impl Trial {
    fn new(nodes: Vec<Node>) -> Trial {
        let nodes = Arc::new(nodes);
        let facts = Arc::new(Mutex::new(Facts::default()));
        let lab = world(nodes.clone(), facts.clone()).lab();
        lab.set_day("0");
        Trial { lab, nodes, facts, memory: Memory::default() }
    }

    /// Begins a revision, of another engine on the same store if `anew`, and has all callers ask at once. Their
    /// answers and what ran must be the model's. Returns what ran.
    fn revision(&mut self, anew: bool, callers: &[Vec<usize>]) -> Result<Vec<String>, TestCaseError> {
        if anew {
            self.lab.restart();
        } else {
            self.lab.next_revision();
        }
        let facts = self.facts.lock().unwrap().clone();
        let answers = ask(&self.lab, callers);
        let mut model = Revision::new(&self.nodes, &facts, &mut self.memory);
        for (roots, answers) in callers.iter().zip(&answers) {
            for (root, answer) in roots.iter().zip(answers) {
                prop_assert_eq!(answer, &model.answer(*root), "node {}", root);
                prop_assert!(
                    acceptable(&self.nodes, &facts, *root).contains(answer),
                    "node {root}: {answer}"
                );
            }
        }
        let mut needed: Vec<String> = model.ran().map(name).collect();
        needed.sort();
        let mut ran: Vec<String> = self.lab.engine.executed().iter().map(named).collect();
        ran.sort();
        prop_assert_eq!(&ran, &needed, "what ran, and what had to run");
        prop_assert_eq!(ask(&self.lab, callers), answers);
        prop_assert_eq!(
            self.lab.engine.executed().len(),
            ran.len(),
            "what failed is not tried again in a revision"
        );
        Ok(ran)
    }

    /// When nothing fails any more, nothing may be left of it; and then all is remembered.
    fn healed(&mut self, anew: bool, callers: &[Vec<usize>]) -> Result<(), TestCaseError> {
        self.facts.lock().unwrap().failing.clear();
        let facts = self.facts.lock().unwrap().clone();
        self.revision(anew, callers)?;
        for (roots, answers) in callers.iter().zip(ask(&self.lab, callers)) {
            let truths = roots.iter().map(|root| truth(&self.nodes, &facts, *root, &mut BTreeMap::new()));
            prop_assert_eq!(truths.collect::<Vec<_>>(), answers);
        }
        prop_assert_eq!(self.revision(anew, callers)?, Vec::<String>::new());
        Ok(())
    }
}

/// Each caller on a thread of its own.
fn ask(lab: &Lab, callers: &[Vec<usize>]) -> Vec<Vec<String>> {
    let call = |roots: &Vec<usize>| -> Vec<String> {
        let requests: Vec<_> = roots.iter().map(|root| request(&name(*root))).collect();
        lab.engine.answers(&requests).iter().map(shown).collect()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = callers.iter().map(|roots| scope.spawn(move || call(roots))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_those_of_an_engine_without_memory_and_no_run_is_one_too_many(
        nodes in (0..NODES).map(node).collect::<Vec<_>>(),
        steps in vec(step(), 1..14),
    ) {
        let mut trial = Trial::new(nodes);
        for (change, anew, callers) in steps {
            apply(&change, &trial.lab, &mut trial.facts.lock().unwrap());
            trial.revision(anew, &callers)?;
            trial.healed(anew, &callers)?;
        }
    }

    #[test]
    fn failures_that_come_and_go_leave_nothing_behind(
        nodes in (0..NODES).map(node).collect::<Vec<_>>(),
        steps in vec(step(), 2..20),
    ) {
        let mut trial = Trial::new(nodes);
        for (change, anew, callers) in steps {
            apply(&change, &trial.lab, &mut trial.facts.lock().unwrap());
            trial.revision(anew, &callers)?;
        }
    }
}
