//! Events: what has happened, told by the service in which it did.
//!
//! A relay posts them to `/internal/events` of who wants to know. They come at least once, and those of one key in
//! their order; who takes one in writes its id down in the same transaction, and knows it the second time.

use garde::Validate;
use ovasabi_core::repository::outbox::Event;
use ovasabi_core::{Code, Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::millis::millis_of;

/// What an event is about: service, thing, what became of it, version of its data.
pub(crate) mod topic {
    /// Somebody has an account; the data are [`UserRegistered`](super::UserRegistered), the key is the id of the user.
    pub(crate) const USER_REGISTERED: &str = "accounts.user.registered.v1";

    /// The data of all of a referral's are [`ReferralChanged`](super::ReferralChanged), the key is its id.
    pub(crate) const REFERRAL_CREATED: &str = "rewards.referral.created.v1";
    pub(crate) const REFERRAL_CLAIMED: &str = "rewards.referral.claimed.v1";
    pub(crate) const REFERRAL_QUALIFIED: &str = "rewards.referral.qualified.v1";
    pub(crate) const REFERRAL_REWARDED: &str = "rewards.referral.rewarded.v1";
    pub(crate) const REFERRAL_REJECTED: &str = "rewards.referral.rejected.v1";
    pub(crate) const REFERRAL_EXPIRED: &str = "rewards.referral.expired.v1";

    /// Money came into a wallet; the data are [`WalletCredited`](super::WalletCredited), the key is the id of its owner.
    pub(crate) const WALLET_CREDITED: &str = "rewards.wallet.credited.v1";
}

/// One event as it travels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct Envelope {
    /// The same however often it is sent.
    #[garde(length(min = 1, max = 64))]
    pub(crate) id: String,
    #[garde(length(min = 1, max = 128))]
    pub(crate) topic: String,
    /// Events of one key are sent in their order.
    #[garde(length(min = 1, max = 128))]
    pub(crate) key: String,
    /// Milliseconds since 1970, UTC.
    #[garde(skip)]
    pub(crate) occurred_ms: i64,
    #[garde(skip)]
    pub(crate) data: Value,
}

/// Data of [`topic::USER_REGISTERED`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct UserRegistered {
    pub(crate) user_id: String,
    pub(crate) display_name: String,
}

/// Data of each topic of a referral.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReferralChanged {
    pub(crate) referral_id: String,
    pub(crate) code: String,
    /// The campaign's slug.
    pub(crate) campaign: String,
    /// What it is now.
    pub(crate) state: String,
    pub(crate) referrer_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) referred_id: Option<String>,
    /// Whose campaign it is.
    pub(crate) partner_id: String,
    pub(crate) reward_minor: i64,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// Data of [`topic::WALLET_CREDITED`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WalletCredited {
    pub(crate) wallet_id: String,
    pub(crate) owner_id: String,
    pub(crate) transfer_id: String,
    pub(crate) amount_minor: i64,
    pub(crate) memo: String,
}

impl Envelope {
    /// An event of an outbox, ready to travel.
    ///
    /// # Errors
    /// `Internal` when what was put into the outbox is not JSON.
    pub(crate) fn of(event: &Event) -> Result<Self> {
        Ok(Self {
            id: event.id().to_string(),
            topic: event.topic().to_owned(),
            key: event.key().to_owned(),
            occurred_ms: millis_of(event.created_at()),
            data: serde_json::from_str(event.payload()).map_err(Error::internal)?,
        })
    }

    /// Its data as what its topic says they are.
    ///
    /// # Errors
    /// `InvalidArgument` when they are not: who sent it is of another version.
    pub(crate) fn data<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.data).map_err(|error| {
            Error::new(Code::InvalidArgument, "event.data")
                .violation("data", "topic", "not what this topic promises")
                .caused_by(error)
        })
    }
}
