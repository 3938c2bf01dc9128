//! The half that nobody but its owner knows.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use super::KeyId;

/// What is stored of a secret: the SHA-256 of its text.
///
/// The secret has 256 random bits, so nobody finds it by trying: a slow hash would cost time and protect
/// nothing. `Debug` does not show it, and comparing takes the same time whatever is compared.
#[derive(Clone, Copy)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The digest that a store has kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn of(secret: &str) -> Self {
        #[cfg(test)]
        tests::DIGESTS.set(tests::DIGESTS.get() + 1);
        let mut bytes = [0; 32];
        let hashed = digest(&SHA256, secret.as_bytes());
        // SHA-256 has 32 bytes: both are of one length.
        bytes
            .iter_mut()
            .zip(hashed.as_ref())
            .for_each(|(to, from)| *to = *from);
        Self(bytes)
    }

    /// Whether both are of one secret, in constant time.
    pub(super) fn is(&self, other: &Self) -> bool {
        #[cfg(test)]
        tests::COMPARISONS.set(tests::COMPARISONS.get() + 1);
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(..)")
    }
}

/// A key as its owner gets it: once, when it is issued. Wiped on drop.
///
/// There is no `Display`, no `Clone` and no `Serialize`; `Debug` shows the public id. What is exposed from it is
/// for one answer to its owner, and for no log.
pub struct IssuedKey {
    id: KeyId,
    text: Zeroizing<String>,
}

impl IssuedKey {
    pub(super) fn new(id: KeyId, text: String) -> Self {
        Self {
            id,
            text: Zeroizing::new(text),
        }
    }

    /// The public id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The whole key, secret included.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for IssuedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Digests and comparisons of this thread.
#[cfg(test)]
pub(super) fn work() -> (u32, u32) {
    (tests::DIGESTS.get(), tests::COMPARISONS.get())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    thread_local! {
        pub(super) static DIGESTS: Cell<u32> = const { Cell::new(0) };
        pub(super) static COMPARISONS: Cell<u32> = const { Cell::new(0) };
    }
}
