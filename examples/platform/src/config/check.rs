//! What no type can say.
//!
//! What is refused here is named with its place, together with all else; the builders of the crates would refuse most
//! of it too, later and one at a time.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use ovasabi_core::config::Report;
use ovasabi_resilience::stack::Stack;

use super::Config;
use crate::accounts::MIN_SECRET;
use crate::notify::Cidr;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn check(config: &Config, report: &mut Report) {
    durations(config, report);
    let Config {
        accounts, upstream, ..
    } = config;
    if accounts.token_ttl.subsec_nanos() != 0 {
        report.refuse("accounts.token_ttl", "expected whole seconds, 1s to 24h");
    }
    if !(1..=256).contains(&accounts.password_permits) {
        report.refuse("accounts.password_permits", "expected 1 to 256");
    }
    let secret = config.services_secret.as_ref();
    if secret.is_some_and(|secret| secret.expose().len() < MIN_SECRET) {
        report.refuse("services_secret", "expected 32 bytes or more");
    }
    for (nth, network) in config.notify.webhook_allow.iter().enumerate() {
        if network.parse::<Cidr>().is_err() {
            let key = format!("notify.webhook_allow[{nth}]");
            report.refuse(key, "expected a network such as `127.0.0.1/32`");
        }
    }
    if let Err(error) = Stack::http_client("upstream")
        .config(upstream.clone())
        .build()
    {
        for problem in error.problems() {
            let key = format!("upstream.{}", problem.key);
            report.refuse(key, format!("expected {}", problem.allowed));
        }
    }
    routes(config, report);
}

fn durations(config: &Config, report: &mut Report) {
    let Config {
        limits,
        accounts,
        rewards,
        notify,
        drain,
        ..
    } = config;
    let none = Duration::ZERO;
    let mut within = |key: &str, value: Duration, range: RangeInclusive<Duration>, words: &str| {
        if !range.contains(&value) {
            report.refuse(key, format!("expected {words}"));
        }
    };
    within(
        "limits.deadline",
        limits.deadline,
        MILLISECOND..=DAY,
        "1ms to 24h",
    );
    within("drain.delay", drain.delay, none..=HOUR, "at most 1h");
    within("drain.grace", drain.grace, none..=HOUR, "at most 1h");
    let token = accounts.token_ttl;
    within(
        "accounts.token_ttl",
        token,
        SECOND..=DAY,
        "whole seconds, 1s to 24h",
    );
    let (refresh, family) = (accounts.refresh_ttl, accounts.refresh_family_ttl);
    within(
        "accounts.refresh_ttl",
        refresh,
        MINUTE..=family,
        "1m to accounts.refresh_family_ttl",
    );
    within(
        "accounts.refresh_family_ttl",
        family,
        MINUTE..=3650 * DAY,
        "at most 3650d",
    );
    let settle = rewards.settle_after;
    within(
        "rewards.settle_after",
        settle,
        none..=90 * DAY,
        "at most 2160h",
    );
    let referral = rewards.referral_ttl;
    within(
        "rewards.referral_ttl",
        referral,
        MINUTE..=365 * DAY,
        "1m to 8760h",
    );
    let retry = notify.webhook_retry;
    within(
        "notify.webhook_retry",
        retry,
        10 * MILLISECOND..=HOUR,
        "10ms to 1h",
    );
}

/// A route that the router would panic at, or that opens what is not for the world.
fn routes(config: &Config, report: &mut Report) {
    let mut known = HashSet::new();
    for (nth, route) in config.gateway.routes.iter().enumerate() {
        let key = format!("gateway.routes[{nth}].path");
        let shape = shape(&route.path);
        if !is_path(&route.path) {
            report.refuse(key, "expected a path such as `/v1/wallets/{id}`");
        } else if route.path.starts_with("/internal") {
            report.refuse(key, "what is internal is not for the world");
        } else if !known.insert(shape) {
            report.refuse(key, "expected each path once");
        }
    }
}

/// Letters, digits and `-._~` between slashes, or a parameter.
fn is_path(path: &str) -> bool {
    let segment = |segment: &str| {
        let inner = segment
            .strip_prefix('{')
            .and_then(|it| it.strip_suffix('}'));
        let plain = |text: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !text.is_empty() && text.bytes().all(plain)
        };
        plain(inner.unwrap_or(segment))
    };
    path.strip_prefix('/')
        .is_some_and(|rest| rest.split('/').all(segment))
}

/// The path without the names of its parameters: two that differ in them alone are one.
fn shape(path: &str) -> String {
    let segment = |segment: &str| {
        if segment.starts_with('{') {
            "{}".to_owned()
        } else {
            segment.to_owned()
        }
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}
