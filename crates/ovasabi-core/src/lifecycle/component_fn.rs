//! Components made of closures.

use std::fmt;
use std::future::Future;

use async_trait::async_trait;

use super::{Component, RunFuture};
use crate::{Context, Result};

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
    F: Future<Output = Result<()>> + Send + 'static,
{
    Box::new(move |cx| Box::pin(function(cx)))
}

async fn call(hook: Option<Hook>, cx: &Context) -> Result<()> {
    match hook {
        Some(hook) => hook(cx.clone()).await,
        None => Ok(()),
    }
}
