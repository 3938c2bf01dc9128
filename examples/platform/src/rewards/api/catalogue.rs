//! What the world may read: campaigns and leaderboards.

use aws_lc_rs::digest;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderName, HeaderValue, header};
use ovasabi_core::repository::Page;
use ovasabi_core::{Code, Context, Error, Result};
use serde::Serialize;

use super::view::CampaignView;
use crate::http_api::{ETag, IfNoneMatch, Json, Listed, PageQuery, ValidPath, ValidQuery};
use crate::rewards::Rewards;
use crate::rewards::kept::Found;
use crate::rewards::repository::campaigns;
use crate::rewards::repository::leaderboard::{self, Leaderboard};

/// RFC 7234 §5.5.1: obsolete, and still the one way to say it in words.
const STALE: &str = "110 - \"Response is Stale\"";

const LIST: &str = "campaigns, newest first";

/// All campaigns, newest first.
#[utoipa::path(get, path = "/v1/campaigns", tag = "campaigns", operation_id = "list_campaigns", params(PageQuery), responses(
    (status = 200, body = Listed<CampaignView>, headers(("etag" = String))),
    (status = 304, description = "It is what you have."),
))]
pub(super) async fn list(
    State(rewards): State<Rewards>,
    cx: Context,
    known: IfNoneMatch,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Response> {
    let request = page.request()?;
    let before: Option<String> = request.cursor().map(|at| at.key(LIST)).transpose()?;
    let mut conn = rewards.db().read(&cx).await?;
    let found = campaigns::page(conn.connection(), before.as_deref(), request.rows()).await?;
    let page = Page::cut(found, &request, LIST, |last| last.id.clone())?;
    let listed = Listed::from(page.map(|campaign| CampaignView::from(&campaign)));
    Ok(known.answer(tag(&listed)?, || Json(listed).into_response()))
}

/// One campaign. While the database does not answer, the last that was known of it, with its age.
#[utoipa::path(get, path = "/v1/campaigns/{slug}", tag = "campaigns", operation_id = "get_campaign", params(("slug" = String, Path)), responses(
    (status = 200, body = CampaignView, headers(("etag" = String))),
    (status = 304, description = "It is what you have."),
))]
pub(super) async fn campaign(
    State(rewards): State<Rewards>,
    cx: Context,
    known: IfNoneMatch,
    ValidPath(slug): ValidPath<String>,
) -> Result<Response> {
    let (db, key) = (rewards.db().clone(), slug.clone());
    let load = async move |cx: Context| {
        let mut conn = db.read(&cx).await?;
        campaigns::by_slug(conn.connection(), &key).await
    };
    let found = rewards.0.campaigns.get(&cx, &slug, load).await?;
    let found = found.ok_or_else(not_found)?;
    let tag = ETag::version(found.value.version);
    let view = CampaignView::from(&*found.value);
    Ok(dated(
        &found,
        known.answer(tag, || Json(view).into_response()),
    ))
}

/// Who has won the most friends for a campaign, as it was built last.
#[utoipa::path(get, path = "/v1/campaigns/{slug}/leaderboard", tag = "campaigns", operation_id = "get_leaderboard", params(("slug" = String, Path)), responses(
    (status = 200, body = Leaderboard, headers(("etag" = String))),
    (status = 304, description = "It is what you have."),
))]
pub(super) async fn leaderboard(
    State(rewards): State<Rewards>,
    cx: Context,
    known: IfNoneMatch,
    ValidPath(slug): ValidPath<String>,
) -> Result<Response> {
    let (db, key) = (rewards.db().clone(), slug.clone());
    let load = async move |cx: Context| {
        let mut conn = db.read(&cx).await?;
        leaderboard::of_campaign(conn.connection(), &key).await
    };
    let found = rewards.0.leaderboards.get(&cx, &slug, load).await?;
    let found = found.ok_or_else(not_found)?;
    let board = &*found.value;
    let tag = tag(board)?;
    Ok(dated(
        &found,
        known.answer(tag, || Json(board).into_response()),
    ))
}

pub(super) fn not_found() -> Error {
    Error::new(Code::NotFound, "campaign.not_found")
}

/// Says of an answer how old it is, when it is not known whether it still holds.
fn dated<V>(found: &Found<V>, mut response: Response) -> Response {
    if let Some(age) = found.stale_for {
        let headers = response.headers_mut();
        headers.insert(header::AGE, HeaderValue::from(age.as_secs()));
        headers.insert(
            HeaderName::from_static("warning"),
            HeaderValue::from_static(STALE),
        );
    }
    response
}

/// The tag of what has no version of its own: other bytes are another tag.
fn tag(value: &impl Serialize) -> Result<ETag> {
    let json = serde_json::to_vec(value).map_err(Error::internal)?;
    let hash = digest::digest(&digest::SHA256, &json);
    Ok(ETag::of(&URL_SAFE_NO_PAD.encode(hash)))
}
