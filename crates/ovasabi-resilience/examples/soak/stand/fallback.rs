//! Something else to answer, around all there is.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_resilience::fallback::{Cause, Causes, Fallback, StaleCache};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer, Service, ServiceExt};

use super::Stand;
use super::keyed::key;
use crate::dice::Dice;
use crate::upstream::{Body, Upstream, full};

/// An answer that can be copied: its body is whole.
type Whole = Response<Full<Bytes>>;

impl Stand {
    pub(super) fn fallback(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let fallback = Fallback::builder("soak").on(causes(dice)).build()?;
        match dice.roll(5) {
            0 => self.wrap_whole(&fallback.value(Whole::default()).marking()),
            1 => {
                let answer = |(), _: Cause| Ok::<_, BoxError>(Response::new(full("instead")));
                self.wrap(&fallback.function(answer).marking());
            }
            2 => {
                let dice = dice.clone();
                let answer = move |(), _: Cause| late(dice.clone());
                self.wrap(&fallback.async_function(answer).marking());
            }
            3 => {
                let alive = Arc::clone(&self.alive);
                self.clones += 1;
                let other = Upstream::new(dice.clone(), self.mood, alive);
                self.wrap(&fallback.service(other).marking());
            }
            _ => self.stale(&fallback, dice)?,
        }
        self.knob(move |dice| {
            match dice.roll(4) {
                0 => fallback.disable(),
                1 | 2 => fallback.enable(),
                _ => fallback.reconfigure(Fallback::builder("soak").on(causes(dice)))?,
            }
            Ok(())
        });
        Ok(())
    }

    /// Answers from before, of fewer keys than there are.
    fn stale(&mut self, fallback: &Fallback, dice: &Dice) -> Result<(), BoxError> {
        let clock = self.clock.clone();
        let numbers = move |dice: &Dice| {
            StaleCache::<String, Whole>::builder("soak")
                .clock(clock.clone())
                .capacity(dice.between(1, 50) as usize)
                .max_stale(dice.millis(1, 2_000))
        };
        let store = numbers(dice).build()?;
        let layer = fallback.stale(store.clone(), |request: &Request<()>| Some(key(request)));
        self.wrap_whole(&layer.marking());
        self.knob(move |dice| {
            if dice.one_in(4) {
                store.clear();
            }
            Ok(store.reconfigure(numbers(dice))?)
        });
        Ok(())
    }

    /// Puts a layer around that copies answers: it waits for their bodies first.
    fn wrap_whole<L>(&mut self, layer: &L)
    where
        L: Layer<BoxCloneSyncService<Request<()>, Whole, BoxError>>,
        L::Service: Service<Request<()>, Response = Whole, Error = BoxError>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as Service<Request<()>>>::Future: Send + 'static,
    {
        let whole = BoxCloneSyncService::new(self.service.clone().and_then(collect));
        let service = layer.layer(whole);
        let service = service.map_response(|answer| answer.map(in_frames));
        self.service = BoxCloneSyncService::new(service);
    }
}

fn causes(dice: &Dice) -> Causes {
    match dice.roll(3) {
        0 => Causes::rejected(),
        1 => Causes::failure() | Causes::throttled(),
        _ => Causes::rejected() | Causes::failure() | Causes::throttled(),
    }
}

/// Answers after a while, or fails, or panics, or never ends.
async fn late(dice: Dice) -> Result<Response<Body>, BoxError> {
    crate::upstream::act(&dice).await
}

async fn collect(answer: Response<Body>) -> Result<Whole, BoxError> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Response::from_parts(head, Full::new(body)))
}

fn in_frames(body: Full<Bytes>) -> Body {
    body.map_err(|never: Infallible| match never {})
        .boxed_unsync()
}
