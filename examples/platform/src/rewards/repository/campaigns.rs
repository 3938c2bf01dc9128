//! The campaigns, and their money.

use ovasabi_core::repository::new_id;
use ovasabi_core::{Code, Error, Result};
use sqlx::SqliteConnection;

use super::ledger::{SYSTEM, Transfer, wallet_of_campaign};
use super::{Tx, is_refused};
use crate::rewards::domain::{Budget, Campaign, Funding, Referral};

/// The campaign of this slug.
pub(in crate::rewards) async fn by_slug(
    conn: &mut SqliteConnection,
    slug: &str,
) -> Result<Option<Campaign>> {
    let found = sqlx::query_as(
        "SELECT id, slug, name, partner_id, reward_minor, budget_minor, committed_minor, status, \
            starts_ms, ends_ms, version \
         FROM campaigns WHERE slug = ?",
    );
    Ok(found.bind(slug).fetch_optional(conn).await?)
}

/// The campaigns whose id comes before `before`, newest first.
pub(in crate::rewards) async fn page(
    conn: &mut SqliteConnection,
    before: Option<&str>,
    rows: u32,
) -> Result<Vec<Campaign>> {
    let found = sqlx::query_as(
        "SELECT id, slug, name, partner_id, reward_minor, budget_minor, committed_minor, status, \
            starts_ms, ends_ms, version \
         FROM campaigns WHERE id < coalesce(?1, '~') ORDER BY id DESC LIMIT ?2",
    );
    Ok(found.bind(before).bind(rows).fetch_all(conn).await?)
}

impl Tx<'_> {
    /// Adds a campaign, and a wallet for it that holds the whole budget.
    pub(in crate::rewards) async fn add_campaign(&mut self, campaign: &Campaign) -> Result<()> {
        let (now, wallet) = (self.now_ms, new_id().to_string());
        let added = sqlx::query(
            "INSERT INTO campaigns (id, slug, name, partner_id, reward_minor, budget_minor, status, starts_ms, ends_ms, version, created_ms) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&campaign.id)
        .bind(&campaign.slug)
        .bind(&campaign.name)
        .bind(&campaign.partner_id)
        .bind(campaign.reward_minor)
        .bind(campaign.budget_minor)
        .bind(campaign.status)
        .bind(campaign.starts_ms)
        .bind(campaign.ends_ms)
        .bind(campaign.version)
        .bind(now)
        .execute(self.conn())
        .await;
        added.map_err(|error| match is_refused(&error, "campaigns.slug") {
            true => Error::new(Code::AlreadyExists, "campaign.slug_taken")
                .detail("there is a campaign of this slug"),
            false => error.into(),
        })?;
        sqlx::query(
            "INSERT INTO wallets (id, campaign_id, kind, created_ms) VALUES (?, ?, 'campaign', ?)",
        )
        .bind(&wallet)
        .bind(&campaign.id)
        .bind(now)
        .execute(self.conn())
        .await?;
        self.fund(&campaign.id, Funding::Adds(campaign.budget_minor))
            .await
    }

    /// Writes what has changed of a campaign that was read in this transaction, as its next version.
    pub(in crate::rewards) async fn change_campaign(
        &mut self,
        campaign: Campaign,
        funding: Funding,
    ) -> Result<Campaign> {
        let changed = Campaign {
            version: campaign.version + 1,
            ..campaign
        };
        sqlx::query(
            "UPDATE campaigns SET name = ?, reward_minor = ?, budget_minor = ?, status = ?, ends_ms = ?, version = ? \
             WHERE id = ?",
        )
        .bind(&changed.name)
        .bind(changed.reward_minor)
        .bind(changed.budget_minor)
        .bind(changed.status)
        .bind(changed.ends_ms)
        .bind(changed.version)
        .bind(&changed.id)
        .execute(self.conn())
        .await?;
        self.fund(&changed.id, funding).await?;
        Ok(changed)
    }

    /// Sets the reward of a referral aside.
    pub(in crate::rewards) async fn reserve(&mut self, referral: &Referral) -> Result<()> {
        let budget = self.budget_of(referral).await?;
        self.commit_budget(referral, budget.reserve(referral.reward_minor)?)
            .await
    }

    /// Gives back what was set aside for a referral.
    pub(in crate::rewards) async fn release(&mut self, referral: &Referral) -> Result<()> {
        let budget = self.budget_of(referral).await?;
        self.commit_budget(referral, budget.release(referral.reward_minor))
            .await
    }

    async fn budget_of(&mut self, referral: &Referral) -> Result<Budget> {
        let budget =
            sqlx::query_as("SELECT budget_minor, committed_minor FROM campaigns WHERE id = ?");
        let budget = budget
            .bind(&referral.campaign_id)
            .fetch_one(self.conn())
            .await?;
        let (budget_minor, committed_minor) = budget;
        Ok(Budget {
            budget_minor,
            committed_minor,
        })
    }

    async fn commit_budget(&mut self, referral: &Referral, budget: Budget) -> Result<()> {
        sqlx::query("UPDATE campaigns SET committed_minor = ? WHERE id = ?")
            .bind(budget.committed_minor)
            .bind(&referral.campaign_id)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    async fn fund(&mut self, campaign_id: &str, funding: Funding) -> Result<()> {
        let wallet = wallet_of_campaign(self.conn(), campaign_id).await?;
        let (from, to, amount_minor) = match funding {
            Funding::None => return Ok(()),
            Funding::Adds(more) => (SYSTEM, wallet.as_str(), more),
            Funding::Returns(less) => (wallet.as_str(), SYSTEM, less),
        };
        let budget = Transfer {
            from,
            to,
            amount_minor,
            memo: "budget",
            referral_id: None,
        };
        self.post(budget).await.map(drop)
    }
}
