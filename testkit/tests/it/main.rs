//! The test kit, proved with a fake server.

mod cleanup;
mod lifecycle;
mod missing;
mod support;
