//! Jobs in a table.

mod crash;
mod runner;
mod stop;
mod support;
mod table;
