//! The API keys of a partner.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use http::{HeaderName, HeaderValue};
use ovasabi_auth::Principal;
use ovasabi_auth::api_key::{ApiKeyRecord, KeyId, NewApiKey};
use ovasabi_auth::policy::{Owned, Ownership};
use ovasabi_core::context::Subject;
use ovasabi_core::{Code, Context, Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::NO_STORE;
use crate::accounts::Accounts;
use crate::contract::{QUALIFY_SCOPE, signing_secret};
use crate::http_api::{Json, ValidJson, ValidPath};
use crate::millis::millis_of;

/// The most keys of one partner that are good at a time: enough for a change, and a list that needs no pages. Two who ask
/// at once may get one more.
const MAX_KEYS: usize = 20;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A key that a partner wants.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApiKeyRequest)]
pub(super) struct Wanted {
    /// What its owner calls it.
    #[garde(length(bytes, min = 1, max = 200), custom(plain))]
    #[schema(min_length = 1, max_length = 200, example = "shop backend")]
    label: String,
    /// What it may do; all that a key can, unless told.
    #[serde(default = "all_scopes")]
    #[garde(length(min = 1, max = 8), inner(custom(known)))]
    #[schema(example = json!(["referrals:qualify"]))]
    scopes: Vec<String>,
    /// In days; every key ends.
    #[serde(default = "a_year")]
    #[garde(range(min = 1, max = 730))]
    #[schema(minimum = 1, maximum = 730, default = 365)]
    expires_in_days: u32,
}

/// A key without its secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(super) struct Key {
    id: String,
    label: String,
    scopes: Vec<String>,
    created_ms: i64,
    expires_ms: Option<i64>,
    revoked_ms: Option<i64>,
    /// Written once a minute at most.
    last_used_ms: Option<i64>,
}

/// A new key. Its secrets are shown here, and never again.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedApiKey)]
pub(super) struct Issued {
    #[serde(flatten)]
    key: Key,
    /// Goes behind `Authorization: Bearer`.
    api_key: String,
    /// Signs the bodies that are sent with the key (Standard Webhooks).
    signing_secret: String,
}

/// All keys of a partner.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKeys)]
pub(super) struct Keys {
    items: Vec<Key>,
}

/// The caller's keys, oldest first, those that have ended too.
#[utoipa::path(
    get,
    path = "/v1/api-keys",
    tag = "accounts",
    operation_id = "list_api_keys",
    responses((status = 200, description = "The keys.", body = Keys))
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    cx: Context,
    caller: Principal,
) -> Result<Json<Keys>> {
    let records = accounts.0.api_keys.list(&cx, &owner(&caller)).await?;
    let items = records.into_iter().map(Key::from).collect();
    Ok(Json(Keys { items }))
}

/// Issues a key for the caller's programs.
#[utoipa::path(
    post,
    path = "/v1/api-keys",
    tag = "accounts",
    operation_id = "issue_api_key",
    request_body = Wanted,
    responses(
        (status = 201, description = "The key, shown once.", body = Issued),
        (status = 409, description = "The caller has as many keys as one may have."),
    )
)]
pub(super) async fn issue(
    State(accounts): State<Accounts>,
    cx: Context,
    caller: Principal,
    ValidJson(wanted): ValidJson<Wanted>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Json<Issued>)> {
    let parts = &*accounts.0;
    let (owner, now) = (owner(&caller), parts.clock.now());
    let keys = parts.api_keys.list(&cx, &owner).await?;
    if keys.iter().filter(|key| key.check(now).is_ok()).count() >= MAX_KEYS {
        return Err(Error::new(Code::FailedPrecondition, "api_key.too_many")
            .detail("there are 20 keys that are good; revoke one")
            .with_http_status(StatusCode::CONFLICT));
    }
    let new = NewApiKey::new(owner)
        .label(wanted.label)
        .expires(now + DAY * wanted.expires_in_days);
    let new = wanted.scopes.into_iter().fold(new, NewApiKey::scope);
    let (issued, record) = parts.api_keys.issue(&cx, new).await?;
    let secret = signing_secret(&parts.settings.services_secret, record.id.as_str());
    let answer = Issued {
        key: record.into(),
        api_key: issued.expose().to_owned(),
        signing_secret: secret,
    };
    Ok((StatusCode::CREATED, [NO_STORE], Json(answer)))
}

/// Revokes one of the caller's keys. A second time changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/api-keys/{id}",
    tag = "accounts",
    operation_id = "revoke_api_key",
    params(("id" = String, Path, description = "The id of the key.")),
    responses((status = 204, description = "It is revoked."))
)]
pub(super) async fn revoke(
    State(accounts): State<Accounts>,
    cx: Context,
    caller: Principal,
    ValidPath(id): ValidPath<String>,
) -> Result<StatusCode> {
    let keys = &accounts.0.api_keys;
    let found = match KeyId::parse(&id) {
        Some(id) => keys.find(&cx, id).await?,
        None => None,
    };
    let found = found.map(|record| Owned::new(record.owner.id().to_owned(), record.id));
    let id = Ownership::hidden("api_key.not_found").open(&caller, found)?;
    keys.revoke(&cx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keys stand for the user, in every tenant and program.
fn owner(caller: &Principal) -> Subject {
    Subject::new(caller.kind(), caller.id())
}

fn all_scopes() -> Vec<String> {
    vec![QUALIFY_SCOPE.to_owned()]
}

fn a_year() -> u32 {
    365
}

fn known(scope: &str, _: &()) -> garde::Result {
    if scope == QUALIFY_SCOPE {
        return Ok(());
    }
    Err(garde::Error::new(format!("expected `{QUALIFY_SCOPE}`")))
}

fn plain(label: &str, _: &()) -> garde::Result {
    if label.chars().any(char::is_control) {
        return Err(garde::Error::new("expected no control characters"));
    }
    Ok(())
}

impl From<ApiKeyRecord> for Key {
    fn from(record: ApiKeyRecord) -> Self {
        Self {
            id: record.id.to_string(),
            label: record.label,
            scopes: record.scopes,
            created_ms: millis_of(record.created_at),
            expires_ms: record.expires_at.map(millis_of),
            revoked_ms: record.revoked_at.map(millis_of),
            last_used_ms: record.last_used_at.map(millis_of),
        }
    }
}
