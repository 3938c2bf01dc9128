//! The breaker against a slow model that is obviously right.

use ovasabi_resilience::breaker::{Permit, Window};
use ovasabi_resilience::testkit::model::{Admission, Breaker, BreakerRules};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Enter,
    /// Ends one of the calls under way; `None` drops it.
    Leave(prop::sample::Index, Option<Class>),
    Advance(u64),
    Back(u64),
    Reset,
}

const SIXTY_DAYS: u64 = 60 * 86_400_000;

fn class() -> impl Strategy<Value = Option<Class>> {
    prop_oneof![
        4 => Just(Some(Class::Success)),
        4 => Just(Some(Class::Failure)),
        1 => Just(Some(Class::Throttled)),
        1 => Just(Some(Class::Ignored)),
        1 => Just(None),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => Just(Step::Enter),
        10 => (any::<prop::sample::Index>(), class()).prop_map(|(which, class)| Step::Leave(which, class)),
        4 => (0_u64..40).prop_map(Step::Advance),
        1 => (0_u64..2_000).prop_map(Step::Advance),
        1 => (0_u64..20).prop_map(Step::Back),
        1 => prop_oneof![9 => Just(Step::Enter), 1 => Just(Step::Reset), 1 => Just(Step::Advance(SIXTY_DAYS))],
    ]
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn window() -> impl Strategy<Value = (Window, usize)> {
    prop_oneof![
        (1_u64..30).prop_map(|tenth| (Window::time(millis(10 * tenth)), usize::MAX)),
        (1_u32..=140).prop_map(|calls| (Window::calls(calls), calls as usize)),
    ]
}

fn rules() -> impl Strategy<Value = BreakerRules> {
    let shares = prop::sample::select(vec![0.1, 0.3, 0.5, 0.7, 1.0]);
    (
        window(),
        1_usize..12,
        prop::option::of(1_u32..6),
        shares.clone(),
        prop::option::of((1_u64..60, shares, any::<bool>())),
        1_u32..6,
    )
        .prop_map(
            |((window, longest), minimum, consecutive, share, slow, permitted)| {
                let mut rules = BreakerRules::default();
                rules.window = window;
                rules.minimum_calls = minimum.min(longest);
                rules.consecutive_failures = consecutive;
                rules.failure_rate_threshold = Some(share);
                if let Some((duration, share, in_flight)) = slow {
                    rules.slow_call_duration = Some(millis(duration));
                    rules.slow_call_rate_threshold = share;
                    rules.count_slow_in_flight = in_flight;
                }
                rules.wait_duration_in_open = millis(100);
                rules.max_wait_duration_in_open = millis(800);
                rules.permitted_calls_in_half_open = permitted;
                rules.probe_lease = millis(250);
                rules
            },
        )
}

fn build(rules: BreakerRules) -> (CircuitBreaker, ClockHand) {
    let (clock, hand) = Clock::manual();
    let breaker = CircuitBreaker::builder("model")
        .clock(clock)
        .sliding_window(rules.window)
        .minimum_calls(u32::try_from(rules.minimum_calls).unwrap())
        .consecutive_failures(rules.consecutive_failures)
        .failure_rate_threshold(rules.failure_rate_threshold)
        .slow_call_duration(rules.slow_call_duration)
        .count_slow_in_flight(rules.count_slow_in_flight)
        .wait_duration_in_open(rules.wait_duration_in_open)
        .max_wait_duration_in_open(rules.max_wait_duration_in_open)
        .wait_jitter(0.0)
        .permitted_calls_in_half_open(rules.permitted_calls_in_half_open)
        .probe_lease(rules.probe_lease);
    let breaker = match rules.slow_call_duration {
        Some(_) => breaker.slow_call_rate_threshold(rules.slow_call_rate_threshold),
        None => breaker,
    };
    (breaker.build().unwrap(), hand)
}

fn check(rules: BreakerRules, steps: &[Step]) {
    let (breaker, hand) = build(rules);
    let mut model = Breaker::new(rules);
    let mut calls: Vec<(Permit, Admission)> = Vec::new();
    for (nth, step) in steps.iter().enumerate() {
        match *step {
            Step::Enter => match (breaker.try_acquire(), model.enter()) {
                (Ok(permit), Some(admission)) => calls.push((permit, admission)),
                (Err(_), None) => {}
                (real, expected) => panic!("step {nth}: {real:?}, expected {expected:?}"),
            },
            Step::Leave(which, class) if !calls.is_empty() => {
                let (permit, admission) = calls.swap_remove(which.index(calls.len()));
                match class {
                    Some(class) => permit.settle(class),
                    None => drop(permit),
                }
                model.leave(admission, class.unwrap_or(Class::Ignored));
            }
            Step::Leave(..) => {}
            Step::Advance(by) => {
                hand.advance(millis(by));
                model.pass(millis(by));
            }
            // Where a clock that went back puts calls among those under way is not modelled.
            Step::Back(_) if rules.count_slow_in_flight => {}
            Step::Back(by) => {
                model.go_back(millis(by));
                hand.set(ovasabi_core::time::Tick::ZERO.saturating_add(model.now()));
            }
            Step::Reset => {
                breaker.reset();
                model.reset();
            }
        }
        let slow_in_flight = usize::try_from(breaker.snapshot().window().slow_in_flight);
        assert_eq!(
            (
                breaker.state(),
                breaker.snapshot().generation(),
                slow_in_flight
            ),
            (
                model.state(),
                model.generation(),
                Ok(model.slow_in_flight())
            ),
            "after step {nth}, {step:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn does_what_the_model_does(rules in rules(), steps in prop::collection::vec(step(), 0..400)) {
        check(rules, &steps);
    }
}

/// A lease that has run out is given its time back by a clock that goes back, unless its slot was taken meanwhile.
#[test]
fn a_clock_that_goes_back_over_the_end_of_a_lease() {
    let rules = {
        let mut rules = BreakerRules::default();
        rules.window = Window::time(millis(20));
        rules.minimum_calls = 1;
        rules.consecutive_failures = None;
        rules.failure_rate_threshold = Some(0.3);
        rules.wait_duration_in_open = millis(100);
        rules.max_wait_duration_in_open = millis(800);
        rules.permitted_calls_in_half_open = 4;
        rules.probe_lease = millis(250);
        rules
    };
    // Of one call, any index is the first.
    let mut runner = TestRunner::deterministic();
    let first = any::<prop::sample::Index>().new_tree(&mut runner).unwrap();
    let first = first.current();
    let steps = [
        Step::Enter,
        Step::Leave(first, Some(Class::Failure)),
        Step::Advance(100),
        Step::Enter,
        Step::Enter,
        Step::Advance(250),
        Step::Enter,
        Step::Back(1),
        Step::Enter,
        Step::Enter,
        Step::Enter,
    ];
    check(rules, &steps);
}
