//! The untyped half: what was written, where, and which layer wins.

mod arguments;
mod environment;
mod file;
mod layers;
mod node;
mod path;
mod text;

pub(super) use arguments::read as read_arguments;
pub(super) use environment::{Variables, read as read_environment};
pub(super) use file::{File, read_bounded};
pub(super) use layers::Layers;
pub(super) use node::{Node, Table, Value};
pub(super) use path::{Path, Step};
pub(super) use text::{boolean, inline, integer, list};
