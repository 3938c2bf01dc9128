//! Pages of others must not steer this process.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, header};
use ovasabi_core::{Code, Error};

/// Refuses changes that a browser sends for some page: any page may post to a port of the machine that it is shown
/// on, without asking. A browser names the page in `Origin` (Fetch §3.2); nothing else that operators use does.
pub(super) async fn refuse_pages(request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_safe && request.headers().contains_key(header::ORIGIN) {
        return Error::new(Code::PermissionDenied, "admin.origin")
            .detail("this port takes no changes from pages")
            .into_response();
    }
    next.run(request).await
}
