//! The campaign.

use ovasabi_core::Result;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::Budget;
use super::referral::conflict;

/// Where a campaign stands, as far as people have said. Whether it is open, its dates say too.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
#[schema(as = CampaignStatus)]
pub(in crate::rewards) enum Status {
    Active,
    Paused,
    /// For good.
    Ended,
}

/// A campaign, as the table has it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(in crate::rewards) struct Campaign {
    pub(in crate::rewards) id: String,
    pub(in crate::rewards) slug: String,
    pub(in crate::rewards) name: String,
    /// Who owns it.
    pub(in crate::rewards) partner_id: String,
    pub(in crate::rewards) reward_minor: i64,
    pub(in crate::rewards) budget_minor: i64,
    pub(in crate::rewards) committed_minor: i64,
    pub(in crate::rewards) status: Status,
    pub(in crate::rewards) starts_ms: i64,
    pub(in crate::rewards) ends_ms: i64,
    pub(in crate::rewards) version: i64,
}

impl Campaign {
    /// Whether referrals are created and claimed now.
    pub(in crate::rewards) fn open_at(&self, now_ms: i64) -> Result<()> {
        let is_open =
            self.status == Status::Active && (self.starts_ms..self.ends_ms).contains(&now_ms);
        if is_open {
            return Ok(());
        }
        Err(conflict(
            "campaign.not_active",
            "the campaign takes no referrals now",
        ))
    }

    /// What has ended begins no more.
    pub(in crate::rewards) fn not_ended(&self) -> Result<()> {
        if self.status == Status::Ended {
            return Err(conflict("campaign.ended", "the campaign has ended"));
        }
        Ok(())
    }

    pub(in crate::rewards) fn budget(&self) -> Budget {
        Budget {
            budget_minor: self.budget_minor,
            committed_minor: self.committed_minor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_open_while_it_is_active_from_its_start_to_before_its_end() {
        let campaign = |status| Campaign {
            id: String::new(),
            slug: String::new(),
            name: String::new(),
            partner_id: String::new(),
            reward_minor: 1,
            budget_minor: 1,
            committed_minor: 0,
            status,
            starts_ms: 10,
            ends_ms: 20,
            version: 1,
        };
        for (status, now, is_open) in [
            (Status::Active, 9, false),
            (Status::Active, 10, true),
            (Status::Active, 19, true),
            (Status::Active, 20, false),
            (Status::Paused, 15, false),
            (Status::Ended, 15, false),
        ] {
            let open = campaign(status).open_at(now);
            assert_eq!(open.is_ok(), is_open, "{status:?} at {now}");
        }
        assert!(campaign(Status::Paused).not_ended().is_ok());
        let ended = campaign(Status::Ended).not_ended().unwrap_err();
        assert_eq!(
            (ended.reason(), ended.http_status().as_u16()),
            ("campaign.ended", 409)
        );
    }
}
