//! The database, its unit of work, and the repositories over it.

mod migrations;
mod support;
mod transactions;
