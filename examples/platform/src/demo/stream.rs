//! A listener to live events: what a browser's `EventSource` does.

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use ovasabi_core::error::BoxError;
use serde_json::Value;

/// An open stream of events.
pub(super) struct Stream {
    body: BoxBody<Bytes, BoxError>,
    read: String,
}

/// One event.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) data: Value,
}

impl Stream {
    pub(super) fn new(body: BoxBody<Bytes, BoxError>) -> Self {
        Self {
            body,
            read: String::new(),
        }
    }

    /// Waits for the next event, past comments.
    pub(super) async fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(end) = self.read.find("\n\n") {
                let block: String = self.read.drain(..end + 2).collect();
                if let Some(event) = parse(&block)? {
                    return Ok(event);
                }
                continue;
            }
            let frame = self.body.frame().await.context("the stream has ended")?;
            let frame = frame.map_err(|error| anyhow::anyhow!(error))?;
            let Ok(data) = frame.into_data() else {
                bail!("trailers on a stream of events");
            };
            self.read.push_str(std::str::from_utf8(&data)?);
        }
    }

    /// Waits for the end, past all that comes before; the last event's kind.
    pub(super) async fn end(mut self) -> Result<String> {
        let mut last = String::new();
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| anyhow::anyhow!(error))?;
            if let Ok(data) = frame.into_data() {
                self.read.push_str(std::str::from_utf8(&data)?);
            }
        }
        while let Some(end) = self.read.find("\n\n") {
            let block: String = self.read.drain(..end + 2).collect();
            if let Some(event) = parse(&block)? {
                last = event.kind;
            }
        }
        ensure!(self.read.is_empty(), "it broke off within an event");
        Ok(last)
    }
}

/// The event of a block of lines; none for a comment.
fn parse(block: &str) -> Result<Option<Event>> {
    let field = |name: &str| {
        let mut lines = block.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let Some(kind) = field("event") else {
        return Ok(None);
    };
    let data = field("data").unwrap_or("null");
    Ok(Some(Event {
        id: field("id").unwrap_or_default().to_owned(),
        kind: kind.to_owned(),
        data: serde_json::from_str(data).unwrap_or(Value::String(data.to_owned())),
    }))
}
