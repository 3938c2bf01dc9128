//! How long clients wait is theirs to know.

use axum::extract::Request;
use ovasabi_core::context::wire::{GRPC_TIMEOUT, X_REQUEST_TIMEOUT_MS};

/// Takes a stranger's timeout off a request. Passed on, a service would end its work by it and answer 504: a few such
/// answers, and its breaker would open for everybody. Who waits no longer hangs up.
pub(crate) async fn without_patience(mut request: Request) -> Request {
    let headers = request.headers_mut();
    headers.remove(&X_REQUEST_TIMEOUT_MS);
    headers.remove(&GRPC_TIMEOUT);
    request
}
