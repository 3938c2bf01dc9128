//! What the steps know of each other.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use super::api::Api;
use super::stream::Stream;
use super::target::Target;
use crate::config::Config;
use crate::platform::Running;

/// How often a state is looked for before it counts as never reached.
const LOOKS: u32 = 400;
const PAUSE: Duration = Duration::from_millis(25);

/// The platform under demonstration, and what was learnt of it.
#[derive(Default)]
pub(super) struct World {
    pub(super) dir: Option<TempDir>,
    pub(super) platform: Option<Running>,
    pub(super) api: Option<Api>,
    pub(super) people: HashMap<&'static str, Person>,
    /// The partner's API key and what it signs with.
    pub(super) key: String,
    pub(super) signing_secret: String,
    /// The partner's own server, and what it verifies with.
    pub(super) target: Option<Target>,
    pub(super) webhook_secret: String,
    /// What Ada listens to.
    pub(super) stream: Option<Stream>,
    pub(super) code: String,
    pub(super) referral: String,
}

/// Somebody with an account.
#[derive(Clone, Default)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) refresh: String,
    pub(super) wallet: String,
}

impl World {
    pub(super) fn api(&mut self) -> Result<&mut Api> {
        self.api.as_mut().context("the platform is not running")
    }

    pub(super) fn platform(&self) -> Result<&Running> {
        self.platform
            .as_ref()
            .context("the platform is not running")
    }

    pub(super) fn person(&self, name: &str) -> Result<Person> {
        let known = self.people.get(name).cloned();
        known.with_context(|| format!("{name} is not registered"))
    }

    pub(super) fn token(&self, name: &str) -> Result<String> {
        Ok(self.person(name)?.token)
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
        self.stream = None;
        if let Some(platform) = self.platform.take() {
            let _ = platform.stop().await;
        }
    }

    pub(super) async fn step(&mut self, name: &str) -> Result<String> {
        match name {
            "start" => self.start().await,
            "register" => self.register().await,
            "roles" => self.roles().await,
            "me" => self.me().await,
            "refresh" => self.refresh().await,
            "welcome" => self.welcome().await,
            "campaign" => self.campaign().await,
            "api-key" => self.api_key().await,
            "webhook" => self.webhook().await,
            "listen" => self.listen().await,
            "referral" => self.referral().await,
            "self-referral" => self.self_referral().await,
            "claim" => self.claim().await,
            "qualify" => self.qualify().await,
            "qualify-again" => self.qualify_again().await,
            "reward" => self.reward().await,
            "notification" => self.notification().await,
            "delivery" => self.delivery().await,
            "bad-body" => self.bad_body().await,
            "foreign-wallet" => self.foreign_wallet().await,
            "transfer" => self.transfer().await,
            "rotate-keys" => self.rotate_keys().await,
            "limit" => self.limit().await,
            "breaker-opens" => self.breaker_opens().await,
            "breaker-recovers" => self.breaker_recovers().await,
            "invariants" => self.invariants().await,
            "drain" => self.drain().await,
            unknown => bail!("there is no step `{unknown}`"),
        }
    }
}

/// Waits a little, a limited number of times: for a state, not for a duration.
pub(super) async fn again(looks: &mut u32) -> Result<()> {
    *looks += 1;
    ensure!(*looks < LOOKS, "looked {LOOKS} times");
    tokio::time::sleep(PAUSE).await;
    Ok(())
}

/// Ports of the system's choice, a folder that goes away, a partner on this machine, and pauses that do not take all
/// day.
pub(super) fn config(dir: &TempDir) -> Config {
    let mut config = Config {
        data_dir: dir.path().to_owned(),
        ..Config::default()
    };
    config.public.set_port(0);
    config.admin.set_port(0);
    let many = |count| std::num::NonZeroU32::MIN.saturating_add(count);
    config.limits.auth_per_minute = many(40);
    config.limits.api_per_second = many(500);
    config.limits.caller_per_second = many(200);
    config.upstream.breaker.consecutive_failures = Some(3);
    config.upstream.breaker.wait_duration_in_open = Duration::from_millis(400);
    config.notify.webhook_allow = vec!["127.0.0.1/32".to_owned()];
    config.notify.webhook_retry = Duration::from_millis(50);
    config.drain.delay = Duration::from_millis(100);
    config
}
