//! One typed struct from a file, the environment and arguments; every mistake at once, with its place.
//!
//! A service that stops at the first wrong key is started once per mistake. One that ignores a mistyped key runs
//! with a default that nobody chose. One that prints its configuration prints its passwords. [`Loader`] reads
//! any `serde` type without these three.
//!
//! # The rules
//!
//! * **Precedence**: defaults < files, in the order given < environment < arguments. Tables are merged key by
//!   key; anything else is replaced as a whole. Only what wins is read: a wrong value that is overridden is not
//!   reported.
//! * **Environment**: `APP__DB__MAX_CONNECTIONS` sets `db.max_connections` for the prefix `APP`. Two underscores
//!   separate levels, one belongs to the name; case does not matter. Numbers are elements:
//!   `APP__SERVERS__0__HOST`.
//! * **Arguments**: `--db.max_connections=20` or `--db.max_connections 20`; a boolean needs no value.
//! * **Texts** (variables and arguments) are read as the type that the field has: numbers with `_` and `0x`,
//!   `true`/`yes`/`on`/`1`, durations ([`duration`]), lists split at commas or written as TOML. An empty text
//!   makes an [`Option`] `None`. Files are strict: `"20"` is no number.
//! * **Sections**: one that is absent is read as an empty one, so only what is required inside it is missed.
//! * **Problems**: unknown keys (with a suggestion; the key meant is then not missing), missing keys (with the ways to set them), wrong types,
//!   values out of range, what a [`check`](Loader::check) refuses: all in one [`ConfigErrors`], one line each.
//!
//! # Example
//!
//! ```
//! use std::num::NonZeroU32;
//! use std::time::Duration;
//!
//! use ovasabi_core::config::{Loader, Secret};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Deserialize, Serialize)]
//! struct Settings {
//!     db: Db,
//! }
//!
//! #[derive(Debug, Deserialize, Serialize)]
//! struct Db {
//!     max_connections: NonZeroU32,
//!     #[serde(default)]
//!     timeout: Duration,
//!     password: Option<Secret>,
//! }
//!
//! // In a program: `.file("platform.toml").env("APP").args(std::env::args_os().skip(1))`.
//! let loader = |toml: &'static str| {
//!     Loader::<Settings>::new()
//!         .text("platform.toml", toml)
//!         .env_from("APP", [("APP__DB__PASSWORD", "hunter2")])
//!         .args(["--db.timeout=5s"])
//! };
//!
//! let loaded = loader("[db]\nmax_connections = 20\n").load()?;
//! assert_eq!(loaded.value().db.timeout, Duration::from_secs(5));
//! assert_eq!(
//!     loaded.dump(),
//!     "db.max_connections = 20 # platform.toml:2:19\n\
//!      db.password = \"***\" # APP__DB__PASSWORD\n\
//!      db.timeout = \"5s\" # --db.timeout\n"
//! );
//!
//! let refused = loader("[db]\nmax_conections = 20\n").load().unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     "db.max_conections = 20: unknown key; did you mean `db.max_connections`? (platform.toml:2:1)"
//! );
//! # Ok::<(), ovasabi_core::config::ConfigErrors>(())
//! ```
//!
//! # Secrets
//!
//! A field of type [`Secret`] can be given as a path: `password_file` in a file, `APP__DB__PASSWORD_FILE`,
//! `--db.password_file`. The file holds at most 64 KiB of UTF-8; line ends at its end are cut off; the path is
//! relative to the working directory. In one layer a secret and its file are a conflict; over layers the higher
//! one wins.
//!
//! No secret is shown: not by `Debug`, not by [`Loaded::dump`], not in a problem about it, not under a mistyped
//! name that looks like one. The user's part of URLs is cut out of everything that is printed. A plain field
//! whose name says that it is a secret (`api_key`, `…_token`, `…_password`) is hidden too, though its own
//! `Debug` is not ours.
//!
//! # Where it belongs
//!
//! First in `main`, before logs and runtimes, for both are configured by it. [`Loader::load`] blocks on files.
//!
//! # What goes wrong in deployment
//!
//! * `#[serde(flatten)]`, `untagged` and `tag = "…"` make serde buffer a section before the type sees it: inside
//!   of one, problems come one at a time and are reported at the section, unknown keys are not seen, and texts
//!   are numbers if they look like some. An enum without `tag` has none of these limits.
//! * A field with `deserialize_with` or `with` is required unless it has `#[serde(default)]`, an [`Option`] too.
//! * Borrowed fields (`&str`) cannot be read: the values outlive their source.
//! * A compose file that sets `APP__DB__URL: ${DB_URL}` sets it to the empty text if `DB_URL` is not set.
//!
//! How it finds everything although serde stops at the first error is told in the module `read` of the source.

mod check;
mod defaults;
mod dump;
pub mod duration;
mod error;
mod keys;
mod load;
mod loaded;
mod loader;
mod origins;
mod problem;
mod read;
mod secret;
mod source;
mod tree;

pub use check::Report;
pub use error::ConfigErrors;
pub use keys::Key;
pub use loaded::{Explanation, Loaded};
pub use loader::Loader;
pub use problem::{Problem, ProblemKind};
pub use secret::Secret;
pub use source::Source;

#[cfg(doctest)]
#[doc = include_str!("../../../../docs/config.md")]
struct Guide;
