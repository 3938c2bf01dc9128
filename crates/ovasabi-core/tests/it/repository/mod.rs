//! The database, its unit of work, and the repositories over it.

mod accounts;
mod contract;
mod migrations;
mod pages;
mod support;
mod transactions;
