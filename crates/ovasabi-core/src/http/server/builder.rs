//! Building a config.

use std::time::Duration;

use super::{ConfigError, ServerConfig};

/// Builds a [`ServerConfig`]; every knob has a default.
#[derive(Clone, Debug)]
#[must_use]
pub struct ServerConfigBuilder {
    config: ServerConfig,
    max_body_limit: Option<u64>,
}

impl ServerConfigBuilder {
    pub(super) fn new() -> Self {
        Self {
            config: ServerConfig::default(),
            max_body_limit: None,
        }
    }

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
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError::new(problems))
        }
    }
}
