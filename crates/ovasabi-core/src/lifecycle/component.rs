//! What an application is made of.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;

use crate::{Context, Error, Result};

/// The long-running work of a component, boxed because components of all types live in one list.
pub type RunFuture = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A part of an application that starts and stops: a pool, a server, a job runner.
///
/// Each method but [`name`](Component::name) does nothing by default. A panic in any of them is an error
/// of that component, not of the process. Implementations need `#[async_trait]`, which the
/// [module](super) exports; for a few closures, [`component`] is shorter.
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

type Hook = Box<dyn FnOnce(Context) -> RunFuture + Send>;

/// A component made of closures; see [`component`].
#[must_use = "a component does nothing until an application runs it"]
pub struct ComponentFn {
    name: String,
    start: Option<Hook>,
    run: Option<Hook>,
    drain: Option<Box<dyn FnOnce() + Send>>,
    stop: Option<Hook>,
}

/// A component made of closures, each at most once.
///
/// ```
/// use ovasabi_core::lifecycle::component;
///
/// let mailer = component("mailer")
///     .on_start(async |_cx| Ok(()))
///     .runs(async |cx| {
///         cx.done().await; // deliver until it is our turn to stop
///         Ok(())
///     })
///     .on_stop(async |_cx| Ok(()));
/// # let _ = mailer;
/// ```
#[doc(alias = "component_fn")]
pub fn component(name: impl Into<String>) -> ComponentFn {
    ComponentFn {
        name: name.into(),
        start: None,
        run: None,
        drain: None,
        stop: None,
    }
}

impl ComponentFn {
    /// Sets [`Component::start`].
    pub fn on_start<F>(mut self, start: impl FnOnce(Context) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        self.start = Some(hook(start));
        self
    }

    /// Sets [`Component::run`].
    pub fn runs<F>(mut self, run: impl FnOnce(Context) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        self.run = Some(hook(run));
        self
    }

    /// Sets [`Component::drain`].
    pub fn on_drain(mut self, drain: impl FnOnce() + Send + 'static) -> Self {
        self.drain = Some(Box::new(drain));
        self
    }

    /// Sets [`Component::stop`].
    pub fn on_stop<F>(mut self, stop: impl FnOnce(Context) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        self.stop = Some(hook(stop));
        self
    }
}

#[async_trait]
impl Component for ComponentFn {
    fn name(&self) -> &str {
        &self.name
    }

    async fn start(&mut self, cx: &Context) -> Result<()> {
        call(self.start.take(), cx).await
    }

    fn run(&mut self, cx: Context) -> Option<RunFuture> {
        Some(self.run.take()?(cx))
    }

    fn drain(&mut self) {
        if let Some(drain) = self.drain.take() {
            drain();
        }
    }

    async fn stop(&mut self, cx: &Context) -> Result<()> {
        call(self.stop.take(), cx).await
    }
}

impl fmt::Debug for ComponentFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComponentFn")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn hook<F>(function: impl FnOnce(Context) -> F + Send + 'static) -> Hook
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    Box::new(move |cx| Box::pin(function(cx)))
}

async fn call(hook: Option<Hook>, cx: &Context) -> Result<()> {
    match hook {
        Some(hook) => hook(cx.clone()).await,
        None => Ok(()),
    }
}
