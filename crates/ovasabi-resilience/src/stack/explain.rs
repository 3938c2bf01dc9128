//! The order of a stack in words.

use ovasabi_core::config::duration;
use ovasabi_core::reject::Name;

use super::{ClientConfig, Part, ServerConfig};

/// A client, outermost part first.
pub(super) fn client(name: &Name, config: &ClientConfig, given: &[Part]) -> String {
    let mut text = format!("client `{}`, outermost first:\n", name.as_str());
    for (index, part) in Part::ALL.into_iter().enumerate() {
        let words = if given.contains(&part) {
            "as its own handle says".to_owned()
        } else if config.has(part) {
            numbers(part, config)
        } else {
            "off".to_owned()
        };
        text.push_str(&line(index + 1, part.label(), &words));
    }
    text + "     the service\n"
}

fn numbers(part: Part, config: &ClientConfig) -> String {
    let time = |limit: Option<_>, what| {
        limit.map_or_else(String::new, |limit| {
            format!("{} for {what}", duration::format(limit))
        })
    };
    match part {
        Part::Deadline => time(config.deadline, "a call with all its attempts"),
        Part::Throttle => config
            .throttle
            .as_ref()
            .map_or_else(String::new, |throttle| throttle.explain()),
        Part::LoadShed => String::new(),
        Part::RateLimit => config
            .rate_limit
            .as_ref()
            .map_or_else(String::new, |limit| limit.explain()),
        Part::Retry => config.retry.explain(),
        Part::Breaker => config.breaker.explain(),
        Part::Timeout => time(config.timeout, "an attempt, readiness included"),
        Part::Concurrency => config.concurrency.explain(),
    }
}

/// A server, outermost part first, with its named slots.
///
/// `own` are the parts whose handles are of one's own.
pub(super) fn server(name: &Name, config: &ServerConfig, own: &[Part]) -> String {
    let word = |part| {
        if own.contains(&part) {
            "as its own handle says"
        } else {
            "off"
        }
    };
    let off = |part| move || word(part).to_owned();
    let lines = [
        (
            "[edge]",
            "the slot around everything: context, spans".to_owned(),
        ),
        (
            "deadline",
            config.deadline.map_or_else(off(Part::Deadline), |limit| {
                format!("{} for a request", duration::format(limit))
            }),
        ),
        (
            "load_shed",
            config
                .load_shed
                .as_ref()
                .map_or_else(off(Part::LoadShed), |shed| shed.explain()),
        ),
        (
            "concurrency",
            config
                .concurrency
                .as_ref()
                .map_or_else(off(Part::Concurrency), |limit| limit.explain()),
        ),
        ("[auth]", "the slot for who is calling".to_owned()),
        (
            "rate_limit",
            config
                .rate_limit
                .as_ref()
                .map_or_else(off(Part::RateLimit), |limit| limit.explain()),
        ),
        ("[policy]", "the slot for what they may do".to_owned()),
    ];
    let mut text = format!("server `{}`, outermost first:\n", name.as_str());
    for (index, (label, words)) in lines.iter().enumerate() {
        text.push_str(&line(index + 1, label, words));
    }
    text + "     the service\n"
}

fn line(number: usize, label: &str, words: &str) -> String {
    format!("  {number}. {label:<12} {words}\n")
}
