//! Heads of requests and responses, whatever the library.

use http::{Extensions, HeaderMap, Method, StatusCode};

/// The head of a request: `http::Request` and, with the feature `reqwest`, `reqwest::Request`.
pub trait RequestHead {
    /// The method.
    fn method(&self) -> &Method;
    /// The headers.
    fn headers(&self) -> &HeaderMap;
    /// The extensions, where the library has them.
    fn extensions(&self) -> Option<&Extensions>;
}

/// The head of a response: `http::Response` and, with the feature `reqwest`, `reqwest::Response`.
pub trait ResponseHead {
    /// The status.
    fn status(&self) -> StatusCode;
    /// The headers.
    fn headers(&self) -> &HeaderMap;
    /// The extensions.
    fn extensions(&self) -> &Extensions;
}

impl<B> RequestHead for http::Request<B> {
    fn method(&self) -> &Method {
        self.method()
    }
    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
    fn extensions(&self) -> Option<&Extensions> {
        Some(self.extensions())
    }
}

impl<B> ResponseHead for http::Response<B> {
    fn status(&self) -> StatusCode {
        self.status()
    }
    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
    fn extensions(&self) -> &Extensions {
        self.extensions()
    }
}

#[cfg(feature = "reqwest")]
impl RequestHead for reqwest::Request {
    fn method(&self) -> &Method {
        self.method()
    }
    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
    fn extensions(&self) -> Option<&Extensions> {
        None
    }
}

#[cfg(feature = "reqwest")]
impl ResponseHead for reqwest::Response {
    fn status(&self) -> StatusCode {
        self.status()
    }
    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
    fn extensions(&self) -> &Extensions {
        self.extensions()
    }
}
