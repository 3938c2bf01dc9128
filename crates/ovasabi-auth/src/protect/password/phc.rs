//! Hashes as they are stored: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.

use argon2::Version;
use argon2::password_hash::phc;
use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::PasswordError;
use super::job::{Cost, HASH_BYTES, Hashed, Job, SALT_BYTES};

/// Shorter hashes can be guessed; the format itself goes down to 10.
const LEAST_HASH_BYTES: usize = 16;

/// A stored hash that has been read and is worth computing.
#[derive(Debug)]
pub(super) struct Stored {
    job: Job,
    /// `None` for a user that there is not: the work is the same, and the answer is no.
    hash: Option<phc::Output>,
}

impl Stored {
    pub(super) fn parse(text: &str, limit: Cost) -> Result<Self, PasswordError> {
        let invalid = |problem| PasswordError::HashInvalid { problem };
        let parsed = phc::PasswordHash::new(text).map_err(|_| invalid("it is not a PHC string"))?;
        if parsed.algorithm.as_str() != "argon2id" {
            return Err(invalid("its algorithm is not argon2id"));
        }
        let version = match parsed.version {
            Some(0x13) => Version::V0x13,
            Some(0x10) | None => Version::V0x10,
            Some(_) => return Err(invalid("its version is not known")),
        };
        let mut numbers = [None; 3];
        for (name, value) in parsed.params.iter() {
            let Some(at) = ["m", "t", "p"]
                .into_iter()
                .position(|known| known == name.as_str())
            else {
                return Err(invalid("it has a parameter that is not known"));
            };
            let value = value
                .decimal()
                .map_err(|_| invalid("a parameter is not a number"))?;
            if let Some(number) = numbers.get_mut(at)
                && number.replace(value).is_some()
            {
                return Err(invalid("a parameter is there twice"));
            }
        }
        let [Some(memory_kib), Some(iterations), Some(lanes)] = numbers else {
            return Err(invalid("a parameter is missing"));
        };
        let (Some(salt), Some(hash)) = (parsed.salt, parsed.hash) else {
            return Err(invalid("its salt or hash is missing"));
        };
        if hash.len() < LEAST_HASH_BYTES {
            return Err(invalid("its hash is too short"));
        }
        let cost = Cost {
            memory_kib,
            iterations,
            lanes,
        };
        if !cost.is_within(limit) {
            return Err(PasswordError::HashTooCostly {
                memory_kib,
                iterations,
                lanes,
            });
        }
        let length = hash.len();
        Ok(Self {
            job: Job {
                cost,
                version,
                salt,
                length,
            },
            hash: Some(hash),
        })
    }

    /// What a user that there is not would have stored.
    pub(super) fn of_nobody(cost: Cost) -> Result<Self, PasswordError> {
        Ok(Self {
            job: Job::new(cost)?,
            hash: None,
        })
    }

    pub(super) fn job(&self) -> Job {
        self.job.clone()
    }

    /// Whether this is the hash that was stored.
    pub(super) fn is(&self, hashed: &Hashed) -> bool {
        let own = self.hash.as_ref().map_or(&[][..], phc::Output::as_bytes);
        verify_slices_are_equal(own, hashed.as_bytes()).is_ok()
    }

    /// Whether anything about it is weaker than what new hashes get.
    pub(super) fn is_weaker_than(&self, cost: Cost) -> bool {
        let Job {
            cost: own,
            version,
            salt,
            length,
        } = &self.job;
        let is_old = !matches!(version, Version::V0x13);
        let is_short = *length < HASH_BYTES || salt.len() < SALT_BYTES;
        // Lanes trade time against threads; fewer of them are no weakness.
        let is_cheaper = own.memory_kib < cost.memory_kib || own.iterations < cost.iterations;
        is_old || is_short || is_cheaper
    }
}
