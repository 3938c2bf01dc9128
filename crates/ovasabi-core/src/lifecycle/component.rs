//! What an application is made of.

use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;

use crate::{Context, Result};

/// The long-running work of a component, boxed because components of all types live in one list.
pub type RunFuture = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A part of an application that starts and stops: a pool, a server, a job runner.
///
/// Each method but [`name`](Component::name) does nothing by default. A panic in any of them is an error
/// of that component, not of the process. Implementations need `#[async_trait]`, which the
/// [module](super) exports; for a few closures, [`component`](super::component()) is shorter.
#[async_trait]
pub trait Component: Send + 'static {
    /// What it is called in dependencies, logs and the report. Unique within an application.
    fn name(&self) -> &str;

    /// Makes it ready for those that depend on it; they start when this has returned.
    ///
    /// `cx` ends with the start budget, or when a stop is asked for.
    ///
    /// # Cancel safety
    /// The future is dropped in both cases, and with it the component: it must let go of what it holds.
    async fn start(&mut self, cx: &Context) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// The long-running work, if it has some: asked for once, after [`start`](Component::start).
    ///
    /// It owns what it needs and runs until `cx` is cancelled, which is this component's turn to stop. If it
    /// ends before a stop was asked for, with whichever result, the application stops in good order and exits
    /// with a code that is not 0.
    fn run(&mut self, cx: Context) -> Option<RunFuture> {
        let _ = cx;
        None
    }

    /// Called when a drain begins: goes on serving, and may ask clients to leave. Must not block.
    fn drain(&mut self) {}

    /// Ends it: takes no more work, finishes what is under way, lets go of what it holds.
    ///
    /// Those that depend on it have stopped before. `cx` has a deadline a tenth before its budget ends, so
    /// that there is time to tell what was cut off. When the budget is used up, the future is dropped.
    ///
    /// # Errors
    /// Go to the log and into the report; the others are stopped all the same.
    async fn stop(&mut self, cx: &Context) -> Result<()> {
        let _ = cx;
        Ok(())
    }
}
