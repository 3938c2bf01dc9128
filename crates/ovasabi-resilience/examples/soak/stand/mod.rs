//! A random stack over the service, and the handles of all that it keeps.

mod breaker;
mod by_hand;
mod client;
mod fallback;
mod keyed;
mod server;
mod shed;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt;
use ovasabi_core::time::{Clock, ClockHand};
use ovasabi_resilience::keyed::KeyedCircuitBreaker;
use ovasabi_resilience::testkit::{Balance, Outstanding};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer, Service, ServiceExt};

use crate::dice::Dice;
use crate::upstream::{Body, Mood, Upstream};

pub(crate) use breaker::{Guarded, Row};
pub(crate) use keyed::{KEYS, path};

pub(crate) type Calls = BoxCloneSyncService<Request<()>, Response<Body>, BoxError>;

/// A lease that no jump of the clock outlasts: what a probe loses stays lost.
const LEASE: Duration = Duration::from_secs(3_600);

/// What a round calls, and what must be home when it ends.
pub(crate) struct Stand {
    pub(crate) service: Calls,
    pub(crate) mood: Mood,
    pub(crate) clock: Clock,
    pub(crate) hand: ClockHand,
    pub(crate) breakers: Vec<Guarded>,
    pub(crate) hosts: Vec<(KeyedCircuitBreaker<String>, Row)>,
    /// Counts the calls that the service has begun and not ended, beside its clones.
    pub(crate) alive: Arc<()>,
    /// The clones of the service in here.
    pub(crate) clones: usize,
    lenders: Vec<Box<dyn Lender>>,
    knobs: Vec<Box<Knob>>,
}

/// Something that calls take from.
trait Lender: Balance + fmt::Debug + Send + Sync {}

impl<T: Balance + fmt::Debug + Send + Sync> Lender for T {}

/// Changes something while calls are under way. What it sets is always possible: a refusal is a bug.
type Knob = dyn Fn(&Dice) -> Result<(), BoxError> + Send + Sync;

impl Stand {
    pub(crate) fn random(dice: &Dice) -> Result<Self, BoxError> {
        let (clock, hand) = Clock::manual();
        hand.advance(LEASE);
        let mood = if dice.one_in(4) {
            Mood::Silent
        } else {
            Mood::Any
        };
        let alive = Arc::new(());
        let upstream = Upstream::new(dice.clone(), mood, Arc::clone(&alive));
        let mut stand = Self {
            service: BoxCloneSyncService::new(upstream),
            mood,
            clock,
            hand,
            breakers: Vec::new(),
            hosts: Vec::new(),
            alive,
            clones: 1,
            lenders: Vec::new(),
            knobs: Vec::new(),
        };
        match dice.roll(3) {
            0 => stand.client(dice)?,
            1 => stand.server(dice)?,
            _ => stand.by_hand(dice)?,
        }
        if dice.one_in(2) {
            stand.fallback(dice)?;
        }
        Ok(stand)
    }

    /// What is not home.
    pub(crate) fn outstanding(&self) -> impl Iterator<Item = Outstanding> {
        self.lenders.iter().flat_map(|lender| lender.outstanding())
    }

    /// Changes one thing.
    pub(crate) fn turn_a_knob(&self, dice: &Dice) -> Result<(), BoxError> {
        let knob = dice.pick(&self.knobs);
        knob.map_or(Ok(()), |knob| knob(dice))
    }

    fn lender(&mut self, lender: impl Lender + 'static) {
        self.lenders.push(Box::new(lender));
    }

    fn knob(&mut self, knob: impl Fn(&Dice) -> Result<(), BoxError> + Send + Sync + 'static) {
        self.knobs.push(Box::new(knob));
    }

    /// A limit of time. A service that is too slow is a failure: where nothing is to be said, nothing may time out.
    fn limit(&self, dice: &Dice, most: u32) -> Duration {
        limit(self.mood, dice, most)
    }

    /// Puts a layer around all there is. Types are erased here: the next layer is a matter of chance.
    fn wrap<L, B>(&mut self, layer: &L)
    where
        L: Layer<Calls>,
        L::Service: Service<Request<()>, Response = Response<B>, Error = BoxError>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as Service<Request<()>>>::Future: Send + 'static,
        B: http_body::Body<Data = bytes::Bytes, Error = BoxError> + Send + 'static,
    {
        let service = layer.layer(self.service.clone());
        let service = service.map_response(|answer| answer.map(BodyExt::boxed_unsync));
        self.service = BoxCloneSyncService::new(service);
    }
}

/// See [`Stand::limit`].
fn limit(mood: Mood, dice: &Dice, most: u32) -> Duration {
    match mood {
        Mood::Any => dice.millis(1, most),
        Mood::Silent => LEASE / 2,
    }
}

fn number(dice: &Dice, most: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(dice.between(0, most - 1))
}

impl fmt::Debug for Stand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stand")
            .field("mood", &self.mood)
            .field("now", &self.clock.now())
            .field("lenders", &self.lenders)
            .finish_non_exhaustive()
    }
}
