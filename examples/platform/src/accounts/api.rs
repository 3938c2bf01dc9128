//! The routes of the accounts service.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use garde::Validate;
use ovasabi_auth::protect::password::Verdict;
use ovasabi_auth::protect::{Password, PasswordHasher};
use ovasabi_auth::token::{AccessTokenSigner, AccessTokenVerifier, Grant};
use ovasabi_auth::{AuthLayer, Principal};
use ovasabi_core::{Code, Context, Error, Result};
use serde::{Deserialize, Serialize};

use super::users::{User, Users};
use crate::http_api::{Json, ValidJson};

/// What the routes work with. Clones share it.
#[derive(Clone)]
pub(crate) struct Accounts(Arc<Parts>);

struct Parts {
    users: Users,
    hasher: PasswordHasher,
    signer: AccessTokenSigner,
}

impl Accounts {
    pub(crate) fn new(users: Users, hasher: PasswordHasher, signer: AccessTokenSigner) -> Self {
        Self(Arc::new(Parts {
            users,
            hasher,
            signer,
        }))
    }
}

/// All routes; those that need a token stand behind the layer that verifies it.
pub(crate) fn router(accounts: Accounts, verifier: AccessTokenVerifier) -> Router {
    let known = Router::new()
        .route("/v1/me", get(me))
        .layer(AuthLayer::required(verifier));
    Router::new()
        .route("/v1/auth/register", post(register))
        .route("/v1/auth/login", post(login))
        .merge(known)
        .with_state(accounts)
}

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Registration {
    #[garde(email, length(max = 254))]
    email: String,
    #[garde(length(chars, min = 1, max = 80))]
    display_name: String,
    #[garde(length(chars, min = 12, max = 128))]
    password: String,
}

async fn register(
    State(accounts): State<Accounts>,
    cx: Context,
    ValidJson(asked): ValidJson<Registration>,
) -> Result<(StatusCode, Json<User>)> {
    let Parts { users, hasher, .. } = &*accounts.0;
    let hash = hasher.hash(&cx, &Password::new(asked.password)).await?;
    let email = asked.email.to_lowercase();
    let user = users.add(&cx, &email, &asked.display_name, &hash).await?;
    Ok((StatusCode::CREATED, Json(user)))
}

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Login {
    #[garde(length(min = 1, max = 254))]
    email: String,
    #[garde(length(min = 1, max = 1024))]
    password: String,
}

#[derive(Serialize)]
struct LoggedIn {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

async fn login(
    State(accounts): State<Accounts>,
    cx: Context,
    ValidJson(asked): ValidJson<Login>,
) -> Result<Json<LoggedIn>> {
    let Parts {
        users,
        hasher,
        signer,
    } = &*accounts.0;
    let known = users.credentials(&cx, &asked.email.to_lowercase()).await?;
    let hash = known.as_ref().map(|known| known.password_hash.as_str());
    // An address that nobody has costs the same: the answer must not tell which of the two was wrong.
    let verdict = hasher
        .verify(&cx, &Password::new(asked.password), hash)
        .await?;
    let Some(user) = known.filter(|_| matches!(verdict, Verdict::Correct { .. })) else {
        return Err(Error::new(Code::Unauthenticated, "accounts.bad_login")
            .detail("address or password is wrong"));
    };
    let token = signer
        .sign(&Grant::new(user.id).role("member"))
        .map_err(Error::internal)?;
    let expires_in = token.expires_in().as_secs();
    Ok(Json(LoggedIn {
        access_token: token.into_string(),
        token_type: "Bearer",
        expires_in,
    }))
}

#[derive(Serialize)]
struct Me {
    #[serde(flatten)]
    user: User,
    roles: Vec<String>,
}

async fn me(State(accounts): State<Accounts>, cx: Context, caller: Principal) -> Result<Json<Me>> {
    let user = accounts.0.users.by_id(&cx, caller.id()).await?;
    let user = user.ok_or_else(|| Error::new(Code::NotFound, "accounts.user_gone"))?;
    Ok(Json(Me {
        user,
        roles: caller.roles().map(str::to_owned).collect(),
    }))
}
