//! Answers from before.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response};
use ovasabi_core::inspect::Registry;
use ovasabi_core::time::{Clock, ClockHand};
use ovasabi_resilience::fallback::{Cause, Fallback, Outcome, StaleCache, StaleStore};
use proptest::prelude::*;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

use super::{Act, fallback};

const MINUTE: Duration = Duration::from_secs(60);

type Store = StaleCache<String, Response<String>>;

fn store() -> (Store, ClockHand) {
    let (clock, hand) = Clock::manual();
    let builder = StaleCache::builder("test").clock(clock).max_stale(MINUTE);
    (builder.build().unwrap(), hand)
}

/// By path, for whoever names no user.
fn key(request: &Request<Act>) -> Option<String> {
    let is_public = !request.headers().contains_key("authorization");
    is_public.then(|| request.uri().path().to_owned())
}

fn service(
    fallback: &Fallback,
    store: &Store,
) -> impl Service<Request<Act>, Response = Response<String>, Error = BoxError> + Clone {
    let inner = service_fn(async |request: Request<Act>| {
        let said = format!("{} {}", request.method(), request.uri().path());
        super::act(*request.body()).map(|response| response.map(|_| said))
    });
    fallback.stale(store.clone(), key).layer(inner)
}

fn request(method: Method, path: &str, act: Act) -> Request<Act> {
    let builder = Request::builder().method(method).uri(path);
    builder.body(act).unwrap()
}

const GOOD: Act = Act::Status(200);

#[tokio::test]
async fn the_last_good_answer_to_the_same_key_is_given_until_it_is_too_old() {
    let (store, hand) = store();
    let fallback = fallback();
    let service = service(&fallback, &store);
    let ask = async |path, act| {
        let request = request(Method::GET, path, act);
        service.clone().oneshot(request).await
    };
    ask("/a", GOOD).await.unwrap();
    hand.advance(MINUTE);
    assert_eq!(ask("/a", Act::Fail).await.unwrap().body(), "GET /a");
    assert!(
        ask("/b", Act::Fail).await.is_err(),
        "nobody has asked for it"
    );
    hand.advance(Duration::from_nanos(1));
    assert!(ask("/a", Act::Fail).await.is_err(), "too old");
    assert_eq!(fallback.count(Cause::Failure, Outcome::Answered), 1);
    assert_eq!(fallback.count(Cause::Failure, Outcome::Missing), 2);
}

#[tokio::test]
async fn only_successes_of_idempotent_requests_with_a_key_are_remembered() {
    let (store, _) = store();
    let fallback = fallback();
    let service = service(&fallback, &store);
    let ask = async |request| {
        let _ = service.clone().oneshot(request).await;
        store.len()
    };
    assert_eq!(ask(request(Method::POST, "/a", GOOD)).await, 0);
    assert_eq!(ask(request(Method::GET, "/a", Act::Status(500))).await, 0);
    assert_eq!(ask(request(Method::GET, "/a", Act::Status(429))).await, 0);
    let mut private = request(Method::GET, "/a", GOOD);
    private
        .headers_mut()
        .insert("authorization", "me".parse().unwrap());
    assert_eq!(ask(private).await, 0, "it has no key");
    assert_eq!(ask(request(Method::GET, "/a", GOOD)).await, 1);
    assert_eq!(ask(request(Method::GET, "/a", GOOD)).await, 1);
}

#[test]
fn the_oldest_makes_place_for_a_new_key() {
    let (clock, _) = Clock::manual();
    let registry = Registry::new();
    let store = StaleCache::<u8, u8>::builder("small")
        .capacity(2)
        .clock(clock)
        .inspect(&registry)
        .build()
        .unwrap();
    for (key, value) in [(1, 10), (2, 20), (1, 11), (3, 30)] {
        store.put(key, &value);
    }
    let given = |key| store.get(&key).map(|(value, _)| value);
    assert_eq!([1, 2, 3].map(given), [Some(11), None, Some(30)]);
    let reduced = StaleCache::builder("").capacity(1);
    store.reconfigure(reduced).unwrap();
    assert_eq!([1, 3].map(given), [None, Some(30)]);
    let report = registry.reports().remove(0);
    let counter = |name: &str| report.counter(&format!("stale_cache.{name}")).unwrap();
    let counts = ["put", "hits", "misses", "evictions"].map(counter);
    assert_eq!(counts, [4, 3, 2, 2]);
    registry
        .control("stale_cache", "small", "clear", None)
        .unwrap();
    assert!(store.is_empty());
}

#[test]
fn impossible_stores_are_refused_with_all_problems_at_once() {
    // P-77
    let impossible = || {
        StaleCache::<u8, u8>::builder("bad")
            .capacity(0)
            .max_stale(Duration::ZERO)
    };
    let error = impossible().build().unwrap_err();
    let keys: Vec<_> = error.problems().iter().map(|problem| problem.key).collect();
    assert_eq!(keys, ["capacity", "max_stale"]);
    let store = StaleCache::<u8, u8>::builder("good").build().unwrap();
    assert_eq!(
        store
            .reconfigure(impossible())
            .unwrap_err()
            .problems()
            .len(),
        2
    );
}

#[test]
fn a_store_of_ones_own_is_taken_also_behind_a_reference() {
    struct Always;
    impl StaleStore<u8, u8> for Always {
        fn put(&self, _key: u8, _response: &u8) {}
        fn get(&self, key: &u8) -> Option<(u8, Duration)> {
            Some((*key, MINUTE))
        }
    }
    let shared: Arc<dyn StaleStore<u8, u8> + Send + Sync> = Arc::new(Always);
    shared.put(1, &1);
    assert_eq!(shared.get(&7), Some((7, MINUTE)));
    let _ = fallback().stale(shared, |key: &u8| Some(*key));
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8),
    Get(u8),
    Wait(u64),
    Capacity(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..12_u8).prop_map(Step::Put),
        4 => (0..12_u8).prop_map(Step::Get),
        2 => (0..40_u64).prop_map(Step::Wait),
        1 => (1..9_usize).prop_map(Step::Capacity),
    ]
}

proptest! {
    #[test]
    fn a_store_is_what_a_list_in_the_order_of_age_would_be(
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let (clock, hand) = Clock::manual();
        let builder = || StaleCache::<u8, usize>::builder("model").max_stale(MINUTE);
        let store = builder().capacity(4).clock(clock).build().unwrap();
        let (mut list, mut capacity, mut now) = (Vec::<(u8, usize, u64)>::new(), 4, 0);
        for (nth, step) in steps.into_iter().enumerate() {
            match step {
                Step::Put(key) => {
                    store.put(key, &nth);
                    list.retain(|(known, ..)| *known != key);
                    list.push((key, nth, now));
                }
                Step::Get(key) => {
                    let known = list.iter().find(|(known, ..)| *known == key);
                    let expected = known
                        .map(|(_, value, put)| (*value, Duration::from_secs(now - put)))
                        .filter(|(_, age)| *age <= MINUTE);
                    prop_assert_eq!(store.get(&key), expected);
                }
                Step::Wait(seconds) => {
                    hand.advance(Duration::from_secs(seconds));
                    now += seconds;
                }
                Step::Capacity(most) => {
                    store.reconfigure(builder().capacity(most)).unwrap();
                    capacity = most;
                }
            }
            list.drain(..list.len().saturating_sub(capacity));
            prop_assert_eq!(store.len(), list.len());
        }
    }
}
