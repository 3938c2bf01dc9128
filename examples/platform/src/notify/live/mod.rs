//! Live streams: who reads, and what he reads.

mod seats;
mod stream;

pub(super) use seats::{Seat, Streams};
pub(super) use stream::Reader;
