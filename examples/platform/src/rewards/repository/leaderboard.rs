//! Who has won the most friends.

use ovasabi_core::Result;
use serde::Serialize;
use sqlx::{FromRow, SqliteConnection};

use super::Tx;
use crate::rewards::domain::initial;

/// One place of a leaderboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
#[schema(as = LeaderboardPlace)]
pub(in crate::rewards) struct Place {
    pub(in crate::rewards) rank: i64,
    /// The first letter: the whole world may read it.
    pub(in crate::rewards) name: String,
    /// How many friends have brought a reward.
    pub(in crate::rewards) rewarded: i64,
}

/// A leaderboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(in crate::rewards) struct Leaderboard {
    pub(in crate::rewards) items: Vec<Place>,
}

/// The leaderboard of the campaign of this slug; `None` when there is no such campaign.
pub(in crate::rewards) async fn of_campaign(
    conn: &mut SqliteConnection,
    slug: &str,
) -> Result<Option<Leaderboard>> {
    let id: Option<String> = sqlx::query_scalar("SELECT id FROM campaigns WHERE slug = ?")
        .bind(slug)
        .fetch_optional(&mut *conn)
        .await?;
    let Some(id) = id else { return Ok(None) };
    let places: Vec<Place> = sqlx::query_as(
        "SELECT l.rank, coalesce(w.display_name, '') AS name, l.rewarded \
         FROM leaderboard l LEFT JOIN wallets w ON w.owner_id = l.referrer_id \
         WHERE l.campaign_id = ? ORDER BY l.rank",
    )
    .bind(id)
    .fetch_all(conn)
    .await?;
    let mask = |place: Place| Place {
        name: initial(&place.name),
        ..place
    };
    let items = places.into_iter().map(mask).collect();
    Ok(Some(Leaderboard { items }))
}

impl Tx<'_> {
    /// Builds all of them anew, of `places` each.
    pub(in crate::rewards) async fn rebuild_leaderboards(&mut self, places: u32) -> Result<()> {
        sqlx::query("DELETE FROM leaderboard")
            .execute(self.conn())
            .await?;
        // Of two who have won as many, the one who was there first.
        sqlx::query(
            "INSERT INTO leaderboard (campaign_id, rank, referrer_id, rewarded) \
             SELECT campaign_id, rank, referrer_id, rewarded FROM ( \
                SELECT campaign_id, referrer_id, count(*) AS rewarded, row_number() OVER ( \
                    PARTITION BY campaign_id ORDER BY count(*) DESC, max(changed_ms), referrer_id) AS rank \
                FROM referrals WHERE state = 'rewarded' GROUP BY campaign_id, referrer_id) \
             WHERE rank <= ?",
        )
        .bind(places)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
