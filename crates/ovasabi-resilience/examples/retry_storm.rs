//! An outage, three tiers deep: each tier tries up to three times, and yet the service that is down is asked 1.73
//! times as often, not 27 times.
//!
//! 1 000 requests a second arrive for 10 s, and everything fails. Time is virtual: it takes a moment.
//!
//! ```text
//! cargo run -p ovasabi-resilience --example retry_storm --features full
//! ```
//!
//! It exits with an error if a tier sends more than its budget allows.
#![expect(clippy::print_stdout, reason = "an example shows what it measured")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::{Request, Response};
use ovasabi_resilience::retry::{RetryBudget, RetryLayer, RetryPolicy};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};
use tower::{BoxError, ServiceExt, service_fn};

const SECONDS: u32 = 10;
const PER_SECOND: u32 = 1_000;
/// The defaults of a budget: a fifth more, and ten retries a second for those who are quiet.
const RATIO: f64 = 0.2;
const FLOOR: u32 = 10;
const TIERS: [&str; 3] = ["front", "middle", "back"];

fn main() -> Result<(), BoxError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?
        .block_on(outage())
}

async fn outage() -> Result<(), BoxError> {
    // What arrives at each tier and, in the end, at the service that is down.
    let arrived: [Arc<AtomicU32>; 4] = Default::default();
    let count = |place: usize| {
        let arrived = arrived.get(place).map(Arc::clone).unwrap_or_default();
        move |request: Request<()>| {
            arrived.fetch_add(1, Ordering::Relaxed);
            request
        }
    };
    let down = service_fn(async |_: Request<()>| {
        Ok::<_, BoxError>(Response::builder().status(503).body(())?)
    });
    let [front, middle, back] = TIERS.map(tier);
    let back = back?.wrap(down.map_request(count(3)));
    let middle = middle?.wrap(back.map_request(count(2)));
    let front = front?.wrap(middle.map_request(count(1)));
    let service = front.map_request(count(0));

    let start = Instant::now();
    let mut arrivals = interval(Duration::from_secs(1) / PER_SECOND);
    let mut calls = JoinSet::new();
    for _ in 0..SECONDS * PER_SECOND {
        arrivals.tick().await;
        let request = Request::get("/invoices").body(())?;
        calls.spawn(service.clone().oneshot(request));
    }
    for answer in calls.join_all().await {
        assert_eq!(answer?.status(), 503);
    }
    report(
        arrived.map(|count| count.load(Ordering::Relaxed)),
        start.elapsed(),
    )
}

/// The retries of one tier, with a budget of their own.
fn tier(name: &'static str) -> Result<RetryLayer, BoxError> {
    let budget = RetryBudget::builder(name)
        .ratio(RATIO)
        .floor_per_second(FLOOR)
        .build()?;
    let policy = RetryPolicy::builder(name).max_attempts(3).budget(budget);
    Ok(policy.build()?.layer())
}

/// Prints a line for each tier, and fails if one has sent too much.
fn report(arrived: [u32; 4], took: Duration) -> Result<(), BoxError> {
    // A floor is ten for each second that has begun, and ten for the first moment.
    let floor = f64::from(FLOOR) * (took.as_secs_f64().ceil() + 1.0);
    println!(
        "{:8} {:>8} {:>8} {:>7} {:>8}",
        "tier", "in", "out", "ratio", "at most"
    );
    let mut at_most = f64::from(SECONDS * PER_SECOND);
    let mut is_within = true;
    for (name, calls) in TIERS.into_iter().zip(arrived.windows(2)) {
        let &[calls_in, calls_out] = calls else {
            continue;
        };
        // What one tier adds, the next one multiplies.
        at_most = at_most * (1.0 + RATIO) + floor;
        is_within &= f64::from(calls_out) <= at_most;
        let ratio = f64::from(calls_out) / f64::from(calls_in);
        println!("{name:8} {calls_in:8} {calls_out:8} {ratio:6.3}x {at_most:8.0}");
    }
    let [asked, .., sent] = arrived.map(f64::from);
    println!(
        "all      {asked:8} {sent:8} {:6.3}x {at_most:8.0}   (1.2³ = {:.3}, without the floors)",
        sent / asked,
        (1.0 + RATIO).powi(3),
    );
    if is_within {
        Ok(())
    } else {
        Err("a tier has sent more than its budget allows".into())
    }
}
