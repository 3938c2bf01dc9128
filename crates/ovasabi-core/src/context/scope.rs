//! Cancellation: a tree whose parents hold their children weakly.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::Cause;

pub(super) type Callback = Box<dyn FnOnce(Cause) + Send>;

/// One node of the tree: what can be cancelled by itself.
pub(super) struct Scope {
    deadline: Option<Instant>,
    parent: Option<Parent>,
    /// Set after the cause: whoever reads `true` with acquire finds the cause.
    is_cancelled: AtomicBool,
    wake: Notify,
    links: Mutex<Links>,
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

impl Scope {
    pub(super) fn root(deadline: Option<Instant>) -> Arc<Self> {
        Arc::new(Self::new(deadline, None, Links::default()))
    }

    pub(super) fn child(parent: &Arc<Self>, deadline: Option<Instant>) -> Arc<Self> {
        let deadline = match (parent.deadline, deadline) {
            (Some(parent), Some(own)) => Some(parent.min(own)),
            (one, other) => one.or(other),
        };
        let mut links = parent.lock();
        if let Some(cause) = links.cause.clone() {
            drop(links);
            let own = Links { cause: Some(cause), ..Links::default() };
            return Arc::new(Self::new(deadline, None, own));
        }
        Arc::new_cyclic(|weak| {
            let slot = links.children.insert(weak.clone());
            let parent = Parent { scope: Arc::clone(parent), slot };
            Self::new(deadline, Some(parent), Links::default())
        })
    }

    fn new(deadline: Option<Instant>, parent: Option<Parent>, links: Links) -> Self {
        let is_cancelled = AtomicBool::new(links.cause.is_some());
        Self { deadline, parent, is_cancelled, wake: Notify::new(), links: Mutex::new(links) }
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
        if self.is_cancelled.load(Ordering::Acquire) {
            return self.lock().cause.clone();
        }
        self.deadline_has_passed().then_some(Cause::DeadlineExceeded)
    }

    /// Cancels this scope and all below it, one after the other: a deep tree must not need a deep stack.
    pub(super) fn cancel(self: &Arc<Self>, cause: Cause) {
        let mut todo = vec![(Arc::clone(self), cause)];
        while let Some((scope, cause)) = todo.pop() {
            let cause = if scope.deadline_has_passed() { Cause::DeadlineExceeded } else { cause };
            let (children, callbacks) = {
                let mut links = scope.lock();
                if links.cause.is_some() {
                    continue;
                }
                links.cause = Some(cause.clone());
                // Release: pairs with the acquire loads, so that the cause is seen with the flag.
                scope.is_cancelled.store(true, Ordering::Release);
                (links.children.take(), links.callbacks.take())
            };
            scope.wake.notify_waiters();
            // Callbacks run outside the lock: they may use this very context.
            callbacks.for_each(|callback| callback(cause.clone()));
            todo.extend(children.filter_map(|child| Some((child.upgrade()?, cause.clone()))));
        }
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
        if self.deadline_has_passed() && !self.is_cancelled.load(Ordering::Acquire) {
            return Err((callback, Cause::DeadlineExceeded));
        }
        let mut links = self.lock();
        match links.cause.clone() {
            Some(cause) => Err((callback, cause)),
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

/// A list with stable places, which reuses those that are free.
struct Slots<T> {
    places: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Slots<T> {
    fn insert(&mut self, value: T) -> usize {
        if let Some(slot) = self.free.pop()
            && let Some(place) = self.places.get_mut(slot)
        {
            *place = Some(value);
            return slot;
        }
        self.places.push(Some(value));
        self.places.len() - 1
    }

    fn remove(&mut self, slot: usize) -> Option<T> {
        let removed = self.places.get_mut(slot)?.take()?;
        self.free.push(slot);
        Some(removed)
    }

    fn take(&mut self) -> impl Iterator<Item = T> + use<T> {
        self.free.clear();
        std::mem::take(&mut self.places).into_iter().flatten()
    }
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}
