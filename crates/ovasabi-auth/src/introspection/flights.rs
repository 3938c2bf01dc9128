//! Questions under way: the same one is asked once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use tokio::sync::OnceCell;

use super::answer::Said;

/// By the hash of its token: no bearer secrets wait in here.
type Key = [u8; 32];

/// At most so many as there may be under way.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<Key, Flight>>);

#[derive(Default)]
struct Flight {
    answer: Arc<OnceCell<Said>>,
    /// Those who wait.
    seats: usize,
}

/// A seat in a flight. The last one who leaves it ends it.
pub(super) struct Seat<'a> {
    flights: &'a Flights,
    key: Key,
    answer: Arc<OnceCell<Said>>,
}

impl Flights {
    /// Joins the flight of `token`, or begins one; `None` when `max` are under way.
    pub(super) fn join(&self, token: &str, max: usize) -> Option<Seat<'_>> {
        let key = key(token);
        let mut known = self.known();
        if known.len() >= max && !known.contains_key(&key) {
            return None;
        }
        let flight = known.entry(key).or_default();
        if flight.answer.initialized() {
            // Who comes after the answer asks anew.
            *flight = Flight::default();
        }
        flight.seats += 1;
        Some(Seat {
            flights: self,
            key,
            answer: Arc::clone(&flight.answer),
        })
    }

    /// Nobody joins the flight of `token` any more: who comes from now on asks anew.
    pub(super) fn forget(&self, token: &str) {
        self.known().remove(&key(token));
    }

    /// How many are under way.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known().len()
    }

    /// Nothing panics while it is held.
    fn known(&self) -> MutexGuard<'_, HashMap<Key, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(token: &str) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    key
}

impl Seat<'_> {
    /// Whether the flight is still the one of its token: it was not forgotten since it began.
    pub(super) fn is_current(&self) -> bool {
        let known = self.flights.known();
        let flight = known.get(&self.key);
        flight.is_some_and(|flight| Arc::ptr_eq(&flight.answer, &self.answer))
    }

    /// What the flight brings: `ask` is called by one, and by the next if that one goes away.
    pub(super) async fn answer<F: Future<Output = Said>>(&self, ask: impl FnOnce() -> F) -> Said {
        self.answer.get_or_init(ask).await.clone()
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut known = self.flights.known();
        let Some(flight) = known.get_mut(&self.key) else {
            return;
        };
        // Another flight of the same token, which began after this one had its answer or was forgotten.
        if !Arc::ptr_eq(&flight.answer, &self.answer) {
            return;
        }
        flight.seats -= 1;
        if flight.seats == 0 {
            known.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_test::task::spawn;
    use tokio_test::{assert_pending, assert_ready};

    use super::*;

    const ANSWER: Said = Said::Nothing("test");

    #[test]
    fn a_flight_is_one_for_all_who_ask_the_same_and_goes_to_the_next() {
        let flights = Flights::default();
        let asked = std::cell::Cell::new(0);
        let one = flights.join("a", 1).unwrap();
        let two = flights.join("a", 1).unwrap();
        assert!(flights.join("b", 1).is_none(), "no more than one");
        let never = || {
            asked.set(asked.get() + 1);
            std::future::pending::<Said>()
        };
        let mut first = spawn(one.answer(never));
        assert_pending!(first.poll());
        let mut second = spawn(two.answer(|| {
            asked.set(asked.get() + 1);
            std::future::ready(ANSWER)
        }));
        assert_pending!(second.poll());
        assert_eq!(asked.get(), 1);
        drop(first);
        drop(one);
        assert!(second.is_woken());
        assert!(matches!(assert_ready!(second.poll()), Said::Nothing(_)));
        assert_eq!(asked.get(), 2);
        drop(second);
        let late = flights.join("a", 1).unwrap();
        assert!(!late.answer.initialized(), "it asks anew");
        drop(two);
        assert_eq!(flights.len(), 1);
        drop(late);
        assert!(flights.join("b", 1).is_some());
        assert_eq!(flights.len(), 0);
    }
}
