//! What is inside tables, lists and enums, in the order that serves the search for mistakes.

mod elements;
mod entries;
mod fields;
mod variant;

use serde::de::DeserializeSeed;

use super::fault::Fault;
use super::reader::{Input, Reader};
use super::state::{Mark, State};
use crate::config::tree::Step;

pub(super) use elements::Elements;
pub(super) use entries::Entries;
pub(super) use fields::Fields;
pub(super) use variant::Variant;

/// Reads what stands one level down; the innermost place of a fault is noted here at the latest.
fn child<'de, S: DeserializeSeed<'de>>(
    state: &mut State,
    step: Step,
    input: Input<'_>,
    secret: bool,
    seed: S,
) -> Result<S::Value, Fault> {
    state.path.push(step);
    let input = match state.marks.get(&state.path) {
        Some(Mark::Invent(_)) => Input::Invent,
        _ => input,
    };
    let result = seed.deserialize(Reader::new(state, input, secret));
    let result = match result {
        Ok(value) => {
            state.forget();
            Ok(value)
        }
        Err(fault) => Err(state.locate(fault, input, secret, None)),
    };
    state.path.pop();
    result
}
