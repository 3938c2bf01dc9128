//! The order, and what is wrong with others.

use std::num::NonZeroU32;

use ovasabi_core::config::Loader;
use ovasabi_resilience::stack::{
    ClientConfig, Order, Part, RateLimitConfig, Slot, Stack, ThrottleConfig,
};
use tower::layer::util::Identity;

#[test]
fn a_client_explains_itself_outermost_first() {
    let stack = Stack::http_client("payments")
        .throttle(ThrottleConfig::default())
        .rate_limit(RateLimitConfig::per_second(NonZeroU32::new(50).unwrap()))
        .without(Part::Timeout)
        .build()
        .unwrap();
    assert_eq!(
        stack.explain(),
        "client `payments`, outermost first:\n\
         \x20 1. deadline     30s for a call with all its attempts\n\
         \x20 2. throttle     refuses by chance beyond 2 requests for each accepted, over 2m\n\
         \x20 3. rate_limit   50 in 1s, up to 50 at once\n\
         \x20 4. retry        up to 3 attempts, pauses from 50ms doubling to 20s; 0.2 retries a request and 10 a second\n\
         \x20 5. breaker      opens when 7 failures in a row, or 0.5 of at least 20 calls in 30s fail; for 5s to 1m, then 3 probes\n\
         \x20 6. timeout      off\n\
         \x20 7. concurrency  at most 100 at once\n\
         \x20    the service\n"
    );
}

#[test]
fn a_server_explains_itself_with_its_slots() {
    let stack = Stack::http_server("api")
        .at(Slot::Auth, Identity::new())
        .build()
        .unwrap();
    assert_eq!(
        stack.explain(),
        "server `api`, outermost first:\n\
         \x20 1. [edge]       the slot around everything: context, spans\n\
         \x20 2. deadline     30s for a request\n\
         \x20 3. load_shed    off\n\
         \x20 4. concurrency  follows the latency between 10 and 1000, from 100\n\
         \x20 5. [auth]       the slot for who is calling\n\
         \x20 6. rate_limit   off\n\
         \x20 7. [policy]     the slot for what they may do\n\
         \x20    the service\n"
    );
}

#[test]
fn an_order_may_leave_parts_out_and_those_are_off() {
    let order = Order::client([Part::Deadline, Part::Breaker]).unwrap();
    assert_eq!(order.parts(), [Part::Deadline, Part::Breaker]);
    let mut config = ClientConfig::default();
    config.order = Some(order);
    let stack = Stack::http_client("test").config(config).build().unwrap();
    assert!(stack.breaker().is_some() && stack.retry().is_none() && stack.concurrency().is_none());
}

#[test]
fn each_pair_that_stands_the_wrong_way_round_is_named_with_its_harm() {
    let wrong = Order::client([Part::Concurrency, Part::Breaker, Part::Retry, Part::Breaker]);
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "concurrency must be inside of breaker: an open breaker's refusals would need slots; \
         concurrency must be inside of retry: a slot would be held through the pauses between attempts; \
         breaker must be inside of retry: one call of it would be all attempts, and a retry could not be ended by it; \
         concurrency must be inside of breaker: an open breaker's refusals would need slots; \
         breaker is named twice"
    );
}

#[test]
fn a_wrong_order_and_an_unknown_key_are_told_at_once_with_their_places() {
    let text = "order = ['breaker', 'retry']\ndedline = '5s'\n[retry]\nmax_attempts = 'many'\n";
    let loaded = Loader::<ClientConfig>::new()
        .text("client.toml", text)
        .load();
    let told = loaded.unwrap_err().to_string();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    let line_of = |what: &str| lines.iter().any(|line| line.contains(what));
    assert!(
        line_of("breaker must be inside of retry") && line_of("client.toml:1:9"),
        "{told}"
    );
    assert!(
        line_of("dedline = '5s': unknown key; did you mean `deadline`?")
            || line_of("dedline = \"5s\": unknown key; did you mean `deadline`?"),
        "{told}"
    );
    assert!(line_of("retry.max_attempts = \"many\""), "{told}");
}
