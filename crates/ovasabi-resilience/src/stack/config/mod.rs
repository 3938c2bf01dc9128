//! What stacks are configured with: typed, with defaults, unknown keys refused.

mod breaker;
mod client;
mod concurrency;
mod load_shed;
mod rate_limit;
mod retry;
mod server;
mod throttle;

pub use breaker::BreakerConfig;
pub use client::ClientConfig;
pub use concurrency::ConcurrencyConfig;
pub use load_shed::LoadShedConfig;
pub use rate_limit::RateLimitConfig;
pub use retry::RetryConfig;
pub use server::ServerConfig;
pub use throttle::ThrottleConfig;
