//! A reader of live events.

use std::time::Duration;

use axum::body::Body;
use http::Response;
use http_body_util::BodyExt;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) event: String,
    pub(super) data: String,
    pub(super) retry: String,
}

/// A stream that is read.
pub(super) struct Sse {
    body: Body,
    text: String,
}

/// So that a test which fails does not hang.
const PATIENCE: Duration = Duration::from_secs(10);

impl Sse {
    pub(super) fn of(response: Response<Body>) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body(),
            text: String::new(),
        }
    }

    /// The next event; none when the stream has ended. Comments are skipped.
    pub(super) async fn next(&mut self) -> Option<Event> {
        let next = tokio::time::timeout(PATIENCE, self.read());
        next.await.expect("no event came")
    }

    async fn read(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if block.lines().all(|line| line.starts_with(':')) {
                    continue;
                }
                return Some(Event::read(&block));
            }
            self.more().await?;
        }
    }

    /// Reads a comment, where nothing else may come.
    pub(super) async fn comment(&mut self) {
        while !self.text.contains("\n\n") {
            self.more().await.expect("the stream goes on");
        }
        let rest = self.text.strip_prefix(":\n\n");
        self.text = rest.expect("a comment").to_owned();
    }

    async fn more(&mut self) -> Option<()> {
        let frame = self.body.frame().await?.unwrap();
        self.text
            .push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        Some(())
    }
}

impl Event {
    fn read(block: &str) -> Self {
        let mut event = Self::default();
        for line in block.lines() {
            let (field, value) = line.split_once(": ").unwrap();
            let part = match field {
                "id" => &mut event.id,
                "event" => &mut event.event,
                "data" => &mut event.data,
                "retry" => &mut event.retry,
                _ => panic!("{line}"),
            };
            value.clone_into(part);
        }
        event
    }
}
