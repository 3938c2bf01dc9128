//! Orders, and what is wrong with all others.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::Part;

/// The parts of a client that are on, outermost first: what a configuration states, so that a reader sees it.
///
/// There is one order that works. A list in another one is refused, with each pair that stands the wrong way
/// round and what it would do; so is a part that is named twice.
///
/// ```
/// use ovasabi_resilience::stack::{Order, Part};
///
/// assert!(Order::client([Part::Deadline, Part::Retry, Part::Breaker]).is_ok());
/// let wrong = Order::client([Part::Breaker, Part::Retry]).unwrap_err();
/// assert_eq!(wrong.to_string(), "breaker must be inside of retry: one call of it would be all attempts, and a retry could not be ended by it");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Order(Vec<Part>);

/// What is wrong with an order: every pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderError(Vec<Wrong>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Twice(Part),
    NotOfClients(Part),
    Inverted { outer: Part, inner: Part },
}

impl Order {
    /// The order of a client.
    ///
    /// # Errors
    /// [`OrderError`] with every pair that stands the wrong way round, every part that is named twice, and
    /// every one that clients do not have.
    pub fn client(parts: impl IntoIterator<Item = Part>) -> Result<Self, OrderError> {
        let parts: Vec<Part> = parts.into_iter().collect();
        let mut wrong = Vec::new();
        for (index, &inner) in parts.iter().enumerate() {
            if !Part::ALL.contains(&inner) {
                wrong.push(Wrong::NotOfClients(inner));
                continue;
            }
            for &outer in parts.iter().take(index) {
                if outer == inner {
                    wrong.push(Wrong::Twice(inner));
                } else if outer > inner && Part::ALL.contains(&outer) {
                    wrong.push(Wrong::Inverted { outer, inner });
                }
            }
        }
        if wrong.is_empty() {
            Ok(Self(parts))
        } else {
            Err(OrderError(wrong))
        }
    }

    /// Of parts that are in order.
    pub(super) fn fixed(parts: Vec<Part>) -> Self {
        Self(parts)
    }

    /// The parts, outermost first.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// Whether `part` is on.
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        self.0.contains(&part)
    }
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = Vec::<Part>::deserialize(deserializer)?;
        Self::client(parts).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, wrong) in self.0.iter().enumerate() {
            if nth > 0 {
                f.write_str("; ")?;
            }
            match *wrong {
                Wrong::Twice(part) => write!(f, "{part} is named twice")?,
                Wrong::NotOfClients(part) => write!(f, "{part} is a part of servers only")?,
                // What stands outside now belongs inside.
                Wrong::Inverted { outer, inner } => {
                    write!(
                        f,
                        "{outer} must be inside of {inner}: {}",
                        harm(inner, outer)
                    )?;
                }
            }
        }
        Ok(())
    }
}

impl std::error::Error for OrderError {}

/// What goes wrong when `inside` stands around `outside`, which belongs around it.
fn harm(outside: Part, inside: Part) -> &'static str {
    match (outside, inside) {
        (Part::Deadline, Part::Retry) => "attempts and pauses would have no end together",
        (Part::Deadline, _) => "its waiting would not count for the time of the call",
        (Part::Throttle, Part::Retry) => "it would count the attempts of one call as many requests",
        (Part::Throttle, _) => "what it refuses would use up what stands around it",
        (Part::RateLimit, Part::Retry) => {
            "every attempt would pay for a call, and retries eat the quota of others"
        }
        (Part::RateLimit, _) => "what the quota refuses would pass through it first",
        (Part::Retry, Part::Breaker) => {
            "one call of it would be all attempts, and a retry could not be ended by it"
        }
        (Part::Retry, Part::Timeout) => "the attempts would share the time of one",
        (Part::Retry, Part::Concurrency) => {
            "a slot would be held through the pauses between attempts"
        }
        (Part::Breaker, Part::Timeout) => "the breaker would not see what is too slow",
        (Part::Breaker, Part::Concurrency) => "an open breaker's refusals would need slots",
        (Part::Timeout, Part::Concurrency) => "the wait for a slot would have no end",
        _ => "the order is fixed",
    }
}
