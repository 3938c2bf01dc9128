//! Route templates.

use std::sync::Arc;

use http::Extensions;

/// The template of the route that a request took, such as `/v1/wallets/{id}`: bounded, unlike its path.
///
/// Put it into the extensions of the request or the response where no `MatchedPath` is at hand; a gateway
/// does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RouteTemplate(Text);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Text {
    Static(&'static str),
    Shared(Arc<str>),
}

impl RouteTemplate {
    /// No route matched.
    pub(crate) const NONE: Self = Self::from_static("");
    /// Stands for all routes beyond the cap.
    pub(crate) const OVERFLOW: Self = Self::from_static("_overflow");

    /// A template that is known at compile time.
    #[must_use]
    pub const fn from_static(template: &'static str) -> Self {
        Self(Text::Static(template))
    }

    /// A template made at start-up. Never make one from a path.
    #[must_use]
    pub fn new(template: impl Into<Arc<str>>) -> Self {
        Self(Text::Shared(template.into()))
    }

    /// The template.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Static(template) => template,
            Text::Shared(template) => template,
        }
    }

    /// The template that somebody has put into these extensions.
    pub(crate) fn find(extensions: &Extensions) -> Option<Self> {
        if let Some(template) = extensions.get::<Self>() {
            return Some(template.clone());
        }
        #[cfg(feature = "axum")]
        if let Some(matched) = extensions.get::<axum::extract::MatchedPath>() {
            return Some(Self::new(matched.as_str()));
        }
        None
    }
}
