//! The gateway: knows routes and limits, not the domain.
//!
//! Each upstream has a breaker and a retry budget of its own, so that one that is down takes no other
//! with it.

mod limits;
mod routes;

pub(crate) use limits::Limits;
pub(crate) use routes::{Gateway, Policies};
