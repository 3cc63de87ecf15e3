//! Random rings, asked by callers on several threads, that come and go with versions: exactly their members fail, all
//! else is answered, nothing that saw a ring is remembered, and nothing hangs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use probity_engine::{Failure, FailureKind};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::lab::{Lab, World, named, request, shown, value};

const NODES: usize = 7;

type Edges = Vec<(usize, usize)>;

fn name(node: usize) -> String {
    format!("p{}/node {{\"n\":{node}}}", node % 2)
}

/// Each node asks those that the edges of the present version say, all at once or one by one, and does not mind a
/// failure.
fn world(edges: Arc<Mutex<Edges>>, batched: bool) -> Lab {
    let asking = |world: World, plugin: usize| {
        let edges = edges.clone();
        world.query(&format!("p{plugin}/node"), move |call| {
            let index = call.number("n") as usize;
            let now = edges.lock().unwrap().clone();
            let names: Vec<String> =
                now.iter().filter(|(from, _)| *from == index).map(|(_, to)| name(*to)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let _whatever: Vec<Result<String, Failure>> = match batched {
                true => call.values(&names),
                false => names.iter().map(|name| call.value(name)).collect(),
            };
            value("fine")
        })
    };
    (0..2).fold(World::default(), asking).lab()
}

/// The nodes that `start` asks for, directly or not.
fn reaches(edges: &Edges, start: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut todo = vec![start];
    while let Some(node) = todo.pop() {
        let next = edges.iter().filter(|(from, _)| *from == node).map(|(_, to)| *to);
        todo.extend(next.filter(|to| reached.insert(*to)));
    }
    reached
}

/// Whether the message names a ring that there is, from its least member on, with `member` in it.
fn names_a_ring(edges: &Edges, member: usize, message: &str) -> bool {
    let ring = message.strip_prefix("Cycle: queries ask for one another in a circle: ").unwrap_or_default();
    let nodes: Vec<usize> =
        ring.split(" → ").filter_map(|part| (0..NODES).find(|node| name(*node) == part)).collect();
    let (first, last) = (nodes.first().copied(), nodes.last().copied());
    let least = nodes.iter().map(|node| request(&name(*node))).min();
    nodes.len() > 1
        && first == last
        && least == first.map(|first| request(&name(first)))
        && nodes.windows(2).all(|pair| edges.contains(&(pair[0], pair[1])))
        && nodes.contains(&member)
}

/// Every caller asks one root, on a thread of its own.
fn ask(lab: &Lab, roots: &[usize]) -> Vec<String> {
    std::thread::scope(|scope| {
        let call = |root: usize| shown(&lab.engine.answers(&[request(&name(root))])[0]);
        let threads: Vec<_> = roots.iter().map(|root| scope.spawn(move || call(*root))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exactly_the_members_of_rings_fail_and_nothing_that_saw_one_is_remembered(
        versions in vec(vec((0..NODES, 0..NODES), 0..14), 1..4),
        batched in any::<bool>(),
        roots in vec(0..NODES, 1..7),
        anew in any::<bool>(),
    ) {
        let present = Arc::new(Mutex::new(Edges::new()));
        let mut lab = world(present.clone(), batched);
        for (version, edges) in versions.iter().enumerate() {
            *present.lock().unwrap() = edges.clone();
            (0..2).for_each(|plugin| lab.set_version(&format!("p{plugin}"), version as u32));
            if anew { lab.restart() } else { lab.next_revision() }
            let answers = ask(&lab, &roots);
            for (root, answer) in roots.iter().zip(&answers) {
                if reaches(edges, *root).contains(root) {
                    prop_assert!(answer.starts_with(&format!("{:?}: ", FailureKind::Cycle)), "{root}: {answer}");
                    prop_assert!(names_a_ring(edges, *root, answer), "{root}: {answer}");
                } else {
                    prop_assert_eq!(answer, "fine");
                }
            }
            let asked: BTreeSet<usize> =
                roots.iter().flat_map(|root| reaches(edges, *root)).chain(roots.iter().copied()).collect();
            prop_assert_eq!(ran(&lab), asked.iter().map(|node| name(*node)).collect(), "each once");
            if anew { lab.restart() } else { lab.next_revision() }
            prop_assert_eq!(ask(&lab, &roots).len(), answers.len());
            let sees_ring = |node: &usize| {
                reaches(edges, *node).iter().chain([node]).any(|below| reaches(edges, *below).contains(below))
            };
            let again: BTreeSet<String> = asked.iter().filter(|node| sees_ring(node)).map(|node| name(*node)).collect();
            prop_assert_eq!(ran(&lab), again, "who saw a ring, and nobody else");
        }
    }
}

/// What ran in this revision; each once.
fn ran(lab: &Lab) -> BTreeSet<String> {
    let executed = lab.engine.executed();
    let names: BTreeSet<String> = executed.iter().map(named).collect();
    assert_eq!(names.len(), executed.len(), "{executed:?}");
    names
}
