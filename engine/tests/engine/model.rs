//! Random graphs, changes and failures: the engine answers as one that remembers nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use probity_engine::{Failure, FailureKind};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::lab::{Call, Lab, World, refusal, unavailable, value};

const PLUGINS: usize = 3;
const NODES: usize = 9;

/// A query whose value is a small number: equal values are common, so that changes are cut off.
#[derive(Debug, Clone)]
struct Node {
    /// Groups of nodes that it asks, all later ones.
    groups: Vec<Vec<usize>>,
    asks_day: bool,
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
struct Facts {
    versions: [u32; PLUGINS],
    day: u32,
    failing: BTreeSet<usize>,
}

#[derive(Debug, Clone)]
enum Change {
    Nothing,
    Version(usize, u32),
    Config(usize, u32),
    Day(u32),
    Failing(BTreeSet<usize>),
}

/// A change, whether the engine is begun anew after it, and what is asked then.
type Step = (Change, bool, Vec<usize>);

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
    (change, any::<bool>(), vec(0..NODES, 1..4))
}

fn name(node: usize) -> String {
    format!("p{}/node {{\"n\":{node}}}", node % PLUGINS)
}

/// What a node adds by itself: some versions of a plugin differ for some of its nodes only.
fn salt(node: usize, version: u32) -> u32 {
    (node as u32 * version) % 3
}

/// The one rule of all nodes, given how to ask. Both the world and the model follow it.
fn rule<Failed>(
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
        Change::Config(plugin, config) => lab.configure(&format!("p{plugin}"), *config),
        Change::Day(day) => {
            facts.day = *day;
            lab.set_day(&day.to_string());
        }
        Change::Failing(failing) => facts.failing = failing.clone(),
    }
}

fn begin(lab: &mut Lab, anew: bool) {
    if anew {
        lab.restart();
    } else {
        lab.next_revision();
    }
}

fn ask(lab: &mut Lab, roots: &[usize]) -> Vec<String> {
    let names: Vec<String> = roots.iter().map(|root| name(*root)).collect();
    lab.ask_all(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_those_of_an_engine_without_memory(
        nodes in (0..NODES).map(node).collect::<Vec<_>>(),
        steps in vec(step(), 1..14),
    ) {
        let nodes = Arc::new(nodes);
        let facts = Arc::new(Mutex::new(Facts::default()));
        let mut lab = world(nodes.clone(), facts.clone()).lab();
        lab.set_day("0");
        for (change, anew, roots) in steps {
            apply(&change, &lab, &mut facts.lock().unwrap());
            begin(&mut lab, anew);
            let answers = ask(&mut lab, &roots);
            let now = facts.lock().unwrap().clone();
            for (root, answer) in roots.iter().zip(&answers) {
                prop_assert!(acceptable(&nodes, &now, *root).contains(answer), "node {root}: {answer}");
            }
            let executed = lab.executed();
            let ran: Vec<&str> = executed.split(", ").collect();
            prop_assert_eq!(ran.iter().collect::<BTreeSet<_>>().len(), ran.len(), "twice in a revision: {:?}", ran);
            // When nothing fails any more, nothing may be left of it; and then all is remembered.
            facts.lock().unwrap().failing.clear();
            let healed = Facts { failing: BTreeSet::new(), ..now };
            let expected: Vec<String> =
                roots.iter().map(|root| truth(&nodes, &healed, *root, &mut BTreeMap::new())).collect();
            begin(&mut lab, anew);
            prop_assert_eq!(&ask(&mut lab, &roots), &expected);
            begin(&mut lab, anew);
            prop_assert_eq!(&ask(&mut lab, &roots), &expected);
            prop_assert_eq!(lab.executed(), "");
        }
    }

    #[test]
    fn exactly_the_members_of_rings_fail(
        edges in vec((0..7usize, 0..7usize), 0..14),
        batched in any::<bool>(),
        roots in vec(0..7usize, 1..7),
    ) {
        let graph = edges.clone();
        let mut lab = World::default()
            .query("an/node", move |call| {
                let index = call.number("n") as usize;
                let below = graph.iter().filter(|(from, _)| *from == index);
                let names: Vec<String> = below.map(|(_, to)| format!("an/node {{\"n\":{to}}}")).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let _whatever: Vec<Result<String, Failure>> = match batched {
                    true => call.values(&names),
                    false => names.iter().map(|name| call.value(name)).collect(),
                };
                value("fine")
            })
            .lab();
        let names: Vec<String> = roots.iter().map(|root| format!("an/node {{\"n\":{root}}}")).collect();
        let answers = lab.ask_all(&names.iter().map(String::as_str).collect::<Vec<_>>());
        for (root, answer) in roots.iter().zip(answers) {
            let in_ring = reaches(&edges, *root).contains(root);
            let expected = if in_ring { format!("{:?}: ", FailureKind::Cycle) } else { "fine".into() };
            prop_assert!(answer.starts_with(&expected), "node {root}: {answer}");
        }
    }
}

/// The nodes that `start` asks for, directly or not.
fn reaches(edges: &[(usize, usize)], start: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut todo = vec![start];
    while let Some(node) = todo.pop() {
        let next = edges.iter().filter(|(from, _)| *from == node).map(|(_, to)| *to);
        todo.extend(next.filter(|to| reached.insert(*to)));
    }
    reached
}
