//! One hash to compute, and what it costs.

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

use super::PasswordError;

/// RFC 9106 §3.1 asks for 16 bytes of salt.
pub(super) const SALT_BYTES: usize = 16;
pub(super) const HASH_BYTES: usize = 32;

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

    pub(super) fn is_within(self, limit: Self) -> bool {
        self.at_least(limit) == limit
    }
}

/// One hash to compute: everything but the password. The lane computes these and nothing else.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) cost: Cost,
    pub(super) version: Version,
    pub(super) salt: phc::Salt,
    pub(super) length: usize,
}

/// What was computed; wiped on drop.
pub(super) struct Hashed {
    bytes: Zeroizing<[u8; phc::Output::MAX_LENGTH]>,
    length: usize,
}

impl Job {
    /// A hash for storage, with a new random salt.
    pub(super) fn new(cost: Cost) -> Result<Self, PasswordError> {
        let mut salt = [0; SALT_BYTES];
        let is_random = aws_lc_rs::rand::fill(&mut salt).is_ok();
        match phc::Salt::new(&salt) {
            Ok(salt) if is_random => Ok(Self {
                cost,
                version: Version::V0x13,
                salt,
                length: HASH_BYTES,
            }),
            _ => Err(PasswordError::Failed {
                problem: "there is no randomness",
            }),
        }
    }

    /// Computes it in `memory`, which grows to what it needs and can be used for the next one.
    pub(super) fn run(
        &self,
        password: &[u8],
        memory: &mut Vec<Block>,
    ) -> Result<Hashed, PasswordError> {
        let Cost {
            memory_kib,
            iterations,
            lanes,
        } = self.cost;
        let params =
            Params::new(memory_kib, iterations, lanes, Some(self.length)).map_err(|_| {
                PasswordError::HashInvalid {
                    problem: "its parameters are not possible",
                }
            })?;
        let mut hashed = Hashed {
            bytes: Zeroizing::new([0; phc::Output::MAX_LENGTH]),
            length: self.length,
        };
        let no_memory = PasswordError::Failed {
            problem: "there is no memory",
        };
        let blocks = params.block_count();
        if memory
            .try_reserve_exact(blocks.saturating_sub(memory.len()))
            .is_err()
        {
            return Err(no_memory);
        }
        memory.resize(blocks, Block::new());
        let out = hashed.bytes.get_mut(..self.length).unwrap_or_default();
        Argon2::new(Algorithm::Argon2id, self.version, params)
            .hash_password_into_with_memory(password, &self.salt, out, memory.as_mut_slice())
            .map_err(|_| no_memory)?;
        Ok(hashed)
    }

    /// The text that is stored.
    pub(super) fn format(&self, hashed: &Hashed) -> Result<String, PasswordError> {
        let refused = |_| PasswordError::Failed {
            problem: "the library refused its own hash",
        };
        let hash = phc::Output::new(hashed.as_bytes()).map_err(refused)?;
        let (
            Cost {
                memory_kib,
                iterations,
                lanes,
            },
            salt,
        ) = (self.cost, &self.salt);
        Ok(format!(
            "$argon2id$v=19$m={memory_kib},t={iterations},p={lanes}${salt}${hash}"
        ))
    }
}

impl Hashed {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}
