//! Jobs in a table.

mod crash;
mod lease;
mod runner;
mod stop;
mod support;
mod table;
