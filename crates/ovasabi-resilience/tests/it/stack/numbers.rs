//! Numbers that cannot work.

use std::num::NonZeroU32;
use std::time::Duration;

use ovasabi_core::config::Loader;
use ovasabi_core::inspect::Registry;
use ovasabi_resilience::stack::{
    ClientConfig, ConcurrencyConfig, RateLimitConfig, ServerConfig, Stack,
};

use super::SEC;

#[test]
fn impossible_numbers_of_all_parts_are_told_at_once_by_the_keys_of_the_configuration() {
    let mut config = ClientConfig::default();
    config.deadline = Some(SEC);
    config.timeout = Some(2 * SEC);
    config.retry.max_attempts = 0;
    config.retry.budget_ratio = -1.0;
    config.breaker.minimum_calls = 0;
    let mut quota = RateLimitConfig::per_second(NonZeroU32::MIN);
    quota.period = Duration::ZERO;
    config.rate_limit = Some(quota);
    config.concurrency = ConcurrencyConfig::adaptive(10..=50);
    config.concurrency.min = 60;
    let error = Stack::http_client("bad")
        .config(config)
        .build()
        .unwrap_err();
    let keys: Vec<&str> = error
        .problems()
        .iter()
        .map(|problem| problem.key.as_str())
        .collect();
    for key in [
        "timeout",
        "rate_limit",
        "retry.max_attempts",
        "retry.ratio",
        "breaker.minimum_calls",
    ] {
        assert!(keys.contains(&key), "{key} is not in {keys:?}");
    }
    assert!(
        keys.iter().any(|key| key.starts_with("concurrency.")),
        "{keys:?}"
    );
    let text = error.to_string();
    assert!(
        text.starts_with("cannot build the stack `bad`: timeout is 2s, allowed is"),
        "{text}"
    );
}

#[test]
fn all_parts_join_the_registry_by_the_name_of_the_stack_and_a_second_stack_may_not() {
    let registry = Registry::new();
    let stack = Stack::http_client("payments")
        .inspect(&registry)
        .build()
        .unwrap();
    let mut kinds: Vec<String> = registry
        .reports()
        .iter()
        .filter(|report| report.name.as_str() == "payments")
        .map(|report| report.kind.to_string())
        .collect();
    kinds.sort();
    assert_eq!(
        kinds,
        [
            "circuit_breaker",
            "concurrency_limiter",
            "retry",
            "retry_budget"
        ]
    );
    let error = Stack::http_client("payments")
        .inspect(&registry)
        .build()
        .unwrap_err();
    assert!(
        error
            .problems()
            .iter()
            .all(|problem| problem.key.ends_with(".name")),
        "{error}"
    );
    drop(stack);
    assert!(
        Stack::http_client("payments")
            .inspect(&registry)
            .build()
            .is_ok()
    );
}

#[test]
fn a_part_of_a_servers_concurrency_leaves_the_rest_at_its_defaults() {
    let text = "[concurrency]\nmax = 500\n";
    let config = Loader::<ServerConfig>::new()
        .text("api.toml", text)
        .load()
        .unwrap()
        .into_value();
    let numbers = config.concurrency.unwrap();
    assert_eq!((numbers.adaptive, numbers.max), (true, 500));
}
