//! What a request brought along, kept in the same allocation as its scope.

use std::any::Any;

use super::values::Values;
use super::wire::Baggage;
use super::{RequestId, TraceContext, TraceState};

/// Found by type like every other value, without one allocation for each.
pub(super) struct Received {
    pub(super) request_id: RequestId,
    pub(super) trace: TraceContext,
    /// Apart, because most requests bring neither.
    pub(super) rare: Option<Box<Rare>>,
    /// The values that were there before.
    pub(super) earlier: Values,
}

pub(super) struct Rare {
    pub(super) state: Option<TraceState>,
    pub(super) baggage: Option<Baggage>,
}

impl Received {
    pub(super) fn get<T: 'static>(&self) -> Option<&T> {
        as_type(&self.request_id)
            .or_else(|| as_type(&self.trace))
            .or_else(|| {
                let rare = self.rare.as_deref()?;
                rare.state
                    .as_ref()
                    .and_then(as_type)
                    .or_else(|| rare.baggage.as_ref().and_then(as_type))
            })
    }
}

fn as_type<T: 'static, V: Any>(value: &V) -> Option<&T> {
    (value as &dyn Any).downcast_ref()
}
