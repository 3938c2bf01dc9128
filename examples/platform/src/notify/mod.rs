//! The notify service: tells people and partners what has happened.

mod target;
