//! The knobs of a server.

use std::time::Duration;

use super::ServerConfigBuilder;
use super::error::ConfigProblem;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a server allows: timers, caps and sizes. Checked once, when it is built.
///
/// ```
/// use std::time::Duration;
/// use ovasabi_core::http::server::ServerConfig;
///
/// let config = ServerConfig::builder().idle_timeout(Duration::from_secs(30)).max_headers(64).build()?;
/// assert_eq!(config.max_headers(), 64);
///
/// let wrong = ServerConfig::builder().head_timeout(Duration::ZERO).max_connections(0).build().unwrap_err();
/// assert_eq!(wrong.problems().len(), 2); // all of them at once
/// # Ok::<(), ovasabi_core::http::server::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    pub(super) first_byte_timeout: Duration,
    pub(super) head_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) hang_up_grace: Duration,
    pub(super) max_connections: usize,
    pub(super) max_headers: usize,
    pub(super) max_head_bytes: usize,
    pub(super) max_uri_bytes: usize,
    pub(super) body_limit: u64,
    pub(super) max_body_limit: u64,
    pub(super) max_concurrent_streams: u32,
}

impl ServerConfig {
    /// A builder that has every default.
    pub fn builder() -> ServerConfigBuilder {
        ServerConfigBuilder::new()
    }

    /// How long a new connection may send nothing before it is closed.
    #[must_use]
    pub fn first_byte_timeout(&self) -> Duration {
        self.first_byte_timeout
    }

    /// How long a head may take in all, from its first byte.
    #[must_use]
    pub fn head_timeout(&self) -> Duration {
        self.head_timeout
    }

    /// How long a connection may stay open between two requests.
    #[must_use]
    pub fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    /// How long a request goes on after its client has closed its sending side.
    #[must_use]
    pub fn hang_up_grace(&self) -> Duration {
        self.hang_up_grace
    }

    /// How many connections are open at once.
    #[must_use]
    pub fn max_connections(&self) -> usize {
        self.max_connections
    }

    /// How many header lines a request may have.
    #[must_use]
    pub fn max_headers(&self) -> usize {
        self.max_headers
    }

    /// How many bytes a head may have, the request line included.
    #[must_use]
    pub fn max_head_bytes(&self) -> usize {
        self.max_head_bytes
    }

    /// How many bytes a request target may have.
    #[must_use]
    pub fn max_uri_bytes(&self) -> usize {
        self.max_uri_bytes
    }

    /// How many bytes a request body may have, where its route says nothing else.
    #[must_use]
    pub fn body_limit(&self) -> u64 {
        self.body_limit
    }

    /// The highest limit that a route may set.
    #[must_use]
    pub fn max_body_limit(&self) -> u64 {
        self.max_body_limit
    }

    /// How many HTTP/2 streams a connection may have open at once.
    #[must_use]
    pub fn max_concurrent_streams(&self) -> u32 {
        self.max_concurrent_streams
    }

    pub(super) fn check(&self, problems: &mut Vec<ConfigProblem>) {
        let mut check = |is_good: bool, key: &'static str, value: String, allowed: &'static str| {
            if !is_good {
                problems.push(ConfigProblem::new(key, value, allowed));
            }
        };
        let tick = Duration::from_millis(1);
        let first = self.first_byte_timeout;
        check(
            (tick..=HOUR).contains(&first),
            "first_byte_timeout",
            format!("{first:?}"),
            "1ms to 1h",
        );
        let head = self.head_timeout;
        check(
            (tick..=HOUR).contains(&head),
            "head_timeout",
            format!("{head:?}"),
            "1ms to 1h",
        );
        let idle = self.idle_timeout;
        check(
            (tick..=DAY).contains(&idle),
            "idle_timeout",
            format!("{idle:?}"),
            "1ms to 24h",
        );
        let grace = self.hang_up_grace;
        check(
            grace <= HOUR,
            "hang_up_grace",
            format!("{grace:?}"),
            "0 to 1h",
        );
        let (most, headers) = (self.max_connections, self.max_headers);
        check(most >= 1, "max_connections", most.to_string(), "1 or more");
        check(
            (1..=10_000).contains(&headers),
            "max_headers",
            headers.to_string(),
            "1 to 10000",
        );
        let bytes = self.max_head_bytes;
        // The largest is what hyper can still hold next to its own read buffer.
        check(
            (256..=MAX_HEAD).contains(&bytes),
            "max_head_bytes",
            bytes.to_string(),
            "256 to 262144",
        );
        let uri = self.max_uri_bytes;
        let fits = (1..=bytes).contains(&uri) && uri <= MAX_URI;
        check(
            fits,
            "max_uri_bytes",
            uri.to_string(),
            "1 to max_head_bytes, at most 65534",
        );
        let (body, ceiling) = (self.body_limit, self.max_body_limit);
        check(
            ceiling >= body,
            "max_body_limit",
            ceiling.to_string(),
            "body_limit or more",
        );
        let streams = self.max_concurrent_streams;
        check(
            streams >= 1,
            "max_concurrent_streams",
            streams.to_string(),
            "1 or more",
        );
    }
}

const MAX_HEAD: usize = 256 * 1024;
/// What the `http` crate can hold in a URI.
const MAX_URI: usize = 65_534;

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            first_byte_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(10),
            idle_timeout: MINUTE,
            hang_up_grace: Duration::from_millis(40),
            max_connections: 10_000,
            max_headers: 100,
            max_head_bytes: 32 * 1024,
            max_uri_bytes: 8 * 1024,
            body_limit: 2 * 1024 * 1024,
            max_body_limit: 2 * 1024 * 1024,
            max_concurrent_streams: 200,
        }
    }
}
