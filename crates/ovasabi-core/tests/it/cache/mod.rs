//! The cache in the process.

mod entries;
mod loads;
mod support;
