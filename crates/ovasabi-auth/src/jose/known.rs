//! Headers that a set of keys has seen before.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::VerifyingKey;
use super::header::Header;

/// The headers of tokens whose signatures have held, letter for letter. An issuer writes the same one into all tokens of
/// a key, so that it is read once and not with every token; what it says of an unchanged set does not change.
///
/// Only a signature that holds takes a place, so nobody else can fill them. Without a free one a header is read
/// each time, as it is at first.
#[derive(Clone, Default)]
pub(super) struct KnownHeaders([OnceLock<Arc<Known>>; PLACES]);

/// A few keys, each with a kind of token or two.
const PLACES: usize = 4;

/// What a header says, and the one key of the set that it means.
pub(super) struct Known {
    encoded: Box<str>,
    pub(super) header: Header,
    pub(super) key: VerifyingKey,
}

impl KnownHeaders {
    #[inline]
    pub(super) fn get(&self, encoded: &str) -> Option<&Known> {
        let known = self.0.iter().map_while(OnceLock::get);
        known
            .map(|known| &**known)
            .find(|known| *known.encoded == *encoded)
    }

    /// `key` is the only one of the set that the header may mean.
    #[cold]
    pub(super) fn learn(&self, encoded: &str, header: &Header, key: &VerifyingKey) {
        let Some(free) = self.0.iter().find(|place| place.get().is_none()) else {
            return;
        };
        let known = Known {
            encoded: encoded.into(),
            header: header.clone(),
            key: key.clone(),
        };
        // Whoever was first with a place keeps it; the next token tries again.
        let _ = free.set(Arc::new(known));
    }
}

impl fmt::Debug for KnownHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.iter().map_while(OnceLock::get);
        f.debug_tuple("KnownHeaders").field(&known.count()).finish()
    }
}
