//! Asking for a key that is not there.

use std::time::Duration;

use tokio::sync::watch;

use super::JwksClient;
use super::plan::Answer;
use super::shared::Place;
use crate::jose::Reason;
use crate::layer::Denied;

/// What came of the question.
pub(crate) enum Asked {
    /// It is there now.
    There,
    No(Denied),
    Wait(Waiting),
}

/// Somebody who waits for a fetch.
pub(crate) struct Waiting {
    client: JwksClient,
    ended: watch::Receiver<u64>,
    id: Option<String>,
    begins_after: bool,
    _place: Place,
}

/// When too many wait, or nobody fetches.
const SOON: Duration = Duration::from_secs(1);

impl JwksClient {
    /// Asks for a key of this id, or for any at all.
    pub(crate) fn ask(&self, id: Option<&str>) -> Asked {
        // No fetch makes a token name its key.
        if id.is_none() && self.shared().current().is_some() {
            return Asked::No(Reason::KeyUnknown.into());
        }
        if !self.0.start(false) {
            return Asked::No(Denied::unavailable(SOON));
        }
        let shared = self.shared();
        let now = shared.now();
        let mut desk = shared.desk();
        // Looked at under the lock of the plan: what a fetch brings is there before the plan says that it has ended.
        let answer = match (shared.current(), id) {
            (Some(published), _) if published.set.has(id) => return Asked::There,
            (Some(_), Some(id)) => desk.plan.ask_for(id, now),
            _ => desk.plan.ask_for_any(now),
        };
        // Under the lock too: a fetch that ends from here on wakes us.
        let ended = desk.ended.subscribe();
        drop(desk);
        let begins_after = match answer {
            Answer::Unknown => return Asked::No(Reason::KeyUnknown.into()),
            Answer::Unavailable(left) => return Asked::No(Denied::unavailable(left)),
            Answer::Wait { begins_after } => begins_after,
        };
        shared.wake.notify_one();
        match shared.place() {
            None => Asked::No(Denied::unavailable(SOON)),
            Some(place) => Asked::Wait(Waiting {
                client: self.clone(),
                ended,
                id: id.map(ToOwned::to_owned),
                begins_after,
                _place: place,
            }),
        }
    }
}

impl Waiting {
    /// Until the fetch has ended.
    pub(crate) async fn ended(&mut self) {
        self.client.wait_for(&mut self.ended).await;
    }

    /// What to say of a key that was not there when the fetch had ended; `None` if it has come since.
    pub(crate) fn denied(self) -> Option<Denied> {
        let shared = self.client.shared();
        let now = shared.now();
        let mut desk = shared.desk();
        let Some(published) = shared.current() else {
            return Some(Denied::unavailable(desk.plan.next_in(now)));
        };
        if published.set.has(self.id.as_deref()) {
            return None;
        }
        if desk.plan.is_failing() {
            return Some(Denied::unavailable(desk.plan.ask_again_in(now)));
        }
        if let Some(id) = self.id.as_deref().filter(|_| self.begins_after) {
            desk.plan.missed(id, now);
        }
        Some(Reason::KeyUnknown.into())
    }
}
