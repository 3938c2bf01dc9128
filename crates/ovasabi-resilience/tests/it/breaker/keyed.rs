//! One breaker for each key.

use ovasabi_core::Rejection;
use ovasabi_core::classify::ByResult;
use ovasabi_core::inspect::Registry;
use ovasabi_resilience::breaker::Mode;
use ovasabi_resilience::keyed::{KeyedCircuitBreaker, WhenFull};
use tower::{BoxError, ServiceExt, service_fn};

use super::*;

type Keyed = KeyedCircuitBreaker<String>;

fn keyed(capacity: usize, when_full: WhenFull) -> (Keyed, ClockHand) {
    let (clock, hand) = Clock::manual();
    let breakers = Keyed::builder("hosts")
        .capacity(capacity)
        .when_full(when_full)
        .each(|breaker| {
            breaker
                .consecutive_failures(1)
                .clock(clock)
                .wait_jitter(0.0)
        })
        .build()
        .unwrap();
    (breakers, hand)
}

#[test]
fn keys_do_not_disturb_each_other() {
    let (breakers, _hand) = keyed(8, WhenFull::Share);
    calls(&breakers.get("a"), Class::Failure, 1);
    assert_eq!(
        (breakers.get("a").state(), breakers.get("b").state()),
        (State::Open, State::Closed)
    );
    assert_eq!(breakers.len(), 2);
}

#[test]
fn idle_breakers_make_way_and_others_do_not() {
    let (breakers, hand) = keyed(4, WhenFull::Share);
    calls(&breakers.get("open"), Class::Failure, 1);
    calls(&breakers.get("busy"), Class::Success, 1);
    let held = breakers.get("held");
    for key in 0..100 {
        let _ = breakers.get(&key.to_string());
        assert_eq!(breakers.len(), 4);
    }
    assert_eq!(breakers.get("open").state(), State::Open);
    assert_eq!(breakers.get("busy").snapshot().totals().successes, 1);
    calls(&held, Class::Failure, 1);
    assert_eq!(
        breakers.get("held").state(),
        State::Open,
        "a handle keeps its place"
    );

    // With its window empty again, `busy` is idle too.
    hand.advance(60 * SEC);
    for key in 0..4 {
        let _ = breakers.get(&format!("later {key}"));
    }
    assert_eq!(breakers.get("busy").snapshot().totals().successes, 0);
}

#[test]
fn what_nobody_uses_makes_way_in_time_whatever_it_remembers() {
    let (clock, hand) = Clock::manual();
    let breakers = Keyed::builder("hosts")
        .capacity(2)
        .when_full(WhenFull::Pass)
        .each(|breaker| breaker.consecutive_failures(2).clock(clock))
        .build()
        .unwrap();
    calls(&breakers.get("gone"), Class::Failure, 2);
    calls(&breakers.get("misspelt"), Class::Failure, 1);
    let is_placed = |key: &str| breakers.get(key).mode() == Mode::Auto;
    assert!(!is_placed("early"), "both are in use");
    hand.advance(60 * 60 * SEC);
    assert!(is_placed("late") && is_placed("later"));
}

#[test]
fn what_is_in_use_is_not_forgotten_however_long() {
    let (breakers, hand) = keyed(3, WhenFull::Share);
    calls(&breakers.get("failing"), Class::Failure, 1);
    breakers.get("isolated").force(Mode::ForcedOpen);
    breakers.get("tripped").trip(24 * 60 * 60 * SEC);
    for _ in 0..100 {
        calls(&breakers.get("other"), Class::Success, 1);
        hand.advance(60 * SEC);
        // Probed in vain again and again.
        calls(&breakers.get("failing"), Class::Failure, 2);
    }
    let states = ["failing", "isolated", "tripped"].map(|key| breakers.get(key).state());
    assert_eq!(states, [State::Open, State::ForcedOpen, State::Open]);
    assert_eq!(breakers.get("failing").snapshot().totals().opened, 101);
}

#[test]
fn a_service_that_has_just_recovered_keeps_its_place() {
    let (breakers, hand) = keyed(1, WhenFull::Share);
    calls(&breakers.get("a"), Class::Failure, 1);
    hand.advance(5 * SEC);
    calls(&breakers.get("a"), Class::Success, 2);
    assert_eq!(breakers.get("a").state(), State::Closed);
    let _ = breakers.get("b");
    calls(&breakers.get("a"), Class::Failure, 1);
    assert_eq!(
        breakers.get("a").snapshot().retry_after(),
        Some(10 * SEC),
        "its second break is longer than the first"
    );
}

#[test]
fn a_permit_keeps_the_place_of_its_key() {
    let (breakers, _hand) = keyed(1, WhenFull::Share);
    let permit = breakers.get("a").try_acquire().unwrap();
    let _ = breakers.get("b");
    permit.settle(Class::Failure);
    assert_eq!(breakers.get("a").state(), State::Open);
}

#[test]
fn a_key_that_made_way_is_not_mistaken_for_its_successor() {
    let (breakers, _hand) = keyed(1, WhenFull::Share);
    let _ = breakers.get("a");
    calls(&breakers.get("b"), Class::Failure, 1);
    assert_eq!(breakers.get("a").state(), State::Closed);
}

#[test]
fn keys_without_a_place_share_a_breaker() {
    let (breakers, _hand) = keyed(1, WhenFull::Share);
    calls(&breakers.get("a"), Class::Failure, 1);
    calls(&breakers.get("b"), Class::Failure, 1);
    assert_eq!(breakers.get("c").state(), State::Open, "because of b");
    assert_eq!(breakers.len(), 1);
}

#[test]
fn keys_without_a_place_may_pass_instead() {
    let (breakers, _hand) = keyed(1, WhenFull::Pass);
    calls(&breakers.get("a"), Class::Failure, 1);
    calls(&breakers.get("b"), Class::Failure, 100);
    assert_eq!(breakers.get("b").mode(), Mode::Disabled);
}

#[test]
fn many_keys_stay_within_the_capacity() {
    let (breakers, _hand) = keyed(1_000, WhenFull::Share);
    for key in 0..20_000 {
        calls(&breakers.get(&key.to_string()), Class::Success, 1);
    }
    assert!(
        (900..=1_000 + 16).contains(&breakers.len()),
        "{}",
        breakers.len()
    );
}

#[test]
fn counters_do_not_fall_when_breakers_make_way() {
    let registry = Registry::new();
    let (clock, hand) = Clock::manual();
    let breakers = Keyed::builder("hosts")
        .capacity(1)
        .each(|breaker| breaker.clock(clock))
        .inspect(&registry)
        .build()
        .unwrap();
    for key in ["a", "b", "c"] {
        calls(&breakers.get(key), Class::Success, 2);
        hand.advance(60 * SEC);
    }
    let report = registry.reports().remove(0);
    assert_eq!(
        (report.kind, report.counter("circuit_breaker.calls")),
        ("keyed_circuit_breaker", Some(6))
    );
}

#[test]
fn a_transition_is_told_with_its_key() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let breakers = Keyed::builder("hosts")
        .each(|breaker| breaker.consecutive_failures(1))
        .name_each(|key| format!("host {key}").into())
        .on_transition(move |key, transition| sender.send((key.clone(), transition.to())).unwrap())
        .build()
        .unwrap();
    calls(&breakers.get("a"), Class::Failure, 1);
    assert_eq!(
        receiver.try_iter().collect::<Vec<_>>(),
        [("a".to_owned(), State::Open)]
    );
    assert_eq!(
        breakers
            .get("a")
            .try_acquire()
            .unwrap_err()
            .policy()
            .as_str(),
        "host a"
    );
}

#[test]
fn all_impossible_knobs_are_told_those_of_the_breakers_included() {
    let error = Keyed::builder("hosts")
        .capacity(0)
        .forget_after(Duration::ZERO)
        .each(|breaker| breaker.minimum_calls(0))
        .build()
        .unwrap_err();
    let keys: Vec<_> = error.problems().iter().map(|problem| problem.key).collect();
    assert_eq!(keys, ["capacity", "forget_after", "minimum_calls"]);
}

#[tokio::test]
async fn the_layer_finds_the_key_in_the_request() {
    let (breakers, _hand) = keyed(8, WhenFull::Share);
    let service = breakers
        .layer(|host: &&'static str| (*host).to_owned())
        .classify(ByResult::new())
        .wrap(service_fn(async |host: &'static str| match host {
            "down" => Err::<(), BoxError>("down".into()),
            _ => Ok(()),
        }));
    assert_eq!(
        service
            .clone()
            .oneshot("down")
            .await
            .unwrap_err()
            .to_string(),
        "down"
    );
    assert!(Rejection::find(&service.clone().oneshot("down").await.unwrap_err()).is_some());
    assert!(service.clone().oneshot("up").await.is_ok());
}
