//! What every layer keeps to, in one suite that runs over each of them.

#[cfg(feature = "testkit")]
mod foreign;
mod inner;
mod subjects;
mod suite;

use suite::contract;

contract!(breaker, subjects::Breaker);
contract!(half_open_breaker, subjects::HalfOpenBreaker);
contract!(waiting_breaker, subjects::WaitingBreaker);
contract!(keyed_breaker, subjects::KeyedBreaker);
contract!(rate_limit, subjects::RateLimit);
contract!(rate_limit_in_turn, subjects::RateLimitInTurn);
contract!(keyed_rate_limit, subjects::KeyedRateLimit);
contract!(concurrency, subjects::Concurrency);
contract!(adaptive_concurrency, subjects::AdaptiveConcurrency);
contract!(queued_concurrency, subjects::QueuedConcurrency);
contract!(deadline, subjects::Deadline);
contract!(deadline_over_readiness, subjects::DeadlineOverReadiness);
contract!(retry, subjects::Retry);
contract!(limited_retry, subjects::LimitedRetry);
contract!(client_stack, subjects::Client);
contract!(server_stack, subjects::Server);
contract!(fallback_function, subjects::FallbackFunction);
contract!(fallback_that_waits, subjects::FallbackThatWaits);
contract!(fallback_service, subjects::FallbackToService);
contract!(fallback_stale, subjects::FallbackStale);
contract!(load_shed, subjects::Shedding);
contract!(throttle, subjects::Throttling);
