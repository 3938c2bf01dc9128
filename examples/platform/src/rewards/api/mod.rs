//! What the service is asked, and by whom.

mod admin;
mod campaigns;
mod catalogue;
mod claim;
mod events;
mod keyed;
mod pause;
mod qualify;
mod referrals;
mod view;
mod wallet;

use utoipa_axum::routes;

use super::Rewards;
use crate::contract::{EVENTS_SCOPE, QUALIFY_SCOPE};
use crate::endpoints::{Access, Endpoints, Guards};

/// All routes of the service, and who may call them.
pub(crate) fn endpoints(guards: Guards) -> Endpoints<Rewards> {
    const PARTNER: &str = "campaign.partner_id";
    let admin = Access::roles(&["admin"]);
    let owner_or_admin = Access::roles(&["admin", "partner"]).owner_or(PARTNER, &["admin"]);
    Endpoints::new(guards)
        .add(Access::public(), routes!(catalogue::list))
        .add(Access::public(), routes!(catalogue::campaign))
        .add(Access::public(), routes!(catalogue::leaderboard))
        .add(admin, routes!(campaigns::create))
        .add(admin, routes!(campaigns::change))
        .add(owner_or_admin, routes!(pause::pause))
        .add(owner_or_admin, routes!(pause::resume))
        .add(Access::caller().own(), routes!(referrals::create))
        .add(Access::caller().own(), routes!(referrals::mine))
        .add(Access::anyone(), routes!(referrals::referral))
        .add(Access::caller(), routes!(claim::claim))
        .add(
            Access::api_key(QUALIFY_SCOPE).owner(PARTNER),
            routes!(qualify::qualify),
        )
        .add(
            Access::roles(&["admin", "moderator"]),
            routes!(referrals::reject),
        )
        .add(Access::caller().own(), routes!(wallet::own))
        .add(Access::caller().own(), routes!(wallet::own_entries))
        .add(Access::caller().own(), routes!(wallet::transfer))
        .add(
            Access::caller().owner("wallet.owner_id"),
            routes!(wallet::wallet),
        )
        .add(
            Access::caller().owner("wallet.owner_id"),
            routes!(wallet::entries),
        )
        .add(admin, routes!(admin::jobs))
        .add(admin, routes!(admin::retry))
        .add(admin, routes!(admin::ledger_audit))
        .add(admin, routes!(admin::rewards_audit))
        .add(Access::service(EVENTS_SCOPE), routes!(events::take_in))
}
