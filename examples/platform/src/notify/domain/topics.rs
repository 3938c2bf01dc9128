//! What a webhook is told of.

use ovasabi_core::{Code, Error, Result};

use crate::contract::topic;

/// Everything that a partner may be told of.
const KNOWN: [&str; 6] = [
    topic::REFERRAL_CREATED,
    topic::REFERRAL_CLAIMED,
    topic::REFERRAL_QUALIFIED,
    topic::REFERRAL_REWARDED,
    topic::REFERRAL_REJECTED,
    topic::REFERRAL_EXPIRED,
];

/// All of them, also those to come.
pub(in crate::notify) const ALL_TOPICS: &str = "*";

/// The topics of a webhook: known ones, sorted, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::notify) struct Topics(Vec<String>);

impl Topics {
    /// # Errors
    /// `InvalidArgument` with a violation for each topic that is not known.
    pub(in crate::notify) fn new(mut wanted: Vec<String>) -> Result<Self> {
        let mut refused = Error::new(Code::InvalidArgument, "webhook.topics");
        for (place, name) in wanted.iter().enumerate() {
            if name != ALL_TOPICS && !KNOWN.contains(&name.as_str()) {
                let expected = format!(
                    "is not a topic; expected `{ALL_TOPICS}` or one of {}",
                    KNOWN.join(", ")
                );
                refused = refused.violation(format!("topics[{place}]"), "known", expected);
            }
        }
        if !refused.violations().is_empty() {
            return Err(refused);
        }
        wanted.sort();
        wanted.dedup();
        Ok(Self(wanted))
    }

    pub(in crate::notify) fn names(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_topics_are_named_all_at_once() {
        let of = |names: &[&str]| Topics::new(names.iter().map(|&name| name.to_owned()).collect());
        let known = of(&[topic::REFERRAL_REWARDED, "*", topic::REFERRAL_REWARDED]).unwrap();
        assert_eq!(known.names(), ["*", topic::REFERRAL_REWARDED]);
        let refused =
            of(&["rewards.*", topic::REFERRAL_CLAIMED, topic::WALLET_CREDITED]).unwrap_err();
        let fields: Vec<_> = refused
            .violations()
            .iter()
            .map(|one| one.field.as_str())
            .collect();
        assert_eq!(fields, ["topics[0]", "topics[2]"]);
    }
}
