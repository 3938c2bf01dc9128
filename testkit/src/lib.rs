//! Real server processes for tests.
//!
//! Some things cannot be shown against a mock: that a pool survives a database that was killed, that a cache comes back after its
//! Redis did, that a queue loses nothing. This kit runs the real program as a child of the test:
//!
//! - on a port that nobody else has, kept for as long as the [`Server`] lives, so that a restart finds it free;
//! - in a temporary folder of its own, kept over restarts and removed at the end;
//! - ready when [`ServerBuilder::start`] returns, killed, stopped and restarted at will;
//! - gone with the test, whether that passes, panics or is killed itself.
//!
//! A program that is not installed is skipped visibly on a laptop and an error in a pipeline: see [`require_or_skip`].
//!
//! # Examples
//!
//! ```
//! use ovasabi_testkit::{Server, require_or_skip};
//!
//! # fn main() -> Result<(), ovasabi_testkit::Error> {
//! let Some(redis) = require_or_skip("redis-server") else { return Ok(()) };
//! let server = Server::builder(redis)
//!     .args(|port, dir| {
//!         let dir = dir.display().to_string();
//!         ["--port".to_owned(), port.to_string(), "--bind".to_owned(), "127.0.0.1".to_owned(), "--dir".to_owned(), dir]
//!     })
//!     .start()?;
//! let address = server.addr();
//!
//! server.kill()?;
//! assert!(!server.is_running());
//!
//! server.restart()?;
//! assert_eq!(server.addr(), address);
//! # Ok(())
//! # }
//! ```
//!
//! # Waiting
//!
//! The other side is a real process, so time here is real: every wait has an upper bound and ends as soon as the state that it is for
//! is there. Exits and lines of output wake the waiter; only ports are polled, because a process does not tell when it listens.
//!
//! # Limits
//!
//! Unix only. That a server dies with a test that was killed needs `setpriv` (util-linux); without it a panic and an ordinary end
//! still clean up. The folder of a test that was killed stays behind in the system's temporary folder.

mod builder;
mod error;
mod openid;
mod port;
mod process;
mod program;
mod server;

pub use crate::builder::{Ready, ServerBuilder, StopSignal};
pub use crate::error::Error;
pub use crate::openid::OpenIdProvider;
pub use crate::program::{find_program, require_or_skip};
pub use crate::server::Server;
