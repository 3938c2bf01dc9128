//! The knobs of a server.

use std::fmt;
use std::time::Duration;

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
    first_byte_timeout: Duration,
    head_timeout: Duration,
    idle_timeout: Duration,
    hang_up_grace: Duration,
    max_connections: usize,
    max_headers: usize,
    max_head_bytes: usize,
    max_uri_bytes: usize,
    body_limit: u64,
    max_body_limit: u64,
    max_concurrent_streams: u32,
}

impl ServerConfig {
    /// A builder that has every default.
    pub fn builder() -> ServerConfigBuilder {
        ServerConfigBuilder { config: Self::default(), max_body_limit: None }
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

    fn check(&self, problems: &mut Vec<ConfigProblem>) {
        let mut check = |is_good: bool, key: &'static str, value: String, allowed: &'static str| {
            if !is_good {
                problems.push(ConfigProblem { key, value, allowed });
            }
        };
        let tick = Duration::from_millis(1);
        let first = self.first_byte_timeout;
        check((tick..=HOUR).contains(&first), "first_byte_timeout", format!("{first:?}"), "1ms to 1h");
        let head = self.head_timeout;
        check((tick..=HOUR).contains(&head), "head_timeout", format!("{head:?}"), "1ms to 1h");
        let idle = self.idle_timeout;
        check((tick..=DAY).contains(&idle), "idle_timeout", format!("{idle:?}"), "1ms to 24h");
        let grace = self.hang_up_grace;
        check(grace <= HOUR, "hang_up_grace", format!("{grace:?}"), "0 to 1h");
        let (most, headers) = (self.max_connections, self.max_headers);
        check(most >= 1, "max_connections", most.to_string(), "1 or more");
        check((1..=10_000).contains(&headers), "max_headers", headers.to_string(), "1 to 10000");
        let bytes = self.max_head_bytes;
        // The largest is what hyper can still hold next to its own read buffer.
        check((256..=MAX_HEAD).contains(&bytes), "max_head_bytes", bytes.to_string(), "256 to 262144");
        let uri = self.max_uri_bytes;
        let fits = (1..=bytes).contains(&uri) && uri <= MAX_URI;
        check(fits, "max_uri_bytes", uri.to_string(), "1 to max_head_bytes, at most 65534");
        let (body, ceiling) = (self.body_limit, self.max_body_limit);
        check(ceiling >= body, "max_body_limit", ceiling.to_string(), "body_limit or more");
        let streams = self.max_concurrent_streams;
        check(streams >= 1, "max_concurrent_streams", streams.to_string(), "1 or more");
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

/// Builds a [`ServerConfig`]; every knob has a default.
#[derive(Clone, Debug)]
#[must_use]
pub struct ServerConfigBuilder {
    config: ServerConfig,
    max_body_limit: Option<u64>,
}

impl ServerConfigBuilder {
    /// How long a new connection may send nothing. It is then closed without a word, for browsers open
    /// connections on suspicion. 1 ms to 1 h; default 10 s.
    pub fn first_byte_timeout(mut self, timeout: Duration) -> Self {
        self.config.first_byte_timeout = timeout;
        self
    }

    /// How long a head may take in all, from its first byte to its empty line, so that a byte a second
    /// wins nothing; then 408. 1 ms to 1 h; default 10 s.
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.config.head_timeout = timeout;
        self
    }

    /// How long a connection may stay open between two requests. Longer than the idle timer of the load
    /// balancer in front, or it will send requests into closed connections. 1 ms to 24 h; default 60 s.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.config.idle_timeout = timeout;
        self
    }

    /// How long an HTTP/1 request goes on after its client has closed its sending side. On TCP that looks
    /// the same for a client that has left and for one that still reads; answers within this time reach
    /// both, slower work is dropped. 0 to 1 h; default 40 ms.
    pub fn hang_up_grace(mut self, grace: Duration) -> Self {
        self.config.hang_up_grace = grace;
        self
    }

    /// How many connections are open at once. At the cap the server stops accepting: newcomers wait in
    /// the kernel's backlog, and nobody is refused. At least 1; default 10 000.
    pub fn max_connections(mut self, most: usize) -> Self {
        self.config.max_connections = most;
        self
    }

    /// How many header lines a request may have; more are answered with 431. 1 to 10 000; default 100.
    pub fn max_headers(mut self, most: usize) -> Self {
        self.config.max_headers = most;
        self
    }

    /// How many bytes a head may have, the request line included; more are answered with 431. 256 B to
    /// 256 KiB; default 32 KiB.
    pub fn max_head_bytes(mut self, most: usize) -> Self {
        self.config.max_head_bytes = most;
        self
    }

    /// How many bytes a request target may have; more are answered with 414. 1 B to `max_head_bytes`, at
    /// most 65 534; default 8 KiB.
    pub fn max_uri_bytes(mut self, most: usize) -> Self {
        self.config.max_uri_bytes = most;
        self
    }

    /// How many bytes a request body may have, where its route does not say otherwise with a
    /// [`BodyLimitLayer`](super::BodyLimitLayer); more are answered with 413. Default 2 MiB.
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.config.body_limit = bytes;
        self
    }

    /// The highest limit that a route may set. A request that announces more is refused by the head
    /// check, before any route sees it. `body_limit` or more; default `body_limit`.
    pub fn max_body_limit(mut self, bytes: u64) -> Self {
        self.max_body_limit = Some(bytes);
        self
    }

    /// How many HTTP/2 streams a connection may have open at once. At least 1; default 200.
    pub fn max_concurrent_streams(mut self, most: u32) -> Self {
        self.config.max_concurrent_streams = most;
        self
    }

    /// The checked config.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob that is out of range.
    pub fn build(self) -> Result<ServerConfig, ConfigError> {
        let mut config = self.config;
        config.max_body_limit = self.max_body_limit.unwrap_or(config.body_limit);
        let mut problems = Vec::new();
        config.check(&mut problems);
        if problems.is_empty() { Ok(config) } else { Err(ConfigError { problems }) }
    }
}

/// Why a config was refused: every problem, not the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<ConfigProblem>,
}

/// One knob that is out of range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} is {value}, allowed is {allowed}")]
pub struct ConfigProblem {
    key: &'static str,
    value: String,
    allowed: &'static str,
}

impl ConfigError {
    /// The problems, in the order of the knobs.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }
}

impl ConfigProblem {
    /// Which knob.
    #[must_use]
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// What it was set to.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What it may be.
    #[must_use]
    pub fn allowed(&self) -> &'static str {
        self.allowed
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server cannot be built")?;
        self.problems.iter().enumerate().try_for_each(|(at, problem)| {
            f.write_str(if at == 0 { ": " } else { "; " })?;
            problem.fmt(f)
        })
    }
}

impl std::error::Error for ConfigError {}
