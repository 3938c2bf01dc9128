//! The layer.

use std::sync::Arc;

use tower_layer::Layer;

use super::origin::Origin;
use super::{BearerService, OriginError, TokenSource};

/// Puts the token of a [`TokenSource`] into requests to the origins that it is for.
///
/// Without an [origin](Self::only_to) it puts it into none: a token that goes anywhere is a token that somebody
/// collects. A request that has an `Authorization` of its own keeps that.
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct BearerLayer {
    source: TokenSource,
    origins: Arc<[Origin]>,
}

impl BearerLayer {
    pub(super) fn new(source: TokenSource) -> Self {
        Self {
            source,
            origins: Arc::new([]),
        }
    }

    /// Requests to this origin get the token, beside those that were named before: `https://wallet.example`.
    ///
    /// # Errors
    /// [`OriginError`] when the text is more or less than scheme, host and port, or `http` to another machine.
    pub fn only_to(self, origin: &str) -> Result<Self, OriginError> {
        let origin = Origin::parse(origin)?;
        let origins = self.origins.iter().cloned().chain([origin]).collect();
        Ok(Self { origins, ..self })
    }
}

impl<S> Layer<S> for BearerLayer {
    type Service = BearerService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BearerService::new(inner, self.source.clone(), Arc::clone(&self.origins))
    }
}
