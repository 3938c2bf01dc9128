//! The typed half: one pass over a type finds everything that is wrong with a tree.
//!
//! serde stops at the first error of a struct, and no deserializer can go on behind its back: only the type can
//! make its own values. So the reader runs the type again and again ([`engine`]). After each error it notes the
//! place and, in the next run, invents a plausible value there, so that the type goes on to what follows. A type
//! that refuses every invention is asked last, after all its siblings. Each run settles one place, hence the
//! whole ends; a correct configuration takes one run.
//!
//! The same machine with nothing to read, inventing everything, learns the shape of a type ([`schema`]): field
//! names, other names, variants, secrets.

mod access;
mod engine;
mod fault;
mod hint;
mod invent;
mod names;
mod places;
mod reader;
mod report;
mod schema;
mod settle;
mod state;
mod suggest;
mod words;

pub(super) use engine::{explore, read};
pub(super) use places::Places;
pub(super) use schema::{Kind, Schema};
pub(super) use words::{message, scrub, show};
