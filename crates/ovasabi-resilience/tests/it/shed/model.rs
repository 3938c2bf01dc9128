//! The engine against the obvious list of all requests.

use std::time::Duration;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;
use ovasabi_core::time::Clock;
use ovasabi_resilience::shed::Throttle;
use proptest::prelude::*;

const WINDOW: Duration = Duration::from_secs(10);
const MULTIPLIER: f64 = 2.0;

/// Every request that counted, with the tenth of the window that it fell into.
#[derive(Default)]
struct Model(Vec<(u64, bool)>);

impl Model {
    fn counts(&self, tenth: u64) -> (u64, u64) {
        let within = self.0.iter().filter(|(then, _)| then + 10 > tenth);
        let accepts = within.clone().filter(|(_, accepted)| *accepted).count();
        (within.count() as u64, accepts as u64)
    }

    fn rate(&self, tenth: u64, minimum: u64) -> f64 {
        let (requests, accepts) = self.counts(tenth);
        if requests < minimum {
            return 0.0;
        }
        let (requests, accepts) = (requests as f64, accepts as f64);
        ((requests - MULTIPLIER * accepts) / (requests + 1.0)).max(0.0)
    }
}

fn class() -> impl Strategy<Value = Class> {
    prop_oneof![
        3 => Just(Class::Success),
        3 => Just(Class::Failure),
        1 => Just(Class::Throttled),
        1 => Just(Class::Ignored),
    ]
}

/// How long to wait before it, in milliseconds: mostly little, sometimes windows.
fn pause() -> impl Strategy<Value = u64> {
    prop_oneof![20 => 0..300_u64, 2 => 0..12_000_u64, 1 => 0..100_000_u64]
}

proptest! {
    #[test]
    fn rates_and_counts_are_those_of_the_list(
        minimum in 1..30_u32,
        steps in prop::collection::vec((pause(), class()), 1..400),
    ) {
        let (clock, hand) = Clock::manual();
        let throttle = Throttle::builder("model")
            .window(WINDOW)
            .multiplier(MULTIPLIER)
            .minimum_requests(minimum)
            .clock(clock.clone())
            .build()
            .unwrap();
        let mut model = Model::default();
        let mut totals = [0_u64; 5];
        for (pause, class) in steps {
            hand.advance(Duration::from_millis(pause));
            let tenth = clock.now().as_nanos() / 1_000_000_000;
            let rate = model.rate(tenth, u64::from(minimum));
            prop_assert!((throttle.rejection_rate() - rate).abs() < 1e-12);
            match throttle.try_acquire() {
                Ok(permit) => {
                    permit.settle(class);
                    totals[class as usize] += 1;
                    if class != Class::Ignored {
                        model.0.push((tenth, class == Class::Success));
                    }
                }
                Err(_) => {
                    prop_assert!(rate > 0.0, "refused at a rate of zero");
                    totals[4] += 1;
                    model.0.push((tenth, false));
                }
            }
            let snapshot = throttle.snapshot();
            let counts = (snapshot.window_requests, snapshot.window_accepts);
            prop_assert_eq!(counts, model.counts(tenth));
            let known = snapshot.totals;
            let counted = [known.successes, known.failures, known.throttled, known.ignored, known.shed];
            prop_assert_eq!(counted, totals);
        }
    }
}
