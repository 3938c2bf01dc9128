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
}

struct Flight {
    answer: watch::Receiver<Option<Answer>>,
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
    Waiting {
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
        if let Some(flight) = progress
            .flight
            .as_ref()
            .filter(|flight| !flight.task.is_finished())
        {
            return Asked::Waiting {
                answer: flight.answer.clone(),
                until: flight.until,
            };
        }
        let flight = self.fly();
        let asked = Asked::Waiting {
            answer: flight.answer.clone(),
            until: flight.until,
        };
        progress.flight = Some(flight);
        asked
    }

    /// Waits for the answer, never longer than until the flight has to be over.
    pub(super) async fn wait(&self, asked: Asked) -> Answer {
        let (mut answer, until) = match asked {
            Asked::Known(answer) => return answer,
            Asked::Waiting { answer, until } => (answer, until),
        };
        // The flight has the same limit; this one holds even if the check blocks its thread.
        let told = async {
            answer
                .wait_for(Option::is_some)
                .await
                .ok()
                .and_then(|told| told.clone())
        };
        match timeout_at(until, told).await {
            Ok(Some(answer)) => answer,
            Ok(None) => self.answer(Status::down("the check was aborted"), Duration::ZERO),
            Err(_) => self.answer(self.too_late(), self.options.timeout),
        }
    }

    /// The last answer, however old.
    pub(super) fn last(&self) -> Option<Answer> {
        self.lock().last.clone()
    }

    fn fly(self: &Arc<Self>) -> Flight {
        let until = Instant::now() + self.options.timeout;
        let (sender, answer) = watch::channel(None);
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
            let status = match asked {
                Ok(Ok(status)) => status,
                Ok(Err(panic)) => {
                    Status::down(crate::Error::internal(panic).detail("the check panicked"))
                }
                Err(_) => {
                    cell.counts.timeouts.fetch_add(1, Ordering::Relaxed);
                    cell.too_late()
                }
            };
            sender.send_replace(Some(cell.settle(status, took)));
        });
        Flight {
            answer,
            until,
            task,
        }
    }

    /// Keeps an answer, and tells the log when it differs from the one before.
    fn settle(&self, status: Status, took: Duration) -> Answer {
        let answer = self.answer(status, took);
        let level = answer.status.level();
        if level == Level::Down {
            self.counts.downs.fetch_add(1, Ordering::Relaxed);
        }
        let before = self
            .lock()
            .last
            .replace(answer.clone())
            .map(|last| last.status.level());
        let check = self.name.as_str();
        match answer.status.why() {
            _ if before == Some(level) => {}
            Some(why) => {
                tracing::warn!(target: "ovasabi::health", check, %level, %why, cause = ?why.private(), "check changed");
            }
            None if before.is_some() => {
                tracing::info!(target: "ovasabi::health", check, %level, "check changed")
            }
            None => {}
        }
        answer
    }

    fn answer(&self, status: Status, took: Duration) -> Answer {
        let since = match self.lock().last.as_ref() {
            Some(last) if last.status.level() == status.level() => last.since,
            _ => self.wall.now(),
        };
        Answer {
            status,
            since,
            took,
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
