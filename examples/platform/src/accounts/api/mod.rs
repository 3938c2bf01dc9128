//! The routes of the accounts service.

mod address;
mod admin;
mod api_keys;
mod client;
mod introspect;
mod jwks;
mod login;
mod me;
mod register;
mod session;
mod signing_keys;
mod token;

use http::{HeaderName, HeaderValue, header};
use utoipa_axum::routes;

use super::Accounts;
use crate::endpoints::{Access, Endpoints, Guards};

const PARTNER: Access = Access::roles(&["partner"]);
const ADMIN: Access = Access::roles(&["admin"]);

/// All routes.
pub(crate) fn endpoints(guards: Guards) -> Endpoints<Accounts> {
    Endpoints::new(guards)
        .add(Access::public(), routes!(register::register))
        .add(Access::public(), routes!(login::login))
        .add(Access::public(), routes!(session::refresh))
        .add(Access::public(), routes!(session::logout))
        .add(Access::public(), routes!(jwks::jwks))
        .add(Access::caller().own(), routes!(me::me, me::rename))
        .add(PARTNER.own(), routes!(api_keys::list, api_keys::issue))
        .add(PARTNER.owner("api_key.owner"), routes!(api_keys::revoke))
        .add(ADMIN, routes!(admin::find_user))
        .add(ADMIN, routes!(admin::set_roles))
        .add(ADMIN, routes!(admin::audit))
        .add(ADMIN, routes!(signing_keys::list, signing_keys::rotate))
        .add(Access::client(), routes!(token::token))
        .add(Access::client(), routes!(introspect::introspect))
}

/// For answers with a secret in them.
const NO_STORE: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
