//! Cancellation: a tree whose parents hold their children weakly.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::Cause;
use super::received::Received;
use super::slots::Slots;

pub(super) type Callback = Box<dyn FnOnce(Cause) + Send>;

/// One node of the tree: what can be cancelled by itself.
pub(super) struct Scope {
    deadline: Option<Instant>,
    parent: Option<Parent>,
    /// Set after the cause: whoever reads `true` with acquire finds the cause.
    is_cancelled: AtomicBool,
    wake: Notify,
    links: Mutex<Links>,
    received: Option<Received>,
}

struct Parent {
    scope: Arc<Scope>,
    slot: usize,
}

#[derive(Default)]
struct Links {
    cause: Option<Cause>,
    children: Slots<Weak<Scope>>,
    callbacks: Slots<Callback>,
}

/// What a cancellation has yet to do.
#[derive(Default)]
struct Work {
    scopes: Vec<(Arc<Scope>, Cause)>,
    callbacks: Vec<(Callback, Cause)>,
}

impl Scope {
    pub(super) fn root(deadline: Option<Instant>, received: Option<Received>) -> Arc<Self> {
        Arc::new(Self::new(deadline, None, Links::default(), received))
    }

    pub(super) fn child(
        parent: &Arc<Self>,
        deadline: Option<Instant>,
        received: Option<Received>,
    ) -> Arc<Self> {
        let deadline = match (parent.deadline, deadline) {
            (Some(parent), Some(own)) => Some(parent.min(own)),
            (one, other) => one.or(other),
        };
        let mut links = parent.lock();
        if let Some(cause) = links.cause.clone() {
            drop(links);
            let own = Links {
                cause: Some(cause),
                ..Links::default()
            };
            return Arc::new(Self::new(deadline, None, own, received));
        }
        Arc::new_cyclic(|weak| {
            let slot = links.children.insert(Weak::clone(weak));
            let parent = Parent {
                scope: Arc::clone(parent),
                slot,
            };
            Self::new(deadline, Some(parent), Links::default(), received)
        })
    }

    fn new(
        deadline: Option<Instant>,
        parent: Option<Parent>,
        links: Links,
        received: Option<Received>,
    ) -> Self {
        let is_cancelled = AtomicBool::new(links.cause.is_some());
        Self {
            deadline,
            parent,
            is_cancelled,
            wake: Notify::new(),
            links: Mutex::new(links),
            received,
        }
    }

    pub(super) fn received(&self) -> Option<&Received> {
        self.received.as_ref()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn deadline_has_passed(&self) -> bool {
        self.deadline.is_some_and(|at| at <= Instant::now())
    }

    pub(super) fn is_done(&self) -> bool {
        self.is_cancelled.load(Ordering::Acquire) || self.deadline_has_passed()
    }

    pub(super) fn cause(&self) -> Option<Cause> {
        if !self.is_done() {
            return None;
        }
        // Under the lock, where a cancellation reads the clock too: once somebody has been told that the
        // deadline was first, nobody is told otherwise.
        Some(self.lock().cause.clone().unwrap_or(Cause::DeadlineExceeded))
    }

    /// Cancels this scope and all below it, one after the other: a deep tree must not need a deep stack.
    /// Callbacks run when all of them know, and outside of every lock: they may use this very context.
    pub(super) fn cancel(&self, cause: Cause) {
        // Neither list allocates for a scope with neither children nor callbacks, as most requests are.
        let mut work = Work::default();
        self.cancel_alone(cause, &mut work);
        while let Some((scope, cause)) = work.scopes.pop() {
            scope.cancel_alone(cause, &mut work);
        }
        for (callback, cause) in work.callbacks {
            // Often called from a drop, where a panic on top of a panic would abort the process.
            if catch_unwind(AssertUnwindSafe(|| callback(cause))).is_err() {
                tracing::error!(target: "ovasabi::context", "a callback panicked when its context was cancelled");
            }
        }
    }

    fn cancel_alone(&self, cause: Cause, work: &mut Work) {
        let (children, callbacks, cause) = {
            let mut links = self.lock();
            if links.cause.is_some() {
                return;
            }
            let cause = if self.deadline_has_passed() {
                Cause::DeadlineExceeded
            } else {
                cause
            };
            links.cause = Some(cause.clone());
            // Release: pairs with the acquire loads, so that the cause is seen with the flag.
            self.is_cancelled.store(true, Ordering::Release);
            (links.children.take(), links.callbacks.take(), cause)
        };
        self.wake.notify_waiters();
        work.callbacks
            .extend(callbacks.map(|callback| (callback, cause.clone())));
        work.scopes
            .extend(children.filter_map(|child| Some((child.upgrade()?, cause.clone()))));
    }

    pub(super) async fn done(&self) -> Cause {
        let mut woken = std::pin::pin!(self.wake.notified());
        // Enabled before the check, so that a cancellation between check and wait is not missed.
        woken.as_mut().enable();
        if let Some(cause) = self.cause() {
            return cause;
        }
        match self.deadline {
            None => woken.await,
            Some(at) => tokio::select! {
                () = woken => {}
                () = tokio::time::sleep_until(at) => {}
            },
        }
        self.cause().unwrap_or(Cause::DeadlineExceeded)
    }

    /// Keeps `callback` for later; gives it back with the cause when it is late already.
    pub(super) fn add_callback(&self, callback: Callback) -> Result<usize, (Callback, Cause)> {
        let mut links = self.lock();
        match links.cause.clone() {
            Some(cause) => Err((callback, cause)),
            None if self.deadline_has_passed() => Err((callback, Cause::DeadlineExceeded)),
            None => Ok(links.callbacks.insert(callback)),
        }
    }

    pub(super) fn remove_callback(&self, slot: usize) {
        let removed = self.lock().callbacks.remove(slot);
        // Dropped outside the lock: what it captured may hold this context.
        drop(removed);
    }

    fn lock(&self) -> MutexGuard<'_, Links> {
        // Nothing that can panic runs under the lock.
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Scope {
    // Leaves the parent's list, and takes the chain of parents apart in a loop: the default recursion
    // overflows the stack when a long-lived task derives contexts from contexts.
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(Parent { scope, slot }) = parent {
            scope.lock().children.remove(slot);
            parent = Arc::into_inner(scope).and_then(|mut scope| scope.parent.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(scope: &Scope) -> usize {
        scope.lock().children.places()
    }

    #[test]
    fn a_million_children_that_come_and_go_take_one_place() {
        let parent = Scope::root(None, None);
        for _ in 0..1_000_000 {
            drop(Scope::child(&parent, None, None));
        }
        assert_eq!(places(&parent), 1);
    }

    #[test]
    fn a_crowd_that_has_gone_leaves_no_places_behind() {
        let parent = Scope::root(None, None);
        let crowd: Vec<_> = (0..100_000)
            .map(|_| Scope::child(&parent, None, None))
            .collect();
        assert_eq!(places(&parent), 100_000);
        drop(crowd);
        assert_eq!(places(&parent), 0);
    }

    #[test]
    fn a_cancelled_child_leaves_its_parent_at_once_when_dropped() {
        let parent = Scope::root(None, None);
        let (stays, goes) = (
            Scope::child(&parent, None, None),
            Scope::child(&parent, None, None),
        );
        goes.cancel(Cause::Cancelled);
        drop(goes);
        drop(Scope::child(&parent, None, None));
        assert_eq!((places(&parent), parent.cause()), (2, None));
        drop(stays);
    }
}
