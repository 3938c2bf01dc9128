//! Hashes as they are stored: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::PasswordError;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// Shorter hashes can be guessed; the format itself goes down to 10.
const LEAST_HASH_BYTES: usize = 16;

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) memory_kib: u32,
    pub(super) iterations: u32,
    pub(super) lanes: u32,
}

impl Cost {
    pub(super) fn at_least(self, other: Self) -> Self {
        Self {
            memory_kib: self.memory_kib.max(other.memory_kib),
            iterations: self.iterations.max(other.iterations),
            lanes: self.lanes.max(other.lanes),
        }
    }

    fn is_within(self, limit: Self) -> bool {
        self.at_least(limit) == limit
    }

    fn hash(
        self,
        version: Version,
        password: &[u8],
        salt: &[u8],
        out: &mut [u8],
    ) -> Result<(), PasswordError> {
        let Self {
            memory_kib,
            iterations,
            lanes,
        } = self;
        let params = Params::new(memory_kib, iterations, lanes, Some(out.len())).map_err(|_| {
            PasswordError::HashInvalid {
                problem: "its parameters are not possible",
            }
        })?;
        Argon2::new(Algorithm::Argon2id, version, params)
            .hash_password_into(password, salt, out)
            .map_err(|_| PasswordError::Failed {
                problem: "there is no memory",
            })
    }
}

/// Hashes with a new random salt.
pub(super) fn hash(cost: Cost, password: &[u8]) -> Result<String, PasswordError> {
    let no_randomness = PasswordError::Failed {
        problem: "there is no randomness",
    };
    let mut salt = [0; SALT_BYTES];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| no_randomness)?;
    let mut out = [0; HASH_BYTES];
    cost.hash(Version::V0x13, password, &salt, &mut out)?;
    let (salt, out) = (phc::Salt::new(&salt), phc::Output::new(&out));
    let (Ok(salt), Ok(out)) = (salt, out) else {
        return Err(PasswordError::Failed {
            problem: "the library refused its own lengths",
        });
    };
    let Cost {
        memory_kib,
        iterations,
        lanes,
    } = cost;
    Ok(format!(
        "$argon2id$v=19$m={memory_kib},t={iterations},p={lanes}${salt}${out}"
    ))
}

/// Does the work of a verification that cannot succeed.
pub(super) fn burn(cost: Cost, password: &[u8]) -> Result<(), PasswordError> {
    let mut out = [0; HASH_BYTES];
    cost.hash(Version::V0x13, password, &[0; SALT_BYTES], &mut out)?;
    // Kept alive, so that the work cannot be optimised away.
    std::hint::black_box(&out);
    Ok(())
}

/// A stored hash that has been read and is worth computing.
#[derive(Debug)]
pub(super) struct Stored {
    cost: Cost,
    version: Version,
    salt: phc::Salt,
    hash: phc::Output,
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
        Ok(Self {
            cost,
            version,
            salt,
            hash,
        })
    }

    /// Whether the password is the one that was hashed.
    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, PasswordError> {
        let mut out = [0; phc::Output::MAX_LENGTH];
        let out = out.get_mut(..self.hash.len()).unwrap_or_default();
        self.cost.hash(self.version, password, &self.salt, out)?;
        Ok(verify_slices_are_equal(out, self.hash.as_bytes()).is_ok())
    }

    /// Whether anything about it is weaker than what new hashes get.
    pub(super) fn is_weaker_than(&self, cost: Cost) -> bool {
        let is_old = !matches!(self.version, Version::V0x13);
        let is_short = self.hash.len() < HASH_BYTES || self.salt.len() < SALT_BYTES;
        // Lanes trade time against threads; fewer of them are no weakness.
        let is_cheaper =
            self.cost.memory_kib < cost.memory_kib || self.cost.iterations < cost.iterations;
        is_old || is_short || is_cheaper
    }
}
