//! The platform from outside: the built program, its exit codes and what it prints.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admin;
mod api;
mod config;
mod demo;
mod operated;
mod program;
mod serve;
