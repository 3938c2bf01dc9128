//! The caller's notifications, live.

use axum::extract::State;
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue};
use ovasabi_auth::Principal;
use ovasabi_core::{Code, Context, Error, Result};
use serde::Deserialize;

use crate::http_api::ValidQuery;
use crate::notify::Notify;
use crate::notify::live::Reader;

const LAST_EVENT_ID: &str = "last-event-id";

/// For proxies that would keep events until they have a good many.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    /// As the header `Last-Event-ID`, for readers that cannot send it. The header is stronger.
    last_event_id: Option<String>,
}

/// What the caller is told, as it happens: `id` is its place, `event` its kind, `data` JSON.
///
/// With `Last-Event-ID` it begins with what came after that one, without it with what is to come. An event `bye` is the
/// last one: come again.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "notifications",
    operation_id = "stream_events",
    params(After, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was read.")),
    responses(
        (
            status = 200,
            description = "Events, until the token expires or the server stops.",
            content_type = "text/event-stream",
            body = String,
        ),
    )
)]
pub(super) async fn read(
    State(notify): State<Notify>,
    cx: Context,
    caller: Principal,
    headers: HeaderMap,
    ValidQuery(after): ValidQuery<After>,
) -> Result<Response> {
    let seat = notify.0.streams.join(caller.id())?;
    // Before the answer begins: what happens once its reader has it is in it.
    let newest = notify.newest(&cx).await?;
    let last = match resume(&headers, after.last_event_id.as_deref())? {
        // A place that is not there yet is one of a database that is gone.
        Some(place) => place.min(newest),
        None => newest,
    };
    let keep_alive = KeepAlive::new().interval(notify.0.settings.keep_alive);
    let reader = Reader {
        cx: cx.without_cancel(),
        user: caller.id().to_owned(),
        until: caller.expires_at(),
        notify,
        seat,
        last,
    };
    let stream = Sse::new(reader.events()).keep_alive(keep_alive);
    Ok(([(UNBUFFERED, HeaderValue::from_static("no"))], stream).into_response())
}

/// The place after which the reader goes on; none for one who begins.
fn resume(headers: &HeaderMap, query: Option<&str>) -> Result<Option<i64>> {
    let sent = headers.get(LAST_EVENT_ID);
    let sent = sent.map(|value| value.to_str().unwrap_or("?")).or(query);
    // Browsers send an empty one for streams whose events have no id.
    let Some(text) = sent.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let place = text.parse().ok().filter(|_| is_plain);
    let refused = || {
        Error::new(Code::InvalidArgument, "events.last_event_id").violation(
            "Last-Event-ID",
            "format",
            "is not the id of an event of this stream",
        )
    };
    place.map(Some).ok_or_else(refused)
}
