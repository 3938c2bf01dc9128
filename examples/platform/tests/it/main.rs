//! The platform from outside: the built program, its exit codes and what it prints.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admin;
mod api;
mod cast;
mod concurrency;
mod config;
mod degradation;
mod demo;
mod document;
mod drain;
mod http;
mod installation;
mod kill;
mod limits;
mod listener;
mod operated;
mod program;
mod rbac;
mod roles;
mod serve;
mod start_order;
mod strangers;
mod trace;
mod traffic;
mod twins;
mod walk;
