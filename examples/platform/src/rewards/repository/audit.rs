//! What must always hold, whatever has happened.

use ovasabi_core::Result;
use serde::Serialize;
use sqlx::{FromRow, SqliteConnection};

/// How many things are wrong; all of it is zero, or money or history was made or lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
#[schema(as = LedgerAudit)]
pub(crate) struct Audit {
    /// Transfers whose entries do not add up to zero, or are not two.
    pub(crate) unbalanced_transfers: i64,
    /// Wallets whose balance is not the sum of their entries.
    pub(crate) wrong_balances: i64,
    /// Users and campaigns that owe.
    pub(crate) debtors: i64,
    /// Wallets that were welcomed more than once.
    pub(crate) wrong_welcomes: i64,
    /// Campaigns that have committed more than their budget, or not what is set aside and paid.
    pub(crate) wrong_budgets: i64,
    /// Campaigns whose wallet does not hold the budget without what was paid.
    pub(crate) wrong_campaign_wallets: i64,
    /// Referrals that are rewarded and were not paid exactly what was promised, or were paid and are not rewarded.
    pub(crate) wrong_rewards: i64,
    /// People who have referred themselves.
    pub(crate) self_referrals: i64,
    /// People who were referred to one campaign twice.
    pub(crate) twice_referred: i64,
    /// Referrals whose history, with one event for each change, does not lead to what they are.
    pub(crate) wrong_histories: i64,
    /// How many transfers there are.
    pub(crate) transfers: i64,
    /// How many referrals there are.
    pub(crate) referrals: i64,
}

impl Audit {
    /// Whether all is well.
    pub(crate) fn holds(&self) -> bool {
        self.wrong() == 0
    }

    /// How many things are wrong.
    pub(crate) fn wrong(&self) -> u64 {
        let Self {
            unbalanced_transfers,
            wrong_balances,
            debtors,
            wrong_welcomes,
            wrong_budgets,
            wrong_campaign_wallets,
            wrong_rewards,
            self_referrals,
            twice_referred,
            wrong_histories,
            transfers: _,
            referrals: _,
        } = *self;
        let all = [
            unbalanced_transfers,
            wrong_balances,
            debtors,
            wrong_welcomes,
            wrong_budgets,
            wrong_campaign_wallets,
            wrong_rewards,
            self_referrals,
            twice_referred,
            wrong_histories,
        ];
        all.iter().sum::<i64>().unsigned_abs()
    }
}

/// Looks through everything, as it stands at one moment.
pub(in crate::rewards) async fn audit(conn: &mut SqliteConnection) -> Result<Audit> {
    // One statement is one snapshot.
    let audit = sqlx::query_as(
        "WITH sides AS (SELECT transfer_id, sum(amount_minor) AS total, count(*) AS sides FROM entries GROUP BY transfer_id), \
            sums AS (SELECT wallet_id, sum(amount_minor) AS total FROM entries GROUP BY wallet_id), \
            promises AS (SELECT campaign_id, \
                sum(CASE WHEN state IN ('qualified', 'rewarded') THEN reward_minor ELSE 0 END) AS committed, \
                sum(CASE WHEN state = 'rewarded' THEN reward_minor ELSE 0 END) AS paid \
                FROM referrals GROUP BY campaign_id), \
            histories AS (SELECT referral_id, count(*) AS changes, max(state = 'created') AS was_created, \
                max(state = 'claimed') AS was_claimed, max(state = 'qualified') AS was_qualified \
                FROM referral_changes GROUP BY referral_id) \
         SELECT \
         (SELECT count(*) FROM transfers t LEFT JOIN sides s ON s.transfer_id = t.id \
            WHERE s.total IS NOT 0 OR s.sides IS NOT 2) AS unbalanced_transfers, \
         (SELECT count(*) FROM wallets w LEFT JOIN sums s ON s.wallet_id = w.id \
            WHERE w.balance_minor <> coalesce(s.total, 0)) AS wrong_balances, \
         (SELECT count(*) FROM wallets WHERE kind <> 'system' AND balance_minor < 0) AS debtors, \
         (SELECT count(*) FROM (SELECT 1 FROM transfers t JOIN wallets w ON w.id = t.to_wallet AND w.kind = 'user' \
            WHERE t.from_wallet = 'system' GROUP BY t.to_wallet HAVING count(*) > 1)) AS wrong_welcomes, \
         (SELECT count(*) FROM campaigns c LEFT JOIN promises p ON p.campaign_id = c.id \
            WHERE c.committed_minor > c.budget_minor OR c.committed_minor <> coalesce(p.committed, 0)) AS wrong_budgets, \
         (SELECT count(*) FROM campaigns c LEFT JOIN promises p ON p.campaign_id = c.id \
            LEFT JOIN wallets w ON w.campaign_id = c.id \
            WHERE w.balance_minor IS NOT c.budget_minor - coalesce(p.paid, 0)) AS wrong_campaign_wallets, \
         (SELECT count(*) FROM referrals r LEFT JOIN transfers t ON t.referral_id = r.id \
            WHERE (r.state = 'rewarded') <> (t.id IS NOT NULL) OR t.amount_minor <> r.reward_minor) AS wrong_rewards, \
         (SELECT count(*) FROM referrals WHERE referrer_id = referred_id) AS self_referrals, \
         (SELECT count(*) FROM (SELECT 1 FROM referrals WHERE referred_id IS NOT NULL \
            GROUP BY campaign_id, referred_id HAVING count(*) > 1)) AS twice_referred, \
         (SELECT count(*) FROM referrals r LEFT JOIN histories h ON h.referral_id = r.id \
            WHERE h.was_created IS NOT 1 OR h.was_claimed IS NOT (r.referred_id IS NOT NULL) \
               OR h.was_qualified IS NOT (r.order_ref IS NOT NULL) \
               OR h.changes IS NOT 1 + (r.referred_id IS NOT NULL) + (r.order_ref IS NOT NULL) \
                    + (r.state IN ('rewarded', 'rejected', 'expired')) \
               OR NOT EXISTS (SELECT 1 FROM referral_changes c WHERE c.referral_id = r.id AND c.state = r.state)) \
            AS wrong_histories, \
         (SELECT count(*) FROM transfers) AS transfers, \
         (SELECT count(*) FROM referrals) AS referrals",
    );
    Ok(audit.fetch_one(conn).await?)
}
