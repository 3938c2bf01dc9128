//! Runs a type until nothing new comes up.

use secrecy::zeroize::Zeroizing;
use serde::de::DeserializeOwned;

use super::reader::{Input, Reader};
use super::state::{MAX_PROBLEMS, Mark, State};
use super::{Kind, Places, Schema};
use crate::config::tree::{Node, Path};
use crate::config::{Problem, ProblemKind};

/// Far more runs than any configuration takes: each settles one place.
const MAX_RUNS: usize = 4096;

/// Looking into every variant of every enum ends here.
const MAX_EXPLORING_RUNS: usize = 512;

/// What reading gave.
pub(crate) struct Outcome<T> {
    /// The value, if nothing in it is made up: there may still be unknown keys beside it.
    pub(crate) value: Option<T>,
    pub(crate) problems: Vec<Problem>,
    /// The shape of the type, with what reading has added.
    pub(crate) schema: Schema,
    /// The texts of secrets from files.
    pub(crate) secrets: Vec<Zeroizing<String>>,
}

/// Reads a tree as a `T`, and everything that is wrong with it.
pub(crate) fn read<T: DeserializeOwned>(root: &Node, schema: Schema, places: Places) -> Outcome<T> {
    let mut state = State {
        schema,
        places,
        ..State::default()
    };
    let mut value = None;
    for _ in 0..MAX_RUNS {
        match run::<T>(&mut state, Input::Node(root)) {
            Run::Done(done) => {
                value = state
                    .marks
                    .values()
                    .all(|mark| *mark == Mark::Empty)
                    .then_some(done);
                break;
            }
            Run::Again if !state.overflow => {}
            Run::Again | Run::Stuck => break,
        }
    }
    // A mistyped key is one mistake, not an unknown key and a missing one.
    let meant = std::mem::take(&mut state.meant);
    let is_told =
        |problem: &Problem| problem.kind() == ProblemKind::Missing && meant.contains(problem.key());
    state.problems.retain(|problem| !is_told(problem));
    if state.overflow {
        let message = format!("more than {MAX_PROBLEMS} problems; the rest is not listed");
        state
            .problems
            .push(Problem::new(ProblemKind::Invalid, message));
    }
    if value.is_none() && state.problems.is_empty() {
        // Unreachable as far as anybody knows; an error without a text would be worse than this one.
        state.problems.push(Problem::new(
            ProblemKind::Invalid,
            "the configuration cannot be read",
        ));
    }
    let secrets = state.secrets_read().cloned().collect();
    Outcome {
        value,
        problems: state.problems,
        schema: state.schema,
        secrets,
    }
}

/// Learns the shape of a `T`, as far as it lets itself be made up.
pub(crate) fn explore<T: DeserializeOwned>() -> Schema {
    let mut state = State {
        exploring: true,
        ..State::default()
    };
    let mut runs = 0;
    settle::<T>(&mut state, &mut runs);
    let marks = state.marks.clone();
    while runs < MAX_EXPLORING_RUNS && next_choice(&mut state) {
        // What one variant needed is of no use to the next.
        state.marks.clone_from(&marks);
        settle::<T>(&mut state, &mut runs);
    }
    state.schema
}

fn settle<T: DeserializeOwned>(state: &mut State, runs: &mut usize) {
    while *runs < MAX_EXPLORING_RUNS && matches!(run::<T>(state, Input::Invent), Run::Again) {
        *runs += 1;
    }
    *runs += 1;
}

enum Run<T> {
    Done(T),
    Again,
    Stuck,
}

fn run<T: DeserializeOwned>(state: &mut State, input: Input<'_>) -> Run<T> {
    state.path = Default::default();
    state.within.clear();
    state.forget();
    let input = if state.marks.contains_key(&state.path) {
        Input::Invent
    } else {
        input
    };
    match T::deserialize(Reader::new(state, input, false)) {
        Ok(value) => Run::Done(value),
        Err(fault) => {
            state.locate(fault, input, false, None);
            let located = state.take_located();
            if located.is_some_and(|located| state.settle(located)) {
                Run::Again
            } else {
                Run::Stuck
            }
        }
    }
}

/// Turns to the next variant of the innermost enum that has one left.
fn next_choice(state: &mut State) -> bool {
    let schema = &state.schema;
    let has_more =
        |path: &Path, choice: usize| match schema.get(&path.shape()).map(|shape| &shape.kind) {
            Some(Kind::Enum { variants }) => choice + 1 < variants.len(),
            _ => false,
        };
    let open = state
        .choices
        .iter_mut()
        .filter(|(path, choice)| has_more(path, **choice));
    match open.max_by_key(|(path, _)| path.len()) {
        Some((_, choice)) => {
            *choice += 1;
            true
        }
        None => false,
    }
}
