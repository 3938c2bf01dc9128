//! The limiters against slow and obvious models.

use std::num::NonZeroUsize;
use std::time::Duration;

use ovasabi_core::admit::Admit;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::{Clock, Tick};
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota, RateLimiter};
use ovasabi_resilience::testkit::model::{TokenBucket, Wait};
use proptest::prelude::*;
use tokio_test::task::spawn;

use super::{limiter, n, quota};

fn answer(result: Result<(), ovasabi_core::Rejection>) -> Result<(), Wait> {
    result.map_err(|refused| match refused.kind() {
        RejectKind::CostTooHigh => Wait::Forever,
        _ => Wait::For(refused.retry_delay().unwrap()),
    })
}

fn nanos(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

/// Mostly small steps against the interval, now and then a long one.
fn pauses(interval: u64) -> impl Strategy<Value = u64> {
    prop_oneof![
        6 => 0..=interval,
        3 => 0..=interval.saturating_mul(5),
        1 => 0..=interval.saturating_mul(200),
    ]
}

fn quotas() -> impl Strategy<Value = (u64, u32)> {
    (
        prop_oneof![1_u64..=20, 1_000_u64..=10_000_000_000],
        1_u32..=40,
    )
}

/// An interval, a burst, a start, and pauses with costs and now and then another quota.
type Scenario = (u64, u32, u64, Vec<(u64, u32, Option<(u64, u32)>)>);

fn scenario() -> impl Strategy<Value = Scenario> {
    let start = prop_oneof![Just(0), 0..=u64::MAX / 4];
    (quotas(), start).prop_flat_map(|((interval, burst), start)| {
        let cost = prop_oneof![8 => 1..=burst, 1 => 1..=2 * burst, 1 => Just(u32::MAX)];
        let change = prop_oneof![9 => Just(None), 1 => quotas().prop_map(Some)];
        let steps = prop::collection::vec((pauses(interval), cost, change), 1..100);
        (Just(interval), Just(burst), Just(start), steps)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decides_as_a_bucket_of_tokens_does_whatever_the_quota_becomes((interval, burst, start, steps) in scenario()) {
        let first = quota(nanos(interval), burst);
        let (direct, hand) = limiter(first);
        let (clock, keyed_hand) = Clock::manual();
        let keyed = KeyedRateLimiter::<u8>::builder("test", first).clock(clock).capacity(NonZeroUsize::MIN);
        let keyed = keyed.build().unwrap();
        let mut model = TokenBucket::new(first);
        let mut now = start;
        for (pause, cost, change) in steps {
            now += pause;
            let tick = Tick::from_nanos(now);
            hand.set(tick);
            keyed_hand.set(tick);
            model.pass(nanos(pause));
            if let Some((interval, burst)) = change {
                let next = quota(nanos(interval), burst);
                direct.set_quota(next);
                keyed.set_quota(next);
                model.change(next);
            }
            let expected = model.take(cost);
            prop_assert_eq!(&answer(direct.admit(&(), n(cost), tick)), &expected, "direct at {}", now);
            prop_assert_eq!(&answer(keyed.admit(&7, n(cost), tick)), &expected, "keyed at {}", now);
            let standing = direct.standing();
            prop_assert_eq!(standing, keyed.standing(&7));
            prop_assert_eq!(standing.remaining(), model.remaining());
            prop_assert_eq!(standing.full_in(), model.full_in());
        }
    }

    #[test]
    fn no_sliding_window_of_any_length_holds_more_than_the_burst_and_the_rate((interval, burst, start, steps) in scenario()) {
        // P-39: an oracle that knows nothing of buckets, only what was admitted and when.
        let (limiter, _hand) = limiter(quota(nanos(interval), burst));
        let mut admitted: Vec<(u64, u64)> = Vec::new();
        let mut now = start;
        for (pause, cost, _) in steps {
            now += pause;
            if limiter.admit(&(), n(cost), Tick::from_nanos(now)).is_err() {
                continue;
            }
            admitted.push((now, u64::from(cost)));
            let mut total = 0;
            for (at, cost) in admitted.iter().rev() {
                total += cost;
                let most = u64::from(burst) + (now - at) / interval;
                prop_assert!(total <= most, "{} from {} to {}, at most {}", total, at, now, most);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decides_as_governor_does((interval, burst, start, steps) in scenario()) {
        use governor::clock::{Clock as _, FakeRelativeClock};
        let (limiter, _hand) = limiter(quota(nanos(interval), burst));
        let theirs = governor::Quota::with_period(nanos(interval)).unwrap().allow_burst(n(burst));
        let clock = FakeRelativeClock::default();
        let governor = governor::RateLimiter::direct_with_clock(theirs, clock.clone());
        let start = start / 4;
        clock.advance(nanos(start));
        let mut now = start;
        for (pause, cost, _) in steps {
            now += pause;
            clock.advance(nanos(pause));
            // Governor multiplies before it compares.
            let cost = cost.min(1_000_000);
            let expected = match governor.check_n(n(cost)) {
                Ok(Ok(())) => Ok(()),
                Ok(Err(not_until)) => Err(Wait::For(not_until.wait_time_from(clock.now()))),
                Err(_) => Err(Wait::Forever),
            };
            let tick = Tick::from_nanos(now);
            prop_assert_eq!(answer(limiter.admit(&(), n(cost), tick)), expected, "at {}", now);
        }
    }
}

/// One who waits, in milliseconds.
#[derive(Clone, Debug)]
struct Arrival {
    pause: u64,
    cost: u32,
    patience: u64,
    leaves_after: Option<u64>,
}

/// What became of one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    ServedAt(u64),
    Refused(u64),
    Left(u64),
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap()
}

/// The obvious queue: each millisecond the first one is served if there is enough, then the next.
fn simulate(interval: u64, burst: u32, arrivals: &[Arrival]) -> Vec<Fate> {
    let mut bucket = TokenBucket::new(quota(Duration::from_millis(interval), burst));
    let mut fates = vec![None; arrivals.len()];
    let mut queue: Vec<(usize, u64)> = Vec::new();
    let mut coming = arrivals.iter().enumerate().peekable();
    let mut next_at = arrivals.first().map_or(0, |arrival| arrival.pause);
    for now in 0.. {
        let serve =
            |queue: &mut Vec<(usize, u64)>, bucket: &mut TokenBucket, fates: &mut Vec<_>| {
                while let Some((id, _)) = queue.first().copied() {
                    if bucket.take(arrivals[id].cost).is_err() {
                        break;
                    }
                    fates[id] = Some(Fate::ServedAt(now));
                    queue.remove(0);
                }
            };
        serve(&mut queue, &mut bucket, &mut fates);
        queue.retain(|(id, since)| {
            let leaves = arrivals[*id]
                .leaves_after
                .is_some_and(|after| now >= since + after);
            if leaves {
                fates[*id] = Some(Fate::Left(now));
            }
            !leaves
        });
        serve(&mut queue, &mut bucket, &mut fates);
        while next_at == now
            && let Some((id, arrival)) = coming.next()
        {
            let ahead: u32 = queue.iter().map(|(id, _)| arrivals[*id].cost).sum();
            let wait = millis(bucket.lacks(ahead + arrival.cost));
            if wait > arrival.patience {
                fates[id] = Some(Fate::Refused(wait));
            } else if wait == 0 {
                assert_eq!(bucket.take(arrival.cost), Ok(()));
                fates[id] = Some(Fate::ServedAt(now));
            } else {
                queue.push((id, now));
            }
            next_at += coming.peek().map_or(0, |(_, arrival)| arrival.pause);
        }
        if coming.peek().is_none() && queue.is_empty() {
            break;
        }
        bucket.pass(Duration::from_millis(1));
    }
    fates.into_iter().map(Option::unwrap).collect()
}

/// The same with the limiter, polled each millisecond.
async fn run(interval: u64, burst: u32, arrivals: &[Arrival]) -> Vec<Fate> {
    let (clock, hand) = Clock::manual();
    let quota = quota(Duration::from_millis(interval), burst);
    let limiter = RateLimiter::builder("test", quota)
        .clock(clock)
        .build()
        .unwrap();
    let mut fates: Vec<Option<Fate>> = vec![None; arrivals.len()];
    let mut waiting: Vec<(usize, u64, Turn)> = Vec::new();
    let mut coming = arrivals.iter().enumerate().peekable();
    let mut next_at = arrivals.first().map_or(0, |arrival| arrival.pause);
    for now in 0.. {
        hand.set(Tick::from_nanos(now * 1_000_000));
        for _ in 0..2 {
            waiting.retain_mut(|(id, _, turn)| match turn_of(turn) {
                Some(result) => {
                    let result: Result<(), ovasabi_core::Rejection> = result;
                    fates[*id] = Some(result.map_or_else(
                        |refused| Fate::Refused(millis(refused.retry_delay().unwrap())),
                        |()| Fate::ServedAt(now),
                    ));
                    false
                }
                None => true,
            });
            waiting.retain(|(id, since, _)| {
                let after = arrivals[*id].leaves_after;
                let leaves = after.is_some_and(|after| now >= since + after);
                if leaves {
                    fates[*id] = Some(Fate::Left(now));
                }
                !leaves
            });
        }
        while next_at == now
            && let Some((id, arrival)) = coming.next()
        {
            let patience = Duration::from_millis(arrival.patience);
            let mut turn = spawn(limiter.acquire(n(arrival.cost), patience));
            match turn_of(&mut turn) {
                Some(Ok(())) => fates[id] = Some(Fate::ServedAt(now)),
                Some(Err(refused)) => {
                    fates[id] = Some(Fate::Refused(millis(refused.retry_delay().unwrap())));
                }
                None => waiting.push((id, now, turn)),
            }
            next_at += coming.peek().map_or(0, |(_, arrival)| arrival.pause);
        }
        if coming.peek().is_none() && waiting.is_empty() {
            break;
        }
    }
    fates.into_iter().map(Option::unwrap).collect()
}

type Turn = tokio_test::task::Spawn<ovasabi_resilience::rate_limit::future::Acquire>;

fn turn_of(turn: &mut Turn) -> Option<Result<(), ovasabi_core::Rejection>> {
    match turn.poll() {
        std::task::Poll::Ready(result) => Some(result),
        std::task::Poll::Pending => None,
    }
}

fn arrivals() -> impl Strategy<Value = (u64, u32, Vec<Arrival>)> {
    (1_u64..8, 1_u32..6).prop_flat_map(|(interval, burst)| {
        let pause = prop_oneof![2 => Just(0), 3 => 0..2 * interval];
        let leaves = prop_oneof![2 => Just(None), 1 => (1..40_u64).prop_map(Some)];
        let arrival = (pause, 1..=burst, 0..60_u64, leaves).prop_map(
            |(pause, cost, patience, leaves_after)| Arrival {
                pause,
                cost,
                patience,
                leaves_after,
            },
        );
        (
            Just(interval),
            Just(burst),
            prop::collection::vec(arrival, 1..40),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn those_who_wait_are_served_as_in_the_obvious_queue((interval, burst, arrivals) in arrivals()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let actual = runtime.block_on(run(interval, burst, &arrivals));
        prop_assert_eq!(actual, simulate(interval, burst, &arrivals));
    }
}

/// The quota of an even rate is what the model has, whatever it was made from.
#[test]
fn a_quota_made_of_a_period_is_never_more_than_was_asked() {
    for count in [1, 3, 7, 999, u32::MAX] {
        let quota = Quota::per(Duration::from_secs(60), n(count)).unwrap();
        assert!(
            quota.interval() * count >= Duration::from_secs(60),
            "{count}"
        );
    }
}
