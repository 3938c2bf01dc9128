//! Those who wait, in the order they came.

use std::collections::VecDeque;
use std::mem;
use std::task::Waker;

use super::Quota;
use super::sync::{AtomicU32, Mutex, MutexGuard, Ordering, lock};

/// A bounded queue over one bucket or over many, each of which is a lane.
///
/// Whoever joins has taken its units from the bucket in advance, so the bucket alone says when it is whose
/// turn: the last one's turn is when the bucket has a whole burst less than it is owed, and each one before
/// it is earlier by the price of those behind. Nobody is passed, and nobody's turn depends on another being
/// polled. If one leaves, its price goes back and the turns of those behind it, and of nobody else, come
/// earlier by just that.
///
/// The lock is for those who wait alone. Immediate admissions know nothing of the queue.
#[derive(Debug)]
pub(super) struct Queue {
    max: AtomicU32,
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    next: u64,
    waiters: VecDeque<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    lane: u64,
    cost: u32,
    waker: Option<Waker>,
}

/// The queue while nobody joins or leaves it.
pub(super) struct Stopped<'a>(MutexGuard<'a, Line>);

impl Queue {
    pub(super) fn new(max: u32) -> Self {
        Self {
            max: AtomicU32::new(max),
            line: Mutex::new(Line::default()),
        }
    }

    pub(super) fn set_max(&self, max: u32) {
        self.max.store(max, Ordering::Relaxed);
    }

    /// How many wait.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(lock(&self.line).waiters.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn stop(&self) -> Stopped<'_> {
        Stopped(lock(&self.line))
    }

    /// Whether no more may join.
    pub(super) fn is_full(&self, stopped: &Stopped<'_>) -> bool {
        let max = usize::try_from(self.max.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        stopped.0.waiters.len() >= max
    }
}

impl Stopped<'_> {
    /// Joins the end; the ticket to be found by.
    pub(super) fn join(&mut self, lane: u64, cost: u32) -> u64 {
        let id = self.0.next;
        self.0.next += 1;
        self.0.waiters.push_back(Waiter {
            id,
            lane,
            cost,
            waker: None,
        });
        id
    }

    /// When it is the turn of `id`, whose bucket is full at `full_at`.
    pub(super) fn due(&self, id: u64, quota: Quota, full_at: u64) -> u64 {
        let behind = self.index(id).and_then(|index| {
            let lane = self.0.waiters.get(index)?.lane;
            Some(self.cost_behind(index, lane))
        });
        full_at
            .saturating_sub(quota.price(behind.unwrap_or(0)))
            .saturating_sub(quota.window())
    }

    /// Remembers whom to wake when the time of `id` changes.
    pub(super) fn remember(&mut self, id: u64, waker: &Waker) {
        let index = self.index(id);
        let Some(waiter) = index.and_then(|index| self.0.waiters.get_mut(index)) else {
            return;
        };
        match &mut waiter.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// Takes `id` out of the queue.
    pub(super) fn leave(&mut self, id: u64) {
        if let Some(index) = self.index(id) {
            self.0.waiters.remove(index);
        }
    }

    /// All that wait in `lane` have taken this in advance.
    pub(super) fn cost_of(&self, lane: u64) -> u64 {
        let waiters = self.0.waiters.iter();
        total(waiters.filter(|waiter| waiter.lane == lane))
    }

    /// Wakes everybody.
    pub(super) fn wake_all(self) {
        self.wake(|_| true);
    }

    /// Wakes those of a lane who came after `id`.
    pub(super) fn wake_behind(self, id: u64, lane: u64) {
        self.wake(|waiter| waiter.id > id && waiter.lane == lane);
    }

    /// Wakes outside of the lock: a waker may do anything, such as dropping what it wakes.
    fn wake(mut self, is_meant: impl Fn(&Waiter) -> bool) {
        // Who is woken forgets its waker until it is polled: it is not woken twice for one poll.
        let meant = self.0.waiters.iter_mut().filter(|waiter| is_meant(waiter));
        let wakers: Vec<Waker> = meant
            .filter_map(|waiter| mem::take(&mut waiter.waker))
            .collect();
        drop(self);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// They came in the order of their ids.
    fn index(&self, id: u64) -> Option<usize> {
        self.0
            .waiters
            .binary_search_by_key(&id, |waiter| waiter.id)
            .ok()
    }

    fn cost_behind(&self, index: usize, lane: u64) -> u64 {
        let behind = self.0.waiters.iter().skip(index + 1);
        total(behind.filter(|waiter| waiter.lane == lane))
    }
}

fn total<'a>(waiters: impl Iterator<Item = &'a Waiter>) -> u64 {
    waiters.map(|waiter| u64::from(waiter.cost)).sum()
}
