//! Keys made of keys.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::RequestKey;

/// The key that `find` returns; missing when it returns `None`.
pub const fn from_fn<F>(find: F) -> FromFn<F> {
    FromFn(find)
}

/// A function that may find a key; see [`from_fn`].
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

impl<Req, K: Hash, F: Fn(&Req) -> Option<K>> RequestKey<Req> for FromFn<F> {
    type Key = K;

    #[inline]
    fn hash_key<H: Hasher + Clone>(&self, request: &Req, state: &mut H) -> bool {
        self.0(request).inspect(|key| key.hash(state)).is_some()
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}

/// Both; missing when one of them is.
impl<Req, A: RequestKey<Req, Key: Sized>, B: RequestKey<Req, Key: Sized>> RequestKey<Req>
    for (A, B)
{
    type Key = (A::Key, B::Key);

    #[inline]
    fn hash_key<H: Hasher + Clone>(&self, request: &Req, state: &mut H) -> bool {
        self.0.hash_key(request, state) && self.1.hash_key(request, state)
    }
}

/// The key that `first` finds, or that of `second` where it finds none; missing when both are.
pub const fn either<A, B>(first: A, second: B) -> Or<A, B> {
    Or { first, second }
}

/// One key, or another where there is none; made by [`either`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Or<A, B> {
    first: A,
    second: B,
}

/// The key of an [`Or`], to ask the handle with. A value that both might find is not the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// What the first one found.
    First(A),
    /// What the second one found, because the first found nothing.
    Second(B),
}

const FIRST: u8 = 0;
const SECOND: u8 = 1;

impl<Req, A: RequestKey<Req, Key: Sized>, B: RequestKey<Req, Key: Sized>> RequestKey<Req>
    for Or<A, B>
{
    type Key = Either<A::Key, B::Key>;

    #[inline]
    fn hash_key<H: Hasher + Clone>(&self, request: &Req, state: &mut H) -> bool {
        let mut first = state.clone();
        FIRST.hash(&mut first);
        if self.first.hash_key(request, &mut first) {
            *state = first;
            return true;
        }
        SECOND.hash(state);
        self.second.hash_key(request, state)
    }
}

// By hand, so that it is sure to be what `Or` hashes.
impl<A: Hash, B: Hash> Hash for Either<A, B> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::First(key) => {
                FIRST.hash(state);
                key.hash(state);
            }
            Self::Second(key) => {
                SECOND.hash(state);
                key.hash(state);
            }
        }
    }
}
