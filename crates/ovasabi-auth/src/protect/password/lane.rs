//! The lane: who hashes now, who waits, who is refused.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::Block;
use ovasabi_core::inspect::{Inspect, Metric, Snapshot};
use ovasabi_core::reject::{Name, RejectKind, Rejection};
use ovasabi_core::{Code, Context};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::job::{Hashed, Job};
use super::{Password, PasswordError};

/// When a refused caller should come back: a few hashes later.
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(super) struct Lane {
    name: Name,
    permits: Arc<Semaphore>,
    size: usize,
    waiting: AtomicUsize,
    max_waiting: usize,
    max_wait: Duration,
    hashes: AtomicU64,
    refused: AtomicU64,
    memory: Arc<Memory>,
}

/// What hashes are computed in, one piece for each permit at most: each wants 19 MiB, and an allocator that
/// hands such pieces to ever new threads keeps them all.
struct Memory {
    pieces: Mutex<Vec<Vec<Block>>>,
    /// What a new hash needs, in blocks of 1 KiB. A piece that grew beyond it, for a stored hash, is not kept.
    blocks: usize,
}

impl Memory {
    fn take(&self) -> Vec<Block> {
        self.lock().pop().unwrap_or_default()
    }

    fn give_back(&self, piece: Vec<Block>) {
        if piece.capacity() <= self.blocks {
            self.lock().push(piece);
        }
    }

    /// Nothing that can panic runs under the lock.
    fn lock(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    pub(super) fn new(
        name: Name,
        size: usize,
        max_waiting: usize,
        max_wait: Duration,
        blocks: usize,
    ) -> Self {
        Self {
            name,
            permits: Arc::new(Semaphore::new(size)),
            size,
            waiting: AtomicUsize::new(0),
            max_waiting,
            max_wait,
            hashes: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            memory: Arc::new(Memory {
                pieces: Mutex::default(),
                blocks,
            }),
        }
    }

    /// Computes a hash on a blocking thread once there is a permit.
    ///
    /// The permit goes with the work: whoever drops this future gets nothing back any earlier.
    pub(super) async fn run(
        &self,
        cx: &Context,
        job: Job,
        password: &Password,
    ) -> Result<Hashed, PasswordError> {
        let permit = self.permit(cx).await?;
        // Relaxed: a number that stands alone.
        self.hashes.fetch_add(1, Ordering::Relaxed);
        let password = password.clone();
        let memory = Arc::clone(&self.memory);
        let hashing = tokio::task::spawn_blocking(move || {
            let mut piece = memory.take();
            let done = job.run(password.as_bytes(), &mut piece);
            // Given back before the permit, so that there are never more pieces than permits.
            memory.give_back(piece);
            drop(permit);
            done
        });
        let stopped = PasswordError::Failed {
            problem: "the runtime is shutting down",
        };
        tokio::select! {
            biased;
            done = hashing => done.unwrap_or(Err(stopped)),
            cause = cx.done() => Err(PasswordError::Stopped(cause)),
        }
    }

    async fn permit(&self, cx: &Context) -> Result<OwnedSemaphorePermit, PasswordError> {
        if let Some(cause) = cx.cause() {
            return Err(PasswordError::Stopped(cause));
        }
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let _place = self
            .place()
            .ok_or_else(|| self.refuse(RejectKind::AtCapacity))?;
        tokio::select! {
            biased;
            permit = Arc::clone(&self.permits).acquire_owned() => {
                permit.map_err(|_| self.refuse(RejectKind::AtCapacity))
            }
            cause = cx.done() => Err(PasswordError::Stopped(cause)),
            () = tokio::time::sleep(self.max_wait) => Err(self.refuse(RejectKind::QueueTimeout)),
        }
    }

    /// A place in the queue; it is given back on drop.
    fn place(&self) -> Option<Place<'_>> {
        let take = |waiting: usize| (waiting < self.max_waiting).then_some(waiting + 1);
        // Relaxed: the count guards no other memory.
        self.waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .ok()?;
        Some(Place(&self.waiting))
    }

    fn refuse(&self, kind: RejectKind) -> PasswordError {
        self.refused.fetch_add(1, Ordering::Relaxed);
        debug_assert_eq!(kind.code(), Code::Unavailable);
        let rejection = Rejection::new(kind, "password", self.name.clone());
        PasswordError::Refused(rejection.retry_after(RETRY_AFTER))
    }
}

struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Inspect for Lane {
    fn kind(&self) -> &'static str {
        "password"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let running = self.size.saturating_sub(self.permits.available_permits());
        let waiting = self.waiting.load(Ordering::Relaxed);
        let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        Snapshot::new()
            .with(Metric::counter(
                "password.hashes",
                "hashes begun",
                read(&self.hashes),
            ))
            .with(Metric::counter(
                "password.refused",
                "requests refused because the lane was full",
                read(&self.refused),
            ))
            .with(Metric::gauge(
                "password.running",
                "hashes under way",
                count(running),
            ))
            .with(Metric::gauge(
                "password.waiting",
                "requests that wait for a permit",
                count(waiting),
            ))
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("name", &self.name)
            .field("permits", &self.size)
            .field("free", &self.permits.available_permits())
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::job::Cost;
    use super::*;

    /// A stored hash may ask for seven times what a new one takes. One login with it must not keep that much
    /// for good.
    #[tokio::test]
    async fn memory_that_a_large_hash_took_is_not_kept() {
        let lane = Lane::new("password".into(), 1, 0, Duration::ZERO, 64);
        for memory_kib in [64, 1024, 64] {
            let cost = Cost {
                memory_kib,
                iterations: 1,
                lanes: 1,
            };
            let job = Job::new(cost).unwrap();
            let cx = Context::background();
            let hashed = lane.run(&cx, job, &Password::new("horse")).await;
            assert!(hashed.is_ok());
            let kept: usize = lane.memory.lock().iter().map(Vec::capacity).sum();
            assert!(kept <= 64, "{kept} blocks of 1 KiB after {memory_kib} KiB");
        }
    }
}
