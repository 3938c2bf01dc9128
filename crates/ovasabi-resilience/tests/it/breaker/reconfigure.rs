//! Other numbers for a breaker that is at work.

use ovasabi_resilience::breaker::{Mode, Window};
use ovasabi_resilience::keyed::{KeyedCircuitBreaker, KeyedCircuitBreakerBuilder, WhenFull};

use super::*;

/// What the breakers here are built from.
fn base() -> CircuitBreakerBuilder {
    CircuitBreaker::builder("base")
        .wait_jitter(0.0)
        .wait_factor(1.0)
}

fn built(
    configure: impl FnOnce(CircuitBreakerBuilder) -> CircuitBreakerBuilder,
) -> (CircuitBreaker, ClockHand) {
    let (clock, hand) = Clock::manual();
    (configure(base()).clock(clock).build().unwrap(), hand)
}

fn window(breaker: &CircuitBreaker) -> (u64, u64) {
    let window = breaker.snapshot().window();
    (window.calls, window.failures)
}

#[test]
fn every_number_of_a_closed_breaker_can_change_and_its_counts_stay() {
    let (breaker, hand) = built(|b| b.failure_rate_threshold(1.0).minimum_calls(100));
    calls(&breaker, Class::Success, 10);
    calls(&breaker, Class::Failure, 9);
    breaker
        .reconfigure(
            base()
                .failure_rate_threshold(0.5)
                .minimum_calls(20)
                .wait_duration_in_open(7 * SEC),
        )
        .unwrap();
    assert_eq!(window(&breaker), (19, 9));
    assert_eq!(
        (breaker.state(), breaker.snapshot().generation()),
        (State::Closed, 0)
    );
    calls(&breaker, Class::Failure, 1);
    assert_eq!(breaker.state(), State::Open, "ten of twenty");
    assert_eq!(breaker.snapshot().retry_after(), Some(7 * SEC));
    hand.advance(7 * SEC);

    // Half open: one probe decides instead of two of three.
    breaker
        .reconfigure(base().permitted_calls_in_half_open(1))
        .unwrap();
    calls(&breaker, Class::Success, 1);
    assert_eq!(breaker.state(), State::Closed);
    let totals = breaker.snapshot().totals();
    assert_eq!((totals.successes, totals.failures), (11, 10));
}

#[test]
fn a_run_of_failures_goes_on_under_another_limit() {
    let (breaker, _hand) = built(|b| b);
    calls(&breaker, Class::Failure, 4);
    breaker.reconfigure(base().consecutive_failures(5)).unwrap();
    calls(&breaker, Class::Failure, 1);
    assert_eq!(breaker.state(), State::Open);

    breaker.reset();
    breaker.reconfigure(base()).unwrap();
    calls(&breaker, Class::Failure, 19);
    assert_eq!(breaker.state(), State::Closed, "off again");
}

#[test]
fn what_is_in_the_window_may_open_it_by_a_new_rule_at_once() {
    let (breaker, _hand) = built(|b| b.minimum_calls(100));
    let mut changes = breaker.changes();
    calls(&breaker, Class::Failure, 50);
    breaker.reconfigure(base().minimum_calls(50)).unwrap();
    assert_eq!(breaker.state(), State::Open);
    let opened = tokio_test::block_on(changes.next()).unwrap();
    assert_eq!(opened.to(), State::Open, "and it is told");
}

#[test]
fn a_break_under_way_stays_as_long_as_it_was_and_the_next_is_by_the_new_numbers() {
    let (breaker, hand) = built(|b| b.consecutive_failures(1));
    calls(&breaker, Class::Failure, 1);
    hand.advance(SEC);
    let other = || {
        base()
            .consecutive_failures(1)
            .wait_duration_in_open(20 * SEC)
    };
    breaker.reconfigure(other()).unwrap();
    assert_eq!(breaker.snapshot().retry_after(), Some(4 * SEC));
    hand.advance(4 * SEC);
    calls(&breaker, Class::Failure, 2);
    assert_eq!(breaker.snapshot().retry_after(), Some(20 * SEC));
}

#[test]
fn calls_under_way_count_after_a_change() {
    let (breaker, hand) = built(|b| b);
    let (well, failing) = (
        breaker.try_acquire().unwrap(),
        breaker.try_acquire().unwrap(),
    );
    breaker
        .reconfigure(base().slow_call_duration(SEC).count_slow_in_flight(true))
        .unwrap();
    hand.advance(SEC);
    well.settle(Class::Success);
    failing.settle(Class::Failure);
    let seen = breaker.snapshot();
    assert_eq!((window(&breaker), seen.totals().late), ((2, 1), 0));
    assert_eq!(seen.window().slow, 2);
    assert_eq!(seen.window().slow_in_flight, 0);
}

#[test]
fn a_call_that_came_in_when_nobody_timed_it_is_not_slow() {
    let (breaker, hand) = built(|b| b.sliding_window(Window::calls(20)));
    let untimed = breaker.try_acquire().unwrap();
    hand.advance(3_600 * SEC);
    breaker
        .reconfigure(
            base()
                .sliding_window(Window::calls(20))
                .slow_call_duration(SEC),
        )
        .unwrap();
    untimed.settle(Class::Success);
    let timed = breaker.try_acquire().unwrap();
    hand.advance(SEC);
    timed.settle(Class::Success);
    let seen = breaker.snapshot().window();
    assert_eq!((seen.calls, seen.slow), (2, 1));
}

#[test]
fn slowness_can_be_watched_from_now_on_and_no_longer() {
    let watched = || {
        base()
            .slow_call_duration(SEC)
            .count_slow_in_flight(true)
            .minimum_calls(3)
    };
    let (breaker, hand) = built(|b| b);
    let in_flight = || breaker.snapshot().window().slow_in_flight;
    let _before = breaker.try_acquire().unwrap();
    breaker.reconfigure(watched()).unwrap();
    let watched_one = breaker.try_acquire().unwrap();
    hand.advance(2 * SEC);
    assert_eq!(in_flight(), 1);
    // Another threshold, and off and on again: those under way are let go.
    breaker
        .reconfigure(watched().slow_call_duration(2 * SEC))
        .unwrap();
    assert_eq!(in_flight(), 0);
    breaker.reconfigure(base()).unwrap();
    breaker.reconfigure(watched()).unwrap();
    hand.advance(2 * SEC);
    assert_eq!(in_flight(), 0);
    drop(watched_one);
    let _hanging: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
    hand.advance(10 * SEC);
    assert!(breaker.try_acquire().is_err());
}

#[test]
fn a_time_window_keeps_what_is_younger_than_its_new_length() {
    let time = |seconds| base().sliding_window(Window::time(seconds * SEC));
    let (breaker, hand) = built(|_| time(10));
    for _ in 0..10 {
        calls(&breaker, Class::Success, 1);
        hand.advance(SEC);
    }
    hand.set(ovasabi_core::time::Tick::ZERO.saturating_add(9 * SEC + 500 * MS));
    assert_eq!(window(&breaker), (10, 0));
    breaker.reconfigure(time(100)).unwrap();
    assert_eq!(window(&breaker), (10, 0), "longer: all");
    hand.advance(50 * SEC);
    calls(&breaker, Class::Success, 1);
    assert_eq!(window(&breaker), (11, 0));
    hand.advance(40 * SEC);
    assert_eq!(window(&breaker), (11, 0), "by tenths of the longer");
    hand.advance(10 * SEC);
    assert_eq!(window(&breaker), (1, 0));

    let (breaker, hand) = built(|_| time(100));
    for _ in 0..10 {
        calls(&breaker, Class::Success, 1);
        hand.advance(10 * SEC);
    }
    hand.set(ovasabi_core::time::Tick::ZERO.saturating_add(99 * SEC));
    breaker.reconfigure(time(20)).unwrap();
    assert_eq!(window(&breaker), (2, 0), "shorter: the newest");
    hand.advance(20 * SEC);
    assert_eq!(window(&breaker), (0, 0));
    assert_eq!(breaker.snapshot().totals().successes, 10, "none is lost");
    calls(&breaker, Class::Success, 1);
    assert_eq!(window(&breaker), (1, 0), "and it goes on turning");
    hand.advance(18 * SEC);
    assert_eq!(window(&breaker), (1, 0));
    hand.advance(2 * SEC);
    assert_eq!(window(&breaker), (0, 0));
}

#[test]
fn a_window_of_up_to_64_calls_keeps_all_that_fit() {
    let of = |calls| {
        base()
            .sliding_window(Window::calls(calls))
            .minimum_calls(calls)
            .failure_rate_threshold(1.0)
    };
    let (breaker, _hand) = built(|_| of(10));
    calls(&breaker, Class::Failure, 5);
    calls(&breaker, Class::Success, 20);
    assert_eq!(window(&breaker), (10, 0));
    breaker.reconfigure(of(64)).unwrap();
    assert_eq!(window(&breaker), (25, 5), "even what had left it");
    breaker.reconfigure(of(22)).unwrap();
    assert_eq!(window(&breaker), (22, 2));
}

#[test]
fn a_window_of_many_calls_keeps_the_newest_tenths_that_fit() {
    let of = |calls| {
        base()
            .sliding_window(Window::calls(calls))
            .minimum_calls(65)
            .failure_rate_threshold(None)
            .consecutive_failures(1_000)
    };
    let (breaker, _hand) = built(|_| of(1_000));
    calls(&breaker, Class::Failure, 500);
    calls(&breaker, Class::Success, 450);
    breaker.reconfigure(of(5_000)).unwrap();
    assert_eq!(window(&breaker), (950, 500));
    breaker.reconfigure(of(500)).unwrap();
    assert_eq!(window(&breaker), (450, 0));
    breaker.reconfigure(of(70)).unwrap();
    assert_eq!(window(&breaker), (50, 0), "the tenth that was being filled");
    calls(&breaker, Class::Success, 1_000);
    assert!(window(&breaker).0 <= 70);
    assert_eq!(breaker.snapshot().totals().successes, 1_450);
}

#[test]
fn another_kind_of_window_is_refused_and_nothing_changes() {
    let cases = [
        (
            Window::time(SEC),
            Window::calls(20),
            "20 calls, allowed is a time",
        ),
        (
            Window::calls(64),
            Window::time(SEC),
            "1s, allowed is up to 64 calls",
        ),
        (
            Window::calls(64),
            Window::calls(65),
            "65 calls, allowed is up to 64 calls",
        ),
        (
            Window::calls(65),
            Window::calls(64),
            "64 calls, allowed is more than 64 calls",
        ),
        (
            Window::calls(65),
            Window::time(SEC),
            "1s, allowed is more than 64 calls",
        ),
    ];
    for (from, to, expected) in cases {
        let (breaker, _hand) = built(|b| b.sliding_window(from).consecutive_failures(2));
        let other = base().sliding_window(to).wait_factor(0.5);
        let error = breaker.reconfigure(other).unwrap_err();
        let keys: Vec<_> = error.problems().iter().map(|problem| problem.key).collect();
        assert_eq!(keys, ["wait_factor", "sliding_window"], "all at once");
        assert!(error.to_string().contains(expected), "{error}");
        calls(&breaker, Class::Failure, 2);
        assert_eq!(breaker.state(), State::Open, "by the rule that it had");
    }
}

#[test]
fn impossible_numbers_are_refused_and_nothing_changes() {
    let (breaker, _hand) = built(|b| b.consecutive_failures(2));
    let error = breaker
        .reconfigure(base().minimum_calls(0).probe_lease(Duration::ZERO))
        .unwrap_err();
    let keys: Vec<_> = error.problems().iter().map(|problem| problem.key).collect();
    assert_eq!(keys, ["minimum_calls", "probe_lease"]);
    calls(&breaker, Class::Failure, 2);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn probes_that_have_ended_go_on_counting() {
    let half_open = || {
        let (breaker, hand) = built(|b| b.consecutive_failures(1).permitted_calls_in_half_open(6));
        calls(&breaker, Class::Failure, 1);
        hand.advance(5 * SEC);
        (breaker, hand)
    };
    let probes = |permitted| {
        base()
            .consecutive_failures(1)
            .permitted_calls_in_half_open(permitted)
    };
    let (breaker, _hand) = half_open();
    calls(&breaker, Class::Failure, 2);
    breaker.reconfigure(probes(4)).unwrap();
    assert_eq!(breaker.state(), State::Open, "two of four have failed");

    let (breaker, _hand) = half_open();
    calls(&breaker, Class::Success, 2);
    breaker.reconfigure(probes(3)).unwrap();
    assert_eq!(breaker.state(), State::Closed, "two of three were well");

    let (breaker, _hand) = half_open();
    let under_way: Vec<_> = (0..6).map(|_| breaker.try_acquire().unwrap()).collect();
    breaker.reconfigure(probes(3)).unwrap();
    assert!(breaker.try_acquire().is_err());
    for probe in under_way {
        probe.settle(Class::Success);
    }
    assert_eq!(breaker.state(), State::Closed);

    let (breaker, _hand) = half_open();
    let _under_way: Vec<_> = (0..6).map(|_| breaker.try_acquire().unwrap()).collect();
    breaker.reconfigure(probes(8)).unwrap();
    assert!(breaker.try_acquire().is_ok() && breaker.try_acquire().is_ok());
}

#[test]
fn a_forced_mode_stays_forced() {
    let (breaker, _hand) = built(|b| b);
    for mode in [Mode::ForcedOpen, Mode::Disabled, Mode::MetricsOnly] {
        breaker.force(mode);
        breaker.reconfigure(base().consecutive_failures(1)).unwrap();
        assert_eq!(breaker.mode(), mode);
    }
}

#[test]
fn pauses_can_be_switched_on_and_off() {
    let (breaker, _hand) = built(|b| b);
    let hint =
        || ovasabi_core::classify::Verdict::new(Class::Throttled).with_retry_after(Some(SEC));
    for (longest, expected) in [(Some(60 * SEC), State::Open), (None, State::Closed)] {
        breaker.reset();
        breaker
            .reconfigure(base().honour_retry_after(longest))
            .unwrap();
        breaker.try_acquire().unwrap().settle_verdict(hint());
        assert_eq!(breaker.state(), expected);
    }
}

#[test]
fn under_load_a_change_loses_no_call() {
    let breaker = base().failure_rate_threshold(1.0).build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for nth in 0..20_000 {
                    let class = if nth % 4 == 0 {
                        Class::Failure
                    } else {
                        Class::Success
                    };
                    breaker.try_acquire().unwrap().settle(class);
                }
            });
        }
        scope.spawn(|| {
            for nth in 1..200_u32 {
                let other = base()
                    .failure_rate_threshold(1.0)
                    .minimum_calls(20 + nth)
                    .slow_call_duration((nth % 2 == 0).then_some(3_600 * SEC))
                    .count_slow_in_flight(nth % 2 == 0)
                    .sliding_window(Window::time((nth % 30 + 1) * SEC));
                breaker.reconfigure(other).unwrap();
            }
        });
    });
    let totals = breaker.snapshot().totals();
    assert_eq!((totals.successes, totals.failures), (30_000, 10_000));
    assert_eq!((totals.late, breaker.snapshot().generation()), (0, 0));
}

type Keyed = KeyedCircuitBreaker<String>;

fn keyed() -> KeyedCircuitBreakerBuilder<String> {
    Keyed::builder("hosts").capacity(1)
}

#[test]
fn a_keyed_set_changes_the_breakers_that_it_has_and_those_to_come() {
    let (clock, _hand) = Clock::manual();
    let hosts = keyed()
        .capacity(8)
        .each(|each| each.consecutive_failures(5).clock(clock))
        .name_each(|key| format!("host {key}").into())
        .build()
        .unwrap();
    calls(&hosts.get("living"), Class::Failure, 1);
    let other = keyed()
        .capacity(8)
        .each(|each| each.consecutive_failures(2).wait_jitter(0.0));
    hosts.reconfigure(other).unwrap();
    calls(&hosts.get("living"), Class::Failure, 1);
    calls(&hosts.get("later"), Class::Failure, 2);
    for key in ["living", "later"] {
        assert_eq!(hosts.get(key).state(), State::Open, "{key}");
        let left = hosts.get(key).snapshot().retry_after();
        assert_eq!(left, Some(5 * SEC), "by its own clock, which stands still");
        assert_eq!(hosts.get(key).name().as_str(), format!("host {key}"));
    }
}

#[test]
fn keys_without_a_place_get_what_the_new_numbers_say() {
    let hosts = keyed().build().unwrap();
    let _placed = hosts.get("a");
    for (answer, mode) in [
        (WhenFull::Pass, Mode::Disabled),
        (WhenFull::Share, Mode::Auto),
    ] {
        let other = keyed()
            .when_full(answer)
            .each(|each| each.consecutive_failures(1));
        hosts.reconfigure(other).unwrap();
        assert_eq!(hosts.get("b").mode(), mode);
    }
    calls(&hosts.get("b"), Class::Failure, 1);
    assert_eq!(hosts.get("c").state(), State::Open);
}

#[test]
fn what_a_keyed_set_cannot_change_is_refused_all_at_once() {
    let hosts = keyed().build().unwrap();
    let other = keyed()
        .capacity(2)
        .forget_after(Duration::ZERO)
        .each(|each| each.sliding_window(Window::calls(64)));
    let error = hosts.reconfigure(other).unwrap_err();
    let keys: Vec<_> = error.problems().iter().map(|problem| problem.key).collect();
    assert_eq!(keys, ["forget_after", "capacity", "sliding_window"]);
    assert!(
        error.to_string().contains("capacity is 2, allowed is 1"),
        "{error}"
    );
}
