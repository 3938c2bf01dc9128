//! Passwords: Argon2id, in a lane that cannot take the process down.
//!
//! A password hash is meant to be slow and large. A service that hashes on its async threads stalls every
//! request behind it, and one that hashes without a limit can be stopped by whoever posts to `/login`. So
//! [`PasswordHasher`] is a lane:
//!
//! * at most `permits` hashes run at once, on blocking threads; at most `max_waiting` wait, in order, and not
//!   longer than their context allows; everybody else is refused at once: 503 with `Retry-After`;
//! * a request that goes away leaves its permit with its hash: the memory is in use until the hash ends;
//! * an unknown user costs the same as a wrong password: [`verify`](PasswordHasher::verify) takes the stored
//!   hash as an `Option`, and hashes for `None` too;
//! * passwords over 1 KiB are refused before any hashing, and so are stored hashes that ask for more memory or
//!   time than allowed, before any allocation;
//! * a hash that is weaker than the settings still verifies, and says `needs_rehash`.
//!
//! ```
//! use ovasabi_auth::protect::password::{Password, PasswordHasher, Verdict};
//! use ovasabi_core::Context;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hasher = PasswordHasher::builder().build()?;
//! let cx = Context::background();
//!
//! let stored = hasher.hash(&cx, &Password::new("correct horse")).await?;
//! let right = hasher.verify(&cx, &Password::new("correct horse"), Some(&stored)).await?;
//! assert_eq!(right, Verdict::Correct { needs_rehash: false });
//!
//! assert_eq!(hasher.verify(&cx, &Password::new("battery staple"), Some(&stored)).await?, Verdict::Wrong);
//! assert_eq!(hasher.verify(&cx, &Password::new("correct horse"), None).await?, Verdict::Wrong);
//! # Ok(())
//! # }
//! ```
//!
//! In deployment: memory is `permits` × `memory_kib`, so four permits of the default take 76 MiB; a stored hash
//! that asks for more takes that for as long as it is computed. A [`LoginGuard`] belongs in front: it limits attempts
//! by account and address, so that nobody can try for ever, or lock somebody else out.
//!
//! Source: RFC 9106 (Argon2), the OWASP password storage cheat sheet (its second setting is the default), the
//! PHC string format.

mod config;
mod error;
mod guard;
mod hasher;
mod job;
mod lane;
mod phc;
mod secret;

pub use config::{ConfigError, PasswordHasherBuilder};
pub use error::PasswordError;
pub use guard::{LoginAttempt, LoginGuard};
pub use hasher::{PasswordHasher, Verdict};
pub use secret::Password;
