//! What a reader is sent: what he was told, in order, from where he stands.
//!
//! Nothing runs beside it: the stream is the body of the response, and works when that is read. Who hangs up drops it,
//! with its seat and whatever query is under way. It holds one page of rows at most.

use std::convert::Infallible;
use std::time::SystemTime;

use axum::response::sse::Event;
use futures_util::Stream;
use futures_util::stream::unfold;
use ovasabi_core::Context;
use tokio::time::sleep;

use super::Seat;
use crate::notify::Notify;
use crate::notify::repository::Notification;

/// How many rows are read at once.
const PAGE: u32 = 100;

/// One who reads.
pub(in crate::notify) struct Reader {
    pub(in crate::notify) notify: Notify,
    /// Without the deadline of the request: its gateway's patience is for answers, not for streams.
    pub(in crate::notify) cx: Context,
    pub(in crate::notify) user: String,
    pub(in crate::notify) seat: Seat,
    /// The last thing that he knows.
    pub(in crate::notify) last: i64,
    /// When his token ends: nobody reads on who would not be let in.
    pub(in crate::notify) until: Option<SystemTime>,
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Drain,
    Expired,
    Unavailable,
}

enum Next {
    Told(Notification),
    End(End),
}

impl Reader {
    /// The events, one after the other, and a last one that says why there are no more.
    pub(in crate::notify) fn events(
        self,
    ) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
        let page = Vec::new().into_iter();
        unfold(Some((self, page)), |state| async move {
            let (mut reader, mut page): (Self, _) = state?;
            match reader.next(&mut page).await {
                Next::Told(told) => Some((Ok(told.into_event()), Some((reader, page)))),
                Next::End(end) => Some((Ok(reader.bye(end)), None)),
            }
        })
    }

    async fn next(&mut self, page: &mut std::vec::IntoIter<Notification>) -> Next {
        loop {
            if let Some(end) = self.end() {
                return Next::End(end);
            }
            if let Some(told) = page.next() {
                self.last = told.seq;
                return Next::Told(told);
            }
            // Before the look: what is committed after it rings, and is heard below.
            self.seat.bell.mark_unchanged();
            let Self {
                notify,
                cx,
                user,
                last,
                ..
            } = self;
            match notify.told_after(cx, user, *last, PAGE).await {
                Ok(rows) if rows.is_empty() => self.wait().await,
                Ok(rows) => *page = rows.into_iter(),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &(dyn std::error::Error + 'static),
                        "a live stream ends"
                    );
                    return Next::End(End::Unavailable);
                }
            }
        }
    }

    fn end(&self) -> Option<End> {
        let now = self.notify.0.clock.now();
        if *self.seat.ended.borrow() {
            Some(End::Drain)
        } else if self.until.is_some_and(|until| until <= now) {
            Some(End::Expired)
        } else {
            None
        }
    }

    /// Waits for the bell; not longer than until the next look, for what another process has written does not ring.
    async fn wait(&mut self) {
        let left = self
            .until
            .map(|until| until.duration_since(self.notify.0.clock.now()));
        let look = self.notify.0.settings.look;
        let pause = left.map_or(look, |left| left.unwrap_or_default().min(look));
        tokio::select! {
            _ = self.seat.bell.changed() => {}
            _ = self.seat.ended.wait_for(|ended| *ended) => {}
            () = sleep(pause) => {}
        }
    }

    /// The last event: when to come again, and why it ends.
    fn bye(&self, end: End) -> Event {
        let why = match end {
            End::Drain => "draining",
            End::Expired => "token_expired",
            End::Unavailable => "unavailable",
        };
        Event::default()
            .event("bye")
            .retry(self.notify.0.settings.reconnect)
            .data(format!("{{\"reason\":\"{why}\"}}"))
    }
}

impl Notification {
    fn into_event(self) -> Event {
        let data = serde_json::json!({
            "id": self.id,
            "kind": self.kind,
            "data": self.data,
            "created_ms": self.created_ms,
        });
        Event::default()
            .id(self.seq.to_string())
            .event(self.kind)
            .data(data.to_string())
    }
}
