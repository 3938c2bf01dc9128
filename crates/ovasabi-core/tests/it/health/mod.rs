//! Probes: cached, timed, asked once, and never about anything outside for liveness.

mod checks;
mod live;
mod probes;
mod ready;
mod report;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, Request, Response};
use ovasabi_core::health::{
    Check, CheckOptions, Health, HealthService, Level, Stage, Status, async_trait, check_fn,
};
use ovasabi_core::inspect::{Registry, Report};
use ovasabi_core::time::WallClock;
use ovasabi_core::{Code, Context, Error};
use tokio::time::{Instant, sleep};
use tower::ServiceExt;

const SECOND: Duration = Duration::from_secs(1);

/// A check that counts its runs and takes this long.
#[derive(Clone)]
struct Slow {
    name: &'static str,
    takes: Duration,
    runs: Arc<AtomicUsize>,
}

impl Slow {
    fn new(name: &'static str, takes: Duration) -> Self {
        Self {
            name,
            takes,
            runs: Arc::default(),
        }
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Check for Slow {
    fn name(&self) -> &str {
        self.name
    }

    async fn check(&self, _cx: &Context) -> Status {
        self.runs.fetch_add(1, Ordering::Relaxed);
        sleep(self.takes).await;
        Status::Up
    }
}

fn serving() -> Health {
    let health = Health::new();
    health.set_serving();
    health
}

fn database_is_down() -> Status {
    Status::down(
        Error::new(Code::Unavailable, "db.down")
            .detail("no database")
            .caused_by("10.0.0.7 refused"),
    )
}

async fn status(health: &Health, path: &str) -> u16 {
    health.handle(path).await.status().as_u16()
}

fn json(response: &Response<String>) -> serde_json::Value {
    serde_json::from_str(response.body()).unwrap()
}
