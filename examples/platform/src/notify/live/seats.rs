//! Who is reading: so many in all, so many of one user, and a bell for each.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ovasabi_core::{Code, Error, Result};
use tokio::sync::watch;

/// All live streams of this process. Clones are the same.
#[derive(Clone)]
pub(in crate::notify) struct Streams(Arc<Shared>);

struct Shared {
    users: Mutex<Users>,
    most: usize,
    most_per_user: usize,
    /// Whether all must end.
    ended: watch::Sender<bool>,
}

#[derive(Default)]
struct Users {
    total: usize,
    /// Those who read; nobody else takes memory.
    by_id: HashMap<String, Reading>,
}

struct Reading {
    streams: usize,
    bell: watch::Sender<()>,
}

/// The right to read, given back on drop: when the stream ends or its reader hangs up.
pub(in crate::notify) struct Seat {
    streams: Streams,
    user: String,
    /// Rings when there may be news for this user.
    pub(super) bell: watch::Receiver<()>,
    pub(super) ended: watch::Receiver<bool>,
}

/// When somebody may have left.
const AGAIN: Duration = Duration::from_secs(5);

impl Streams {
    pub(in crate::notify) fn new(most: usize, most_per_user: usize) -> Self {
        Self(Arc::new(Shared {
            users: Mutex::default(),
            most,
            most_per_user,
            ended: watch::Sender::new(false),
        }))
    }

    /// Lets a user read.
    ///
    /// # Errors
    /// `ResourceExhausted` when he reads as often as one may; `Unavailable` when there are too many readers, or the
    /// server is about to stop.
    pub(in crate::notify) fn join(&self, user: &str) -> Result<Seat> {
        let mut users = self.lock();
        // Under the lock: who was let in is told of the end.
        if *self.0.ended.borrow() {
            return Err(Error::new(Code::Unavailable, "events.ending").retry_after(AGAIN));
        }
        let streams = users.by_id.get(user).map_or(0, |reading| reading.streams);
        if streams >= self.0.most_per_user {
            return Err(
                Error::new(Code::ResourceExhausted, "events.too_many_streams")
                    .detail("too many live streams of one user")
                    .retry_after(AGAIN),
            );
        }
        if users.total >= self.0.most {
            return Err(Error::new(Code::Unavailable, "events.full").retry_after(AGAIN));
        }
        users.total += 1;
        let reading = users
            .by_id
            .entry(user.to_owned())
            .or_insert_with(|| Reading {
                streams: 0,
                bell: watch::Sender::new(()),
            });
        reading.streams += 1;
        Ok(Seat {
            streams: self.clone(),
            user: user.to_owned(),
            bell: reading.bell.subscribe(),
            ended: self.0.ended.subscribe(),
        })
    }

    /// There is news for this user.
    pub(in crate::notify) fn ring(&self, user: &str) {
        if let Some(reading) = self.lock().by_id.get(user) {
            reading.bell.send_replace(());
        }
    }

    /// Ends all streams, and lets nobody in any more.
    pub(in crate::notify) fn end(&self) {
        let _users = self.lock();
        self.0.ended.send_replace(true);
    }

    /// How many there are.
    pub(in crate::notify) fn count(&self) -> usize {
        self.lock().total
    }

    fn lock(&self) -> MutexGuard<'_, Users> {
        // Nothing that can panic runs under the lock.
        self.0.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut users = self.streams.lock();
        users.total = users.total.saturating_sub(1);
        if let Some(reading) = users.by_id.get_mut(&self.user) {
            reading.streams = reading.streams.saturating_sub(1);
            if reading.streams == 0 {
                users.by_id.remove(&self.user);
            }
        }
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(streams: &Streams, user: &str) -> u16 {
        match streams.join(user) {
            Ok(_) => panic!("{user} was let in"),
            Err(error) => error.http_status().as_u16(),
        }
    }

    #[test]
    fn seats_are_counted_for_each_and_for_all_and_given_back() {
        let streams = Streams::new(3, 2);
        let ann = [streams.join("ann").unwrap(), streams.join("ann").unwrap()];
        assert_eq!(refused(&streams, "ann"), 429);
        let bob = streams.join("bob").unwrap();
        assert_eq!(refused(&streams, "cid"), 503);
        drop(ann);
        assert_eq!((streams.count(), streams.lock().by_id.len()), (1, 1));
        let _cid = streams.join("cid").unwrap();
        drop(bob);
        let _again = [streams.join("ann").unwrap(), streams.join("ann").unwrap()];
    }

    #[test]
    fn a_bell_is_heard_by_all_streams_of_its_user_and_by_no_other() {
        let streams = Streams::new(9, 9);
        let (mut one, mut two) = (streams.join("ann").unwrap(), streams.join("ann").unwrap());
        let mut bob = streams.join("bob").unwrap();
        streams.ring("ann");
        streams.ring("nobody");
        let rang = |seat: &mut Seat| seat.bell.has_changed().unwrap();
        assert!(rang(&mut one) && rang(&mut two) && !rang(&mut bob));
    }

    #[test]
    fn the_end_is_for_all_and_for_good() {
        let streams = Streams::new(9, 9);
        let seat = streams.join("ann").unwrap();
        streams.end();
        assert!(*seat.ended.borrow());
        assert_eq!(refused(&streams, "bob"), 503);
    }
}
