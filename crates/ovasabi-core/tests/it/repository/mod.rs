//! The database, its unit of work, and the repositories over it.

mod accounts;
mod contract;
mod migrations;
mod outbox;
mod pages;
mod support;
mod transactions;
