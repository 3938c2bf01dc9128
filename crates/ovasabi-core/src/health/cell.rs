//! One check: asked by at most one task at a time, its answer kept for a while.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::{Check, CheckOptions, Level, Status};
use crate::Context;
use crate::lifecycle::{CatchPanic, Task};
use crate::reject::Name;
use crate::time::{Clock, Tick, WallClock};

/// A check with its last answer and the flight that fetches the next one.
pub(super) struct Cell {
    pub(super) name: Name,
    pub(super) options: CheckOptions,
    check: Arc<dyn Check>,
    clock: Clock,
    wall: WallClock,
    progress: Mutex<Progress>,
    pub(super) counts: Counts,
}

/// What became of the runs. Relaxed throughout: each number stands alone.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) runs: AtomicU64,
    pub(super) timeouts: AtomicU64,
    pub(super) downs: AtomicU64,
}

#[derive(Default)]
struct Progress {
    last: Option<Answer>,
    flight: Option<Flight>,
    flights: u64,
}

struct Flight {
    id: u64,
    answer: watch::Sender<Option<Answer>>,
    until: Instant,
    task: Task<()>,
}

/// An answer, with when and how it came.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: Status,
    pub(super) since: SystemTime,
    pub(super) took: Duration,
    at: Tick,
}

/// An answer, or the way to it.
pub(super) enum Asked {
    Known(Answer),
    Flying {
        id: u64,
        answer: watch::Receiver<Option<Answer>>,
        until: Instant,
    },
}

impl Cell {
    pub(super) fn new(
        check: Arc<dyn Check>,
        options: CheckOptions,
        clock: Clock,
        wall: WallClock,
    ) -> Self {
        let name = check.name().to_owned().into();
        Self {
            name,
            options,
            check,
            clock,
            wall,
            progress: Mutex::default(),
            counts: Counts::default(),
        }
    }

    /// The fresh answer if there is one, else a place in the flight, which is begun if there is none.
    ///
    /// The flight is a task of the cell: a probe that hangs up does not end it for the others.
    pub(super) fn ask(self: &Arc<Self>) -> Asked {
        let mut progress = self.lock();
        if let Some(last) = &progress.last
            && self.clock.now().saturating_since(last.at) < self.options.ttl
        {
            return Asked::Known(last.clone());
        }
        let flight = match progress.flight.take() {
            Some(flight) if !flight.task.is_finished() => flight,
            _ => {
                progress.flights += 1;
                self.fly(progress.flights)
            }
        };
        let (id, answer, until) = (flight.id, flight.answer.subscribe(), flight.until);
        progress.flight = Some(flight);
        Asked::Flying { id, answer, until }
    }

    /// Waits for the answer, never longer than until the flight has to be over.
    pub(super) async fn wait(&self, asked: Asked) -> Answer {
        let (id, mut answer, until) = match asked {
            Asked::Known(answer) => return answer,
            Asked::Flying { id, answer, until } => (id, answer, until),
        };
        let told = async {
            answer
                .wait_for(Option::is_some)
                .await
                .ok()
                .and_then(|told| told.clone())
        };
        match timeout_at(until, told).await {
            Ok(Some(answer)) => answer,
            Ok(None) => self.unheard(Status::down("the check was aborted")),
            // The flight has the same limit; this one holds even if the check blocks its thread.
            Err(_) => self.land(id, None, self.options.timeout),
        }
    }

    /// The last answer, however old.
    pub(super) fn last(&self) -> Option<Answer> {
        self.lock().last.clone()
    }

    fn fly(self: &Arc<Self>, id: u64) -> Flight {
        let until = Instant::now() + self.options.timeout;
        let check = Arc::clone(&self.check);
        let clock = self.clock.clone();
        // Weak, so that the last handle of the health ends the flight.
        let cell: Weak<Self> = Arc::downgrade(self);
        self.counts.runs.fetch_add(1, Ordering::Relaxed);
        let task = Task::spawn(self.name.clone(), async move {
            let begin = clock.now();
            let cx = Context::background().with_deadline(until);
            let asked = timeout_at(until, CatchPanic::new(check.check(&cx))).await;
            let took = clock.now().saturating_since(begin);
            let Some(cell) = cell.upgrade() else { return };
            let status = asked.ok().map(|asked| {
                asked.unwrap_or_else(|panic| {
                    Status::down(crate::Error::internal(panic).detail("the check panicked"))
                })
            });
            cell.land(id, status, took);
        });
        Flight {
            id,
            answer: watch::Sender::new(None),
            until,
            task,
        }
    }

    /// Ends a flight with its answer, or with none in time; whoever comes second changes nothing.
    fn land(&self, id: u64, status: Option<Status>, took: Duration) -> Answer {
        let (at, now) = (self.clock.now(), self.wall.now());
        let is_late = status.is_none();
        let status = status.unwrap_or_else(|| self.too_late());
        let level = status.level();
        let mut progress = self.lock();
        let Some(flight) = progress.flight.take_if(|flight| flight.id == id) else {
            let last = progress.last.clone();
            drop(progress);
            return last.unwrap_or_else(|| self.unheard(status));
        };
        let before = progress
            .last
            .as_ref()
            .map(|last| (last.status.level(), last.since));
        let since = match before {
            Some((same, since)) if same == level => since,
            _ => now,
        };
        let answer = Answer {
            status,
            since,
            took,
            at,
        };
        progress.last = Some(answer.clone());
        drop(progress);
        self.counts
            .timeouts
            .fetch_add(u64::from(is_late), Ordering::Relaxed);
        self.counts
            .downs
            .fetch_add(u64::from(level == Level::Down), Ordering::Relaxed);
        self.tell(before.map(|(level, _)| level), &answer.status);
        flight.answer.send_replace(Some(answer.clone()));
        answer
    }

    /// Tells the log of a change.
    fn tell(&self, before: Option<Level>, status: &Status) {
        let (check, level) = (self.name.as_str(), status.level());
        if before.unwrap_or(Level::Up) == level {
            return;
        }
        match status.why() {
            Some(why) => {
                tracing::warn!(target: "ovasabi::health", check, %level, %why, cause = ?why.private(), "check changed");
            }
            None => tracing::info!(target: "ovasabi::health", check, %level, "check changed"),
        }
    }

    /// An answer of nobody, which is not kept.
    fn unheard(&self, status: Status) -> Answer {
        Answer {
            status,
            since: self.wall.now(),
            took: Duration::ZERO,
            at: self.clock.now(),
        }
    }

    fn too_late(&self) -> Status {
        Status::down(format!("no answer within {:?}", self.options.timeout))
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        // Nothing that can panic runs under the lock.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
