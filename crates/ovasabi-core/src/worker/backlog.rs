//! A bounded queue, first in, first out.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Two semaphores count what is free and what is there; both are fair, so that nobody starves.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    free: Semaphore,
    there: Semaphore,
}

struct State<T> {
    items: VecDeque<T>,
    is_closed: bool,
}

/// A free place that is taken; it is given back if nothing is put on it.
pub(super) struct Place<'a, T> {
    queue: &'a Queue<T>,
    permit: SemaphorePermit<'a>,
}

/// A place in a queue that cannot be closed before it is filled.
pub(super) struct Slot<'a, T> {
    queue: &'a Queue<T>,
    permit: SemaphorePermit<'a>,
    state: MutexGuard<'a, State<T>>,
}

/// The queue takes nothing any more.
#[derive(Debug)]
pub(super) struct Closed;

/// There is no free place.
#[derive(Debug)]
pub(super) enum Full {
    Full,
    Closed,
}

impl<T> Queue<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State {
                items: VecDeque::new(),
                is_closed: false,
            }),
            free: Semaphore::new(capacity),
            there: Semaphore::new(0),
        }
    }

    /// Waits for a free place. Dropping the future gives the place in the line up.
    pub(super) async fn place(&self) -> Result<Place<'_, T>, Closed> {
        let permit = self.free.acquire().await.map_err(|_| Closed)?;
        Ok(Place {
            queue: self,
            permit,
        })
    }

    pub(super) fn try_place(&self) -> Result<Place<'_, T>, Full> {
        match self.free.try_acquire() {
            Ok(permit) => Ok(Place {
                queue: self,
                permit,
            }),
            Err(_) if self.free.is_closed() => Err(Full::Closed),
            Err(_) => Err(Full::Full),
        }
    }

    /// The next item; `None` when the queue is closed and empty. Dropping the future loses none.
    ///
    /// `take` sees the item before anybody can see that it has left the queue.
    pub(super) async fn next<R>(&self, take: impl FnOnce(&T) -> R) -> Option<(T, R)> {
        // A closed semaphore grants nothing, though there may be items: then all that matters is the list.
        if let Ok(permit) = self.there.acquire().await {
            permit.forget();
        }
        let next = {
            let mut state = self.lock();
            let item = state.items.pop_front();
            item.map(|item| (take(&item), item))
        };
        let (taken, item) = next?;
        self.free.add_permits(1);
        Some((item, taken))
    }

    /// Takes no more items. Those that wait for a place are told, those that are there still come out.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.free.close();
        self.there.close();
    }

    /// Takes out what is there.
    pub(super) fn take_all(&self) -> Vec<T> {
        self.lock().items.drain(..).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().items.len()
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No foreign code runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a, T> Place<'a, T> {
    /// The place itself, unless the queue was closed meanwhile.
    pub(super) fn open(self) -> Result<Slot<'a, T>, Closed> {
        let state = self.queue.lock();
        if state.is_closed {
            return Err(Closed);
        }
        Ok(Slot {
            queue: self.queue,
            permit: self.permit,
            state,
        })
    }
}

impl<T> Slot<'_, T> {
    pub(super) fn put(mut self, item: T) {
        self.state.items.push_back(item);
        drop(self.state);
        self.permit.forget();
        self.queue.there.add_permits(1);
    }
}
