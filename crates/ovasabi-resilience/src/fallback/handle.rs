//! The handle, and its builder.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use ovasabi_core::inspect::{Inspect, Inspected, Registry};
use ovasabi_core::reject::Name;

use super::answer::{AsyncFunction, Function, OtherService, StaleCopy, Value};
use super::keep::{KeepClone, KeepNothing, KeepWith};
use super::state::{Core, KIND};
use super::{Cause, Causes, FallbackLayer, Outcome};
use crate::config::{Check, ConfigError, join};

/// For which causes something else is answered, and how often that was. What is answered belongs to the layer.
///
/// Cheap to clone; clones, and the layers and services made of them, share the causes, the counters and the
/// switch. See the [module](super).
#[derive(Clone)]
pub struct Fallback(Arc<Inspected<Core>>);

/// Builds a [`Fallback`]; starts with [`Fallback::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct FallbackBuilder {
    name: Name,
    causes: Causes,
    registry: Option<Registry>,
}

impl FallbackBuilder {
    /// The causes for which something else is answered.
    ///
    /// At least one. Default: [`Causes::rejected`] and [`Causes::failure`].
    pub fn on(mut self, causes: Causes) -> Self {
        self.causes = causes;
        self
    }

    /// Lets the fallback join `registry`, by its name. Default: it joins none.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Builds the fallback.
    ///
    /// # Errors
    /// [`ConfigError`] when there is no cause, and when the registry has a living fallback of the same name.
    pub fn build(self) -> Result<Fallback, ConfigError> {
        let causes = self.checked(&self.name)?;
        let core = Arc::new(Inspected::new(Core::new(self.name, causes)));
        join(self.registry.as_ref(), &core)?;
        Ok(Fallback(core))
    }

    fn checked(&self, name: &Name) -> Result<Causes, ConfigError> {
        let mut check = Check::default();
        if self.causes.is_empty() {
            check.problem("on", "no cause", "at least one cause");
        }
        check.finish(KIND, name)?;
        Ok(self.causes)
    }
}

impl Fallback {
    /// Starts to build a fallback with this name, which shows in marks, metrics and logs.
    pub fn builder(name: impl Into<Name>) -> FallbackBuilder {
        FallbackBuilder {
            name: name.into(),
            causes: Causes::default(),
            registry: None,
        }
    }

    /// A layer that answers with copies of `value`, for responses that are `Clone`.
    pub fn value<V>(&self, value: V) -> FallbackLayer<Value<V>> {
        FallbackLayer::new(self.clone(), Value(value), KeepNothing)
    }

    /// A layer that answers with what `function` returns: of what was [kept](FallbackLayer::keep) of the request,
    /// which is `()` at first, and of the cause.
    ///
    /// Its `Ok` is taken as it is, also where the classifier would call it a failure; with an `Err` the service's
    /// own result comes back.
    pub fn function<F, K, Res, Err>(&self, function: F) -> FallbackLayer<Function<F>>
    where
        F: Fn(K, Cause) -> Result<Res, Err>,
    {
        FallbackLayer::new(self.clone(), Function(function), KeepNothing)
    }

    /// The same with a function that waits.
    pub fn async_function<F, K, Fut, Res, Err>(
        &self,
        function: F,
    ) -> FallbackLayer<AsyncFunction<F>>
    where
        F: Fn(K, Cause) -> Fut,
        Fut: Future<Output = Result<Res, Err>>,
    {
        FallbackLayer::new(self.clone(), AsyncFunction(function), KeepNothing)
    }

    /// A layer that asks another service, with the same response and error, with a copy of the request.
    ///
    /// What it says is judged as the first service's answer was: with another failure the first result comes back.
    /// A request that cannot be copied, or need not be as a whole, is made with [`FallbackLayer::keep`].
    pub fn service<S>(&self, service: S) -> FallbackLayer<OtherService<S>, KeepClone> {
        FallbackLayer::new(self.clone(), OtherService(service), KeepClone)
    }

    /// A layer that answers with the last good response to a request of the same key, from `store`.
    ///
    /// A response is remembered when its request has a key, is idempotent as the classifier reads it, and the
    /// classifier calls it a success. **The key must hold everything that the response depends on**, above all who
    /// asked.
    pub fn stale<T, Req, Key, F>(
        &self,
        store: T,
        key: F,
    ) -> FallbackLayer<StaleCopy<T>, KeepWith<F>>
    where
        F: Fn(&Req) -> Option<Key>,
    {
        FallbackLayer::new(self.clone(), StaleCopy(store), KeepWith(key))
    }

    /// How often this outcome was that of this cause; all kinds of rejection are one cause.
    #[must_use]
    pub fn count(&self, cause: Cause, outcome: Outcome) -> u64 {
        self.0.counted(cause, outcome)
    }

    /// The causes that it answers for now.
    pub fn causes(&self) -> Causes {
        self.0.causes()
    }

    /// Returns what the service said, from now on.
    pub fn disable(&self) {
        self.0.set_enabled(false);
    }

    /// Answers again.
    pub fn enable(&self) {
        self.0.set_enabled(true);
    }

    /// Takes over the causes of `builder`; its name and registry are ignored.
    ///
    /// # Errors
    /// [`ConfigError`] when it has no cause. Then nothing is changed.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a builder is made for this, and not needed after"
    )]
    pub fn reconfigure(&self, builder: FallbackBuilder) -> Result<(), ConfigError> {
        self.0.set_causes(builder.checked(self.name())?);
        Ok(())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.0.name()
    }

    /// The cause in a verdict, if it is one that is answered for; counts the call where it is switched off.
    pub(crate) fn select(&self, verdict: &ovasabi_core::classify::Verdict) -> Option<Cause> {
        let cause = self.0.select(verdict)?;
        if self.0.is_enabled() {
            return Some(cause);
        }
        self.0.count(cause, Outcome::Disabled);
        None
    }

    /// Counts what came of a call.
    pub(crate) fn settle(&self, cause: Cause, outcome: Outcome) {
        self.0.count(cause, outcome);
    }
}

impl fmt::Debug for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback")
            .field("name", self.name())
            .field("causes", &self.causes())
            .field("is_enabled", &self.0.is_enabled())
            .finish()
    }
}
