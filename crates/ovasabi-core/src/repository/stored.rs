//! What jobs and events have in common where they are stored.

use std::error::Error as _;
use std::time::Duration;

use http::HeaderValue;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::backoff::Random;
use crate::context::{RequestId, TraceContext};
use crate::{Context, Error, Result};

/// The trace and the request id, as a row has them: `traceparent` and `request_id`.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    pub(crate) traceparent: Option<String>,
    pub(crate) request_id: Option<String>,
}

impl Carried {
    pub(crate) fn of(cx: &Context) -> Self {
        let traceparent = cx.trace().map(TraceContext::to_traceparent);
        let traceparent = traceparent.as_ref().and_then(|value| value.to_str().ok());
        Self {
            traceparent: traceparent.map(str::to_owned),
            request_id: cx.request_id().map(|id| id.as_str().to_owned()),
        }
    }

    pub(crate) fn read(row: &SqliteRow) -> Result<Self> {
        Ok(Self {
            traceparent: row.try_get("traceparent")?,
            request_id: row.try_get("request_id")?,
        })
    }

    /// `cx` with them; with new ones where there were none.
    pub(crate) fn restore(&self, cx: &Context, random: &Random) -> Context {
        let header = |text: &Option<String>| HeaderValue::try_from(text.as_deref()?).ok();
        let trace = header(&self.traceparent);
        let trace = trace.and_then(|value| TraceContext::from_traceparent(&value, random));
        let request_id = header(&self.request_id).and_then(|value| RequestId::accept(&value));
        let cx = cx.with(trace.unwrap_or_else(|| TraceContext::root(random)));
        cx.with(request_id.unwrap_or_else(|| RequestId::generate(random)))
    }
}

/// A time as a column has it.
pub(crate) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// The error and its causes, for who looks at what has failed: private.
pub(crate) fn words(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += ": ";
        text += &cause.to_string();
        source = cause.source();
    }
    text
}

/// As much of a text as is kept.
pub(crate) fn cut(text: &str) -> &str {
    const MAX_BYTES: usize = 1024;
    text.get(..text.floor_char_boundary(MAX_BYTES))
        .unwrap_or(text)
}
