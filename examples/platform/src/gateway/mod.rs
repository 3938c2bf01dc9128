//! The gateway: knows routes and policies, not the domain.
//!
//! Each service behind it has a stack of its own (deadline, retries within a budget, breaker, concurrency), so that one
//! that is down takes no other with it. What it does not know as a route does not exist outside: `/internal` least of
//! all.

mod blame;
mod document;
mod limits;
mod patience;
mod routes;
mod streams;
mod upstream;

pub(crate) use document::routes as document_routes;
pub(crate) use limits::Limits;
pub(crate) use patience::without_patience;
pub(crate) use routes::Gateway;
pub(crate) use streams::Streams;
pub(crate) use upstream::Upstream;
