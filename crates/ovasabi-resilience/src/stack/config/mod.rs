//! What stacks are configured with: typed, with defaults, unknown keys refused.

mod breaker;
mod client;
mod concurrency;
mod rate_limit;
mod retry;
mod server;
mod throttle;

pub use breaker::BreakerConfig;
pub use client::ClientConfig;
pub use concurrency::ConcurrencyConfig;
pub use rate_limit::RateLimitConfig;
pub use retry::RetryConfig;
pub use server::ServerConfig;
pub use throttle::ThrottleConfig;
