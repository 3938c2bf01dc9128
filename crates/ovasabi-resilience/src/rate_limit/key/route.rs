//! Which route.

use std::hash::{Hash, Hasher};

use http::Method;
use ovasabi_core::classify::RequestHead;

use super::RequestKey;

/// The method and the template of the route, `GET /wallets/{id}`: bounded, unlike the path.
///
/// The template is axum's `MatchedPath` (feature `axum`; the layer must be inside the router, with
/// `Router::layer` or `route_layer`). Missing without one. Where templates come from elsewhere, a closure over
/// the extensions does the same.
///
/// A limit by route alone is shared by all callers: `(Caller::new(), Route::new())` is each caller's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Route(());

/// The key of a [`Route`], to ask the handle with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RouteKey {
    method: Method,
    template: String,
}

impl Route {
    /// The method and the route template.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl RouteKey {
    /// The key of requests with this method to this route.
    #[must_use]
    pub fn new(method: Method, template: impl Into<String>) -> Self {
        Self {
            method,
            template: template.into(),
        }
    }
}

impl<Req: RequestHead> RequestKey<Req> for Route {
    type Key = RouteKey;

    #[inline]
    fn hash_key<H: Hasher + Clone>(&self, request: &Req, state: &mut H) -> bool {
        let template = request.extensions().and_then(template);
        // As the derive above: a `str` hashes as a `String` does.
        template
            .inspect(|template| {
                request.method().hash(state);
                template.hash(state);
            })
            .is_some()
    }
}

#[cfg(feature = "axum")]
fn template(extensions: &http::Extensions) -> Option<&str> {
    let matched = extensions.get::<axum::extract::MatchedPath>();
    matched.map(axum::extract::MatchedPath::as_str)
}

#[cfg(not(feature = "axum"))]
fn template(_extensions: &http::Extensions) -> Option<&str> {
    None
}
