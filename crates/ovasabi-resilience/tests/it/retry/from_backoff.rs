//! Policies of the crate `backoff`.

use std::time::Duration;

use backoff::backoff::{Constant, Stop};
use backoff::{ExponentialBackoff, ExponentialBackoffBuilder};
use ovasabi_core::backoff::Backoff;
use ovasabi_resilience::retry::FromBackoff;
use tower::{Layer, ServiceExt};

use super::Answer::Status;
use super::{MS, Upstream, builder, get};

fn steps(factor: f64) -> ExponentialBackoff {
    ExponentialBackoffBuilder::new()
        .with_initial_interval(10 * MS)
        .with_multiplier(2.0)
        .with_max_interval(35 * MS)
        .with_randomization_factor(factor)
        .build()
}

#[test]
fn each_failure_is_one_step() {
    let ours = FromBackoff::new(|| steps(0.0));
    let delays = [1, 2, 3, 4, 100].map(|failures| ours.delay(failures, 7).as_millis());
    assert_eq!(delays, [10, 20, 35, 35, 35]);
    // Pure: asking again changes nothing.
    assert_eq!(ours.delay(1, 7).as_millis(), 10);
}

#[test]
fn jitter_is_that_of_the_policy() {
    let ours = FromBackoff::new(|| steps(0.5));
    for _ in 0..100 {
        let delay = ours.delay(1, 0);
        assert!(
            delay >= 5 * MS && delay <= 15 * MS + Duration::from_nanos(1),
            "{delay:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_stops_ends_the_attempts() {
    let policy = builder()
        .backoff(FromBackoff::new(|| Stop {}))
        .build()
        .unwrap();
    policy
        .layer()
        .layer(Upstream::new([Status(503)]))
        .oneshot(get())
        .await
        .unwrap();
    assert_eq!(policy.totals().attempts_exhausted, 1);

    let constant = FromBackoff::new(|| Constant::new(MS));
    let policy = builder().backoff(constant).build().unwrap();
    policy
        .layer()
        .layer(Upstream::new([Status(503); 2]))
        .oneshot(get())
        .await
        .unwrap();
    assert_eq!(policy.totals().recovered, 1);
}
