//! The platform from outside: the built program, its exit codes and what it prints.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api;
mod config;
mod demo;
mod program;
mod serve;
