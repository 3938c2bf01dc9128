//! Who is calling.

use std::hash::{Hash, Hasher};

use ovasabi_core::Context;
use ovasabi_core::classify::RequestHead;
use ovasabi_core::context::Subject;

use super::RequestKey;

/// The [`Subject`] of the request's [`Context`]: that in its extensions, else [`Context::current`].
///
/// Missing before authentication, and where nobody is authenticated.
#[doc(alias = "Subject")]
#[doc(alias = "Principal")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caller(());

impl Caller {
    /// Who is calling.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<Req: RequestHead> RequestKey<Req> for Caller {
    type Key = Subject;

    #[inline]
    fn hash_key<H: Hasher + Clone>(&self, request: &Req, state: &mut H) -> bool {
        let attached = request.extensions().and_then(|it| it.get::<Context>());
        match attached {
            Some(context) => hash(context, state),
            None => Context::current().is_some_and(|context| hash(&context, state)),
        }
    }
}

fn hash(context: &Context, state: &mut impl Hasher) -> bool {
    let subject = context.subject();
    subject.inspect(|subject| subject.hash(state)).is_some()
}
