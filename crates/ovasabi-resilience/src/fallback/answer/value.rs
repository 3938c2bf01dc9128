//! The same answer each time.

use std::fmt;
use std::future::{Ready, ready};

use super::{Answer, Given};
use crate::fallback::Cause;

/// Answers with a copy of a value; see [`Fallback::value`](crate::fallback::Fallback::value).
#[derive(Clone, Copy)]
pub struct Value<V>(pub(in crate::fallback) V);

#[diagnostic::do_not_recommend]
impl<K, Res: Clone, Err> Answer<K, Res, Err> for Value<Res> {
    type Future = Ready<Given<Res, Err>>;

    fn answer(&self, _kept: K, _cause: Cause) -> Self::Future {
        ready(Given::Made(self.0.clone()))
    }
}

impl<V> fmt::Debug for Value<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value")
    }
}
