//! Streams end when the gateway stops: it would wait for readers who never leave, and break them off in the end.

use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::sleep;

/// All streams that pass through. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Streams(watch::Sender<bool>);

/// A service that stops at the same time has a last word to say.
const LAST_WORD: Duration = Duration::from_millis(500);

impl Streams {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Ends them all, and those that begin later.
    pub(crate) fn end(&self) {
        self.0.send_replace(true);
    }

    /// The same body, which ends in good order with the others. That may be within an event: its reader has not read it
    /// then, and is sent it again after the last one that he names.
    pub(super) fn until_end(&self, body: Body) -> Body {
        let mut ended = self.0.subscribe();
        let end = async move {
            let _ = ended.wait_for(|ended| *ended).await;
            sleep(LAST_WORD).await;
        };
        Body::from_stream(body.into_data_stream().take_until(Box::pin(end)))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;

    use super::*;

    fn live(words: &'static [&'static str]) -> Body {
        let words = words
            .iter()
            .map(|word| Ok(Bytes::from_static(word.as_bytes())));
        let silence = stream::pending::<Result<Bytes, std::io::Error>>();
        Body::from_stream(stream::iter(words).chain(silence))
    }

    #[tokio::test]
    async fn a_stream_ends_whole_and_what_was_on_its_way_arrives() {
        let streams = Streams::new();
        let mut body = streams.until_end(live(&["one", "two"])).into_data_stream();
        assert_eq!(body.next().await.unwrap().unwrap(), "one");
        streams.end();
        assert_eq!(body.next().await.unwrap().unwrap(), "two");
        assert!(body.next().await.is_none());
        // One who comes too late is sent away, and not kept.
        let mut late = streams.until_end(live(&[])).into_data_stream();
        assert!(late.next().await.is_none());
    }

    #[tokio::test]
    async fn a_stream_that_has_ended_by_itself_has_ended() {
        let streams = Streams::new();
        let body = streams.until_end(Body::from("all"));
        assert_eq!(axum::body::to_bytes(body, 9).await.unwrap(), "all");
    }
}
