//! The service as its callers see it: every route behind its guards, over a database of its own.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

mod ask;
mod campaigns;
mod claims;
mod flows;
mod housekeeping;
mod jobs;
mod masking;
mod qualify;
mod schema;
mod stale;
mod transfers;
mod world;
