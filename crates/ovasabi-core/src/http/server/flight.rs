//! One connection's share of the state, and the count of its requests.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::time::Instant;

use super::state::{State, add_one};
use crate::http::PeerAddr;
use crate::inspect::Inspected;

/// What the tasks and wrappers of one connection share.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) state: Arc<Inspected<State>>,
    pub(super) peer: PeerAddr,
    flow: Mutex<Flow>,
}

/// Which requests of the connection are under way.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) started: u64,
    pub(super) ended: u64,
    /// When the last request ended, or the connection began.
    pub(super) idle_since: Instant,
    /// Whether bytes of a head have come that is not complete.
    pub(super) is_reading_head: bool,
    /// Whether what follows is not HTTP/1 any more.
    pub(super) is_upgraded: bool,
    /// The reader, when it has something to do at the end of the current request.
    pub(super) waker: Option<Waker>,
}

impl Conn {
    pub(super) fn new(state: Arc<Inspected<State>>, peer: PeerAddr) -> Self {
        let flow = Flow {
            started: 0,
            ended: 0,
            idle_since: Instant::now(),
            is_reading_head: false,
            is_upgraded: false,
            waker: None,
        };
        Self {
            state,
            peer,
            flow: Mutex::new(flow),
        }
    }

    pub(super) fn flow(&self) -> MutexGuard<'_, Flow> {
        // Nothing that can panic runs under the lock.
        self.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flow {
    pub(super) const fn is_idle(&self) -> bool {
        self.started == self.ended
    }
}

/// One request, counted exactly once: answered, or lost when it is dropped before.
#[derive(Debug)]
pub(super) struct InFlight {
    conn: Arc<Conn>,
    is_settled: bool,
}

impl InFlight {
    pub(super) fn start(conn: Arc<Conn>) -> Self {
        add_one(&conn.state.counters.accepted);
        conn.flow().started += 1;
        Self {
            conn,
            is_settled: false,
        }
    }

    pub(super) fn conn(&self) -> &Arc<Conn> {
        &self.conn
    }

    pub(super) fn answered(&mut self) {
        if !self.is_settled {
            add_one(&self.conn.state.counters.answered);
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.is_settled = true;
        let waker = {
            let mut flow = self.conn.flow();
            flow.ended += 1;
            flow.idle_since = Instant::now();
            flow.waker.take()
        };
        // Woken outside the lock: the reader takes it at once.
        if let Some(waker) = waker {
            waker.wake();
        }
        self.conn.state.settled.notify_waiters();
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let state = &self.conn.state;
        // Relaxed: the flag is set before the tasks are aborted, which orders it.
        let is_ours = state.is_aborting.load(Ordering::Relaxed);
        let counters = &state.counters;
        add_one(if is_ours {
            &counters.aborted
        } else {
            &counters.disconnected
        });
        self.settle();
    }
}
