//! Pauses against those that are reckoned in whole numbers.

use std::time::Duration;

use ovasabi_core::backoff::{Backoff, Exponential, Jitter};
use ovasabi_resilience::testkit::model::Pauses;
use proptest::prelude::*;

/// A jitter, and its shares in thousandths.
fn jitters() -> impl Strategy<Value = (Jitter, (u32, u32))> {
    prop_oneof![
        4 => Just((Jitter::Full, (0, 1_000))),
        1 => Just((Jitter::None, (1_000, 1_000))),
        1 => Just((Jitter::Equal, (500, 1_000))),
        2 => (0..=1_000_u32).prop_map(|ratio| {
            (Jitter::Ratio(f64::from(ratio) / 1_000.0), (1_000 - ratio, 1_000 + ratio))
        }),
    ]
}

/// The first few, and then any number.
fn failures() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 0..12_u32, 1 => any::<u32>()]
}

fn random() -> impl Strategy<Value = u64> {
    prop_oneof![6 => any::<u64>(), 1 => Just(0), 1 => Just(u64::MAX)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pauses_are_those_in_whole_numbers_and_the_cap_comes_last(
        base in 0..10_000_000_000_u64,
        cap in 0..100_000_000_000_u64,
        (jitter, (least, most)) in jitters(),
        failures in failures(),
        random in random(),
    ) {
        let (base, cap) = (Duration::from_nanos(base), Duration::from_nanos(cap));
        let pause = Exponential::new(base, cap).jitter(jitter).delay(failures, random);
        let model = Pauses::new(base, cap).spread(least, most).pause(failures, random);
        // 53 bits of two minutes in seconds are a hundredth of a nanosecond; each side rounds to one.
        prop_assert!(pause.abs_diff(model) <= Duration::from_nanos(2), "{pause:?}, not {model:?}");
        prop_assert!(pause <= cap.max(base), "{pause:?}");
    }
}
