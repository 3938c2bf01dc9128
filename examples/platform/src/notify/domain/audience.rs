//! Who is told of an event.

use ovasabi_core::Result;
use serde_json::{Value, json};

use super::Kind;
use crate::contract::{Envelope, ReferralChanged, WalletCredited, topic};

/// One thing that one person is told.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::notify) struct Tiding {
    pub(in crate::notify) user_id: String,
    pub(in crate::notify) kind: Kind,
    pub(in crate::notify) data: Value,
}

/// All who are told of one event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::notify) struct Audience {
    pub(in crate::notify) people: Vec<Tiding>,
    /// The partner whose webhooks get the whole event.
    pub(in crate::notify) partner: Option<String>,
}

impl Audience {
    /// Reads the event. A topic that is not known here concerns nobody: a newer release of its sender has it.
    ///
    /// # Errors
    /// `InvalidArgument` when the data are not what the topic promises.
    pub(in crate::notify) fn of(event: &Envelope) -> Result<Self> {
        use topic as t;
        let kind = match event.topic.as_str() {
            t::WALLET_CREDITED => return event.data().map(|credited| Self::credited(&credited)),
            t::REFERRAL_CLAIMED => Some(Kind::ReferralClaimed),
            t::REFERRAL_REWARDED => Some(Kind::ReferralRewarded),
            t::REFERRAL_REJECTED => Some(Kind::ReferralRejected),
            t::REFERRAL_EXPIRED => Some(Kind::ReferralExpired),
            t::REFERRAL_CREATED | t::REFERRAL_QUALIFIED => None,
            _ => return Ok(Self::default()),
        };
        event.data().map(|changed| Self::changed(kind, changed))
    }

    fn changed(kind: Option<Kind>, changed: ReferralChanged) -> Self {
        let people = kind.map(|kind| told(kind, &changed)).unwrap_or_default();
        Self {
            people,
            partner: Some(changed.partner_id),
        }
    }

    fn credited(credited: &WalletCredited) -> Self {
        let data = json!({
            "wallet_id": credited.wallet_id,
            "transfer_id": credited.transfer_id,
            "amount_minor": credited.amount_minor,
            "memo": credited.memo,
        });
        let owner = Tiding {
            user_id: credited.owner_id.clone(),
            kind: Kind::WalletCredited,
            data,
        };
        Self {
            people: vec![owner],
            partner: None,
        }
    }
}

/// The referrer is told all of it; who was referred, that it has come to nothing. Neither learns the other's id.
fn told(kind: Kind, changed: &ReferralChanged) -> Vec<Tiding> {
    let mut referred = json!({
        "referral_id": changed.referral_id,
        "code": changed.code,
        "campaign": changed.campaign,
        "state": changed.state,
    });
    let mut referrer = referred.clone();
    referrer["reward_minor"] = changed.reward_minor.into();
    if let Some(reason) = &changed.reason {
        referrer["reason"] = reason.as_str().into();
    }
    let tiding = |user_id: &str, data| Tiding {
        user_id: user_id.to_owned(),
        kind,
        data,
    };
    let mut people = vec![tiding(&changed.referrer_id, referrer)];
    if matches!(kind, Kind::ReferralRejected | Kind::ReferralExpired)
        && let Some(user_id) = &changed.referred_id
    {
        people.push(tiding(user_id, referred.take()));
    }
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(topic: &str, data: Value) -> Envelope {
        Envelope {
            id: "e".to_owned(),
            topic: topic.to_owned(),
            key: "k".to_owned(),
            occurred_ms: 1,
            data,
        }
    }

    fn referral(topic: &str) -> Audience {
        let data = json!({
            "referral_id": "r", "code": "ABC", "campaign": "spring", "state": "s", "referrer_id": "ann",
            "referred_id": "bob", "partner_id": "shop", "reward_minor": 500, "reason": "twice the same person",
        });
        Audience::of(&event(topic, data)).unwrap()
    }

    #[test]
    fn each_topic_has_its_people_and_its_partner() {
        let told = |topic| {
            let audience = referral(topic);
            assert_eq!(audience.partner.as_deref(), Some("shop"), "{topic}");
            let people = audience.people.into_iter();
            people
                .map(|one| (one.user_id, one.kind))
                .collect::<Vec<_>>()
        };
        let ann = |kind| ("ann".to_owned(), kind);
        let bob = |kind| ("bob".to_owned(), kind);
        assert_eq!(told(topic::REFERRAL_CREATED), []);
        assert_eq!(told(topic::REFERRAL_CLAIMED), [ann(Kind::ReferralClaimed)]);
        assert_eq!(told(topic::REFERRAL_QUALIFIED), []);
        assert_eq!(
            told(topic::REFERRAL_REWARDED),
            [ann(Kind::ReferralRewarded)]
        );
        let rejected = Kind::ReferralRejected;
        assert_eq!(
            told(topic::REFERRAL_REJECTED),
            [ann(rejected), bob(rejected)]
        );
        let expired = Kind::ReferralExpired;
        assert_eq!(told(topic::REFERRAL_EXPIRED), [ann(expired), bob(expired)]);
    }

    #[test]
    fn nobody_learns_the_id_of_somebody_else_and_the_reason_is_for_the_referrer() {
        for topic in [topic::REFERRAL_CLAIMED, topic::REFERRAL_REJECTED] {
            for one in referral(topic).people {
                let text = one.data.to_string();
                assert!(
                    !["ann", "bob", "shop"].iter().any(|id| text.contains(id)),
                    "{text}"
                );
                assert_eq!(text.contains("twice"), one.user_id == "ann", "{text}");
            }
        }
    }

    #[test]
    fn money_is_told_to_the_owner_alone() {
        let data = json!({
            "wallet_id": "w", "owner_id": "ann", "transfer_id": "t", "amount_minor": 5, "memo": "thanks",
        });
        let Audience { people, partner } =
            Audience::of(&event(topic::WALLET_CREDITED, data)).unwrap();
        assert_eq!(partner, None);
        let [one] = people.as_slice() else {
            panic!("{people:?}")
        };
        assert_eq!(
            (one.user_id.as_str(), one.kind),
            ("ann", Kind::WalletCredited)
        );
        assert_eq!(one.data["amount_minor"], 5);
    }

    #[test]
    fn an_unknown_topic_concerns_nobody_and_wrong_data_are_refused() {
        let unknown = event("rewards.season.opened.v1", json!({}));
        assert_eq!(Audience::of(&unknown).unwrap(), Audience::default());
        for topic in [topic::WALLET_CREDITED, topic::REFERRAL_CREATED] {
            let refused = Audience::of(&event(topic, json!({ "referral_id": 7 }))).unwrap_err();
            assert_eq!(refused.reason(), "event.data", "{topic}");
        }
    }
}
