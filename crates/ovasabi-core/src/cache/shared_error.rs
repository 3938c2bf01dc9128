//! One error for all that wait for the same load.

use std::fmt;
use std::sync::Arc;

use crate::Error;

/// The same public half for each; the private half is shared.
pub(super) fn copy(error: &Arc<Error>) -> Error {
    let mut copy = Error::new(error.code(), error.reason().to_owned())
        .detail(error.public_detail().to_owned())
        .with_http_status(error.http_status())
        .retryable(error.is_retryable());
    for violation in error.violations() {
        let (field, rule, detail) = (&violation.field, &violation.rule, &violation.detail);
        copy = copy.violation(field, rule, detail);
    }
    for (key, value) in error.facts() {
        copy = copy.metadata(key.to_owned(), value);
    }
    if let Some(delay) = error.retry_delay() {
        copy = copy.retry_after(delay);
    }
    copy.caused_by(Shared(Arc::clone(error)))
}

#[derive(Debug)]
struct Shared(Arc<Error>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the load that others waited for too has failed")
    }
}

impl std::error::Error for Shared {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
