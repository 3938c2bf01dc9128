//! Errors as `tonic::Status`, with the details of `google/rpc/error_details.proto`, and back.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use tonic::Status;
use tonic::metadata::MetadataMap;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use super::grpc::Pushback;
use super::{Code, Error, Violation};
use crate::Rejection;

/// The domain of our `ErrorInfo`: reasons are unique within it.
const DOMAIN: &str = "ovasabi";
/// Where what only our errors know travels: beside the facts of the application.
const RETRYABLE: &str = "ovasabi-retryable";
const HTTP_STATUS: &str = "ovasabi-http-status";

/// The public half: reason and facts as `ErrorInfo`, `retry_after` as `RetryInfo` and as
/// `grpc-retry-pushback-ms`, violations as `BadRequest`.
///
/// The error itself becomes the source of the status, which is never sent, and whose texts show nothing
/// private either. Logs that walk the chain of sources find the cause there.
impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let mut info: HashMap<String, String> = error
            .facts()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        if let Some(retryable) = error.retryable_override() {
            info.insert(RETRYABLE.to_owned(), retryable.to_string());
        }
        if let Some(status) = error.status_override() {
            info.insert(HTTP_STATUS.to_owned(), status.as_str().to_owned());
        }
        let mut details = ErrorDetails::new();
        details.set_error_info(error.reason(), DOMAIN, info);
        if let Some(delay) = error.retry_delay() {
            details.set_retry_info(Some(delay));
        }
        if !error.violations().is_empty() {
            details.set_bad_request(error.violations().iter().map(to_field).collect::<Vec<_>>());
        }
        let mut metadata = MetadataMap::new();
        if let Some(pushback) = Pushback::of(&error) {
            pushback.write(metadata.as_mut());
        }
        let code = tonic::Code::from_i32(i32::from(error.code().number()));
        let mut status =
            Self::with_error_details_and_metadata(code, error.public_detail(), details, metadata);
        status.set_source(Arc::new(Behind(error)));
        status
    }
}

/// The answer to a refusal of ours; [`Rejection::find`] recognises it in the status.
impl From<Rejection> for Status {
    fn from(rejection: Rejection) -> Self {
        Error::from(rejection).into()
    }
}

/// Reads a status back, with its details where they are the ones above. The status itself is the private
/// cause. `OK`, which is no error, is read as [`Code::Unknown`].
///
/// The message is the detail if a server sent it. tonic also makes a status of every error of a connection, of a
/// layer, of a codec, with the error as its source and the error's text as its message: that text is private.
impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let number = u32::try_from(i32::from(status.code())).unwrap_or_default();
        let code = Code::from_number(number).unwrap_or(Code::Unknown);
        let details = status.get_error_details();
        let info = details.error_info();
        let reason = info
            .map(|info| info.reason.clone())
            .filter(|reason| !reason.is_empty());
        let mut error = Self::new(
            code,
            reason.map_or("upstream".into(), std::borrow::Cow::Owned),
        );
        if !status.message().is_empty() && !is_of_this_process(&status) {
            error = error.detail(status.message().to_owned());
        }
        for violation in details
            .bad_request()
            .map(|bad| &bad.field_violations)
            .into_iter()
            .flatten()
        {
            error.add_violation(from_field(violation));
        }
        if let Some(pushback) = Pushback::read(status.metadata().as_ref()) {
            error = pushback.apply(error);
        }
        if let Some(delay) = details.retry_info().and_then(|info| info.retry_delay) {
            error = error.retry_after(delay);
        }
        // In the order of their keys: a map has none of its own.
        let facts: BTreeMap<_, _> = info
            .map(|info| &info.metadata)
            .into_iter()
            .flatten()
            .collect();
        for (key, value) in facts {
            error = match key.as_str() {
                RETRYABLE => error.retryable(value == "true"),
                HTTP_STATUS => match StatusCode::from_bytes(value.as_bytes()) {
                    Ok(status) => error.with_foreign_status(status),
                    Err(_) => error,
                },
                _ => error.metadata(key.clone(), value),
            };
        }
        error.caused_by(status)
    }
}

/// Whether the message may be the text of an error of this process: the status has a source, and that is
/// neither an error of ours nor a chain with a status in it, from which tonic then took the message.
fn is_of_this_process(status: &Status) -> bool {
    let source = std::error::Error::source(status);
    let mut chain = std::iter::successors(source, |error| error.source());
    match chain.find(|error| error.is::<Behind>() || error.is::<Status>()) {
        Some(found) => found.downcast_ref().is_some_and(is_of_this_process),
        None => source.is_some(),
    }
}

fn to_field(violation: &Violation) -> FieldViolation {
    let mut field = FieldViolation::new(&violation.field, &violation.detail);
    field.reason.clone_from(&violation.rule);
    field
}

fn from_field(field: &FieldViolation) -> Violation {
    Violation {
        field: field.field.clone(),
        rule: field.reason.clone(),
        detail: field.description.clone(),
    }
}

/// Stands between a status and its error, because a status prints the `Debug` of its source, and that of an
/// error shows the private half.
struct Behind(Error);

impl fmt::Debug for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Behind {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
