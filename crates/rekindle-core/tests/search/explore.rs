//! Walks every state a model can reach, breadth first, so that a counterexample is a shortest one.

use std::collections::{HashSet, VecDeque};
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Which promise a step broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) &'static str);

/// A small world: what can happen next in each of its states. States arrive canonical, so that the walk
/// ends where the world is finite up to shifts of time and of generations.
pub(crate) trait Model {
    type State: Clone + Hash;
    type Action: Copy + Debug;

    fn steps(&self, state: &Self::State, emit: &mut dyn FnMut(Self::Action, Result<Self::State, Broken>));
}

/// A promise and the steps that break it.
#[derive(Debug)]
pub(crate) struct Counterexample {
    pub(crate) broken: Broken,
    pub(crate) trace: Vec<String>,
}

/// What a walk found.
#[derive(Debug)]
pub(crate) struct Walk<S> {
    pub(crate) states: usize,
    pub(crate) counterexample: Option<Counterexample>,
    /// Every state reached, where the caller asked for them.
    pub(crate) reached: Vec<S>,
}

/// Far above what any search here reaches: a world that turned out infinite must fail, not eat the machine.
const TOO_MANY: usize = 20_000_000;

pub(crate) fn walk<M: Model>(model: &M, initial: Vec<M::State>) -> Walk<M::State> {
    visit(model, initial, false)
}

pub(crate) fn walk_and_keep<M: Model>(model: &M, initial: Vec<M::State>) -> Walk<M::State> {
    visit(model, initial, true)
}

fn visit<M: Model>(model: &M, initial: Vec<M::State>, keep: bool) -> Walk<M::State> {
    let mut seen = HashSet::new();
    let mut parents: Vec<(u32, Option<M::Action>)> = Vec::new();
    let mut queue = VecDeque::new();
    let mut reached = Vec::new();
    for state in initial {
        if seen.insert(fingerprint(&state)) {
            queue.push_back((state, parents.len()));
            parents.push((0, None));
        }
    }
    while let Some((state, index)) = queue.pop_front() {
        let mut found = None;
        model.steps(&state, &mut |action, next| match next {
            Ok(next) => {
                if seen.insert(fingerprint(&next)) {
                    queue.push_back((next, parents.len()));
                    parents.push((u32::try_from(index).unwrap(), Some(action)));
                }
            }
            Err(broken) => {
                found.get_or_insert((broken, action));
            }
        });
        if let Some((broken, action)) = found {
            let mut trace = vec![format!("{action:?}")];
            let mut at = index;
            while let (parent, Some(action)) = parents[at] {
                trace.push(format!("{action:?}"));
                at = parent as usize;
            }
            trace.reverse();
            return Walk {
                states: seen.len(),
                counterexample: Some(Counterexample { broken, trace }),
                reached,
            };
        }
        if keep {
            reached.push(state);
        }
        assert!(seen.len() < TOO_MANY, "the world is larger than it was thought to be");
    }
    Walk { states: seen.len(), counterexample: None, reached }
}

fn fingerprint(state: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

impl<S> Walk<S> {
    /// The number of states, or a failure that prints the way to the broken promise.
    #[track_caller]
    pub(crate) fn holds(&self, what: &str) -> usize {
        if let Some(found) = &self.counterexample {
            panic!("{what}: {:?} after {} states\n  {}", found.broken, self.states, found.trace.join("\n  "));
        }
        self.states
    }

    /// The promise that was found broken.
    #[track_caller]
    pub(crate) fn breaks(&self, what: &str) -> &'static str {
        match &self.counterexample {
            Some(found) => found.broken.0,
            None => panic!("{what}: nothing broke in {} states", self.states),
        }
    }
}
