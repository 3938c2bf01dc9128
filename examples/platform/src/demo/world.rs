//! What the steps know of each other.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::api::Api;
use crate::config::Config;
use crate::platform::Platform;

/// The platform under demonstration, and what was learnt of it.
#[derive(Default)]
pub(super) struct World {
    pub(super) dir: Option<TempDir>,
    pub(super) platform: Option<Platform>,
    pub(super) api: Option<Api>,
    pub(super) ada: Person,
    pub(super) bob: Person,
}

/// Somebody with an account.
#[derive(Default)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) wallet: String,
}

impl World {
    pub(super) fn api(&mut self) -> Result<&mut Api> {
        self.api.as_mut().context("the platform is not running")
    }

    pub(super) fn platform(&self) -> Result<&Platform> {
        self.platform
            .as_ref()
            .context("the platform is not running")
    }

    /// A step that sends nothing has no trace to show: not that of the step before.
    pub(super) fn forget_trace(&mut self) {
        if let Some(api) = &mut self.api {
            api.forget_trace();
        }
    }

    /// The trace of the step's last request, as logs write it; dashes if there was none.
    pub(super) fn last_trace(&self) -> String {
        let trace = self.api.as_ref().and_then(Api::last_trace);
        trace.map_or_else(|| "-".repeat(32), |id| format!("{id:032x}"))
    }

    /// Stops what runs, whatever state it is in.
    pub(super) async fn abandon(&mut self) {
        if let Some(platform) = self.platform.take() {
            let _ = platform.stop().await;
        }
    }

    pub(super) async fn step(&mut self, name: &str) -> Result<String> {
        match name {
            "start" => self.start().await,
            "register-ada" => self.register("ada").await,
            "register-bob" => self.register("bob").await,
            "login" => self.login().await,
            "me" => self.me().await,
            "welcome" => self.welcome().await,
            "bad-body" => self.bad_body().await,
            "foreign-wallet" => self.foreign_wallet().await,
            "transfer" => self.transfer().await,
            "limit" => self.limit().await,
            "breaker-opens" => self.breaker_opens().await,
            "breaker-recovers" => self.breaker_recovers().await,
            "invariants" => self.invariants().await,
            "drain" => self.drain().await,
            unknown => bail!("there is no step `{unknown}`"),
        }
    }
}

/// Ports of the system's choice, a folder that goes away, and a breaker that does not take all day.
pub(super) fn config(dir: &TempDir) -> Config {
    let mut config = Config {
        data_dir: dir.path().to_owned(),
        ..Config::default()
    };
    config.public.set_port(0);
    config.admin.set_port(0);
    config.upstream.consecutive_failures = 3;
    config.upstream.open_for = Duration::from_millis(400);
    config.drain.delay = Duration::from_millis(100);
    config
}
