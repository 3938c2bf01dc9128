//! Every interleaving of a few threads, under `--cfg ovasabi_loom`.

use std::num::NonZeroU32;
use std::time::Duration;

use loom::sync::Arc;
use loom::thread;
use ovasabi_core::time::Tick;

use super::Quota;
use super::bucket::Bucket;
use super::engine::decide;
use super::live::LiveQuota;
use super::store::Lines;

const NOW: Tick = Tick::from_nanos(1);

fn quota(seconds: u64, burst: u32) -> Quota {
    let burst = NonZeroU32::new(burst).expect("not zero");
    let even = Quota::one_every(Duration::from_secs(seconds)).expect("it is possible");
    even.with_burst(burst).expect("it is possible")
}

fn take(quota: Quota, bucket: &Bucket, now: Tick) -> Option<bool> {
    decide(quota, bucket, NonZeroU32::MIN, now).map(|decision| decision.is_ok())
}

#[test]
fn loom_a_quota_is_never_read_half_old_half_new() {
    loom::model(|| {
        let all = [quota(1, 10), quota(2, 20), quota(3, 30)];
        let live = Arc::new(LiveQuota::new(all[0]));
        let writer = {
            let live = Arc::clone(&live);
            thread::spawn(move || {
                for next in &all[1..] {
                    live.set(*next, &live.begin());
                }
            })
        };
        let first = live.get();
        let second = live.get();
        assert!(
            all.contains(&first) && all.contains(&second),
            "{first:?} {second:?}"
        );
        assert!(first.nanos() <= second.nanos(), "and never goes back");
        writer.join().unwrap();
        assert_eq!(live.get(), all[2]);
    });
}

#[test]
fn loom_one_bucket_admits_one_of_two() {
    loom::model(|| {
        let bucket = Arc::new(Bucket::default());
        let other = {
            let bucket = Arc::clone(&bucket);
            thread::spawn(move || take(quota(1, 1), &bucket, NOW))
        };
        let own = take(quota(1, 1), &bucket, NOW);
        let both = [own, other.join().unwrap()];
        assert_eq!(both.iter().filter(|one| **one == Some(true)).count(), 1);
    });
}

#[test]
fn loom_what_is_given_back_is_given_back_once() {
    loom::model(|| {
        let bucket = Arc::new(Bucket::default());
        let burst = quota(1, 2);
        let now = NOW.as_nanos();
        assert!(
            bucket
                .reserve(burst, 2, now, 0)
                .is_some_and(|(taken, _)| taken == Ok(0))
        );
        assert!(
            bucket
                .reserve(burst, 1, now, u64::MAX)
                .is_some_and(|(taken, _)| taken.is_ok())
        );
        let leaving = {
            let bucket = Arc::clone(&bucket);
            thread::spawn(move || bucket.refund(burst.price(1), now))
        };
        // One who joins while another leaves has its turn after one or two intervals, never before.
        let joined = bucket
            .reserve(burst, 1, now, u64::MAX)
            .map(|(taken, _)| taken);
        leaving.join().unwrap();
        let interval = burst.price(1);
        assert!(
            joined == Some(Ok(interval)) || joined == Some(Ok(2 * interval)),
            "{joined:?}"
        );
        assert_eq!(bucket.full_at(), now + burst.price(3));
    });
}

/// Fills the one line of a store, so that all places but one are live.
fn nearly_full(lines: &Lines) {
    for other in 100..107 {
        let taken = lines.visit(other, NOW, |bucket| take(quota(9, 1), bucket, NOW));
        assert!(matches!(taken, Ok(true)));
    }
}

#[test]
fn loom_two_threads_that_bring_the_same_new_key_share_its_bucket() {
    loom::model(|| {
        let lines = Arc::new(Lines::new(1));
        let visit = |lines: &Lines| {
            let visited = lines.visit(7, NOW, |bucket| take(quota(9, 1), bucket, NOW));
            visited.is_ok_and(|is_admitted| is_admitted)
        };
        let other = {
            let lines = Arc::clone(&lines);
            thread::spawn(move || visit(&lines))
        };
        let own = visit(&lines);
        assert!(own ^ other.join().unwrap(), "one of them was first");
        assert_eq!(lines.live(NOW), 1);
    });
}

#[test]
fn loom_two_new_keys_never_get_the_same_place() {
    loom::model(|| {
        let lines = Arc::new(Lines::new(1));
        nearly_full(&lines);
        let visit = |lines: &Lines, key| {
            lines
                .visit(key, NOW, |bucket| take(quota(9, 1), bucket, NOW))
                .ok()
        };
        let other = {
            let lines = Arc::clone(&lines);
            thread::spawn(move || visit(&lines, 7))
        };
        let both = [visit(&lines, 8), other.join().unwrap()];
        assert!(
            both == [Some(true), None] || both == [None, Some(true)],
            "{both:?}"
        );
        assert_eq!(lines.live(NOW), 8);
    });
}
