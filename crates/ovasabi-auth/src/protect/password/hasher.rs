//! The handle.

use std::sync::Arc;

use ovasabi_core::Context;
use ovasabi_core::inspect::{Inspected, NameTaken, Registry};

use super::job::{Cost, Job};
use super::lane::Lane;
use super::phc::Stored;
use super::{Password, PasswordError, PasswordHasherBuilder};

/// Hashes and verifies passwords with Argon2id. Clones share one lane.
#[derive(Clone, Debug)]
pub struct PasswordHasher {
    cost: Cost,
    max_stored: Cost,
    lane: Arc<Inspected<Lane>>,
}

/// Whether a password was the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "whoever ignores this lets everybody in"]
pub enum Verdict {
    /// It is the password.
    Correct {
        /// Whether the stored hash is weaker than what [`PasswordHasher::hash`] makes now: hash the
        /// password again and store that.
        needs_rehash: bool,
    },
    /// It is not, or there is no such user.
    Wrong,
}

impl PasswordHasher {
    /// Starts with the defaults: 19 MiB, 2 passes, 1 lane.
    pub fn builder() -> PasswordHasherBuilder {
        PasswordHasherBuilder::default()
    }

    pub(super) fn new(cost: Cost, max_stored: Cost, lane: Arc<Inspected<Lane>>) -> Self {
        Self {
            cost,
            max_stored,
            lane,
        }
    }

    /// Hashes a password with a new random salt, as a PHC string for storage.
    ///
    /// # Errors
    /// [`PasswordError`]: too long, refused by the lane, or stopped by the context.
    ///
    /// # Panics
    /// Outside a tokio runtime with timers.
    ///
    /// # Cancel safety
    /// Dropping the future loses the hash. It is computed to its end all the same, and keeps its permit.
    pub async fn hash(&self, cx: &Context, password: &Password) -> Result<String, PasswordError> {
        check(password)?;
        let job = Job::new(self.cost)?;
        let hashed = self.lane.run(cx, job.clone(), password).await?;
        job.format(&hashed)
    }

    /// Verifies a password against the stored hash of a user; `None` when there is no such user, which then
    /// costs the same.
    ///
    /// The cost of a stored hash is its own: accounts whose hash was made with other settings can be told
    /// apart by time until they are hashed again.
    ///
    /// # Errors
    /// [`PasswordError`]: too long, refused by the lane, stopped by the context, or a stored hash that is
    /// damaged or too costly.
    ///
    /// # Panics
    /// Outside a tokio runtime with timers.
    ///
    /// # Cancel safety
    /// Dropping the future loses the verdict. The hash is computed to its end all the same, and keeps its
    /// permit.
    pub async fn verify(
        &self,
        cx: &Context,
        password: &Password,
        stored: Option<&str>,
    ) -> Result<Verdict, PasswordError> {
        check(password)?;
        let stored = match stored {
            Some(text) => Stored::parse(text, self.max_stored)?,
            None => Stored::of_nobody(self.cost)?,
        };
        let hashed = self.lane.run(cx, stored.job(), password).await?;
        Ok(if stored.is(&hashed) {
            Verdict::Correct {
                needs_rehash: stored.is_weaker_than(self.cost),
            }
        } else {
            Verdict::Wrong
        })
    }

    /// Lets `registry` show its lane: hashes begun, refused, running, waiting.
    ///
    /// # Errors
    /// [`NameTaken`] when another hasher of this name is alive.
    pub fn inspect(self, registry: &Registry) -> Result<Self, NameTaken> {
        registry.register(&self.lane)?;
        Ok(self)
    }
}

fn check(password: &Password) -> Result<(), PasswordError> {
    let (length, max) = (password.as_bytes().len(), Password::MAX_BYTES);
    if length > max {
        Err(PasswordError::TooLong { length, max })
    } else {
        Ok(())
    }
}
