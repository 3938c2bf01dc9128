//! What is told to whom, and what an answer of a target means: no database, no network.

mod answer;
mod audience;
mod kind;
mod topics;

pub(super) use answer::{Judgement, judge};
pub(super) use audience::{Audience, Tiding};
pub(super) use kind::Kind;
pub(super) use topics::{ALL_TOPICS, Topics};
