//! Profiles of well-known issuers: how their access tokens differ from RFC 9068.

use super::Profile;
use super::places::{Places, STANDARD};

const NO_ID_TOKEN: &[&str] = STANDARD.never;

impl Profile {
    /// Keycloak: `typ` in the claims is `Bearer`, roles of the realm and of the account. The audience needs a mapper in
    /// the client's scope: without one a token is for nobody, and refused.
    pub fn keycloak() -> Self {
        Self::jwt().at(Places {
            client: &["azp", "client_id"],
            roles: &[&["realm_access", "roles"]],
            must: &[("typ", "Bearer")],
            ..STANDARD
        })
    }

    /// Microsoft Entra ID, version 2.0: delegated permissions are in `scp`, those of applications in `roles`. The
    /// issuer is `https://login.microsoftonline.com/{tenant}/v2.0`: one tenant, never `common`.
    pub fn entra() -> Self {
        Self::jwt().at(Places {
            client: &["azp"],
            scopes: &["scp"],
            must: &[("ver", "2.0")],
            never: NO_ID_TOKEN,
            ..STANDARD
        })
    }

    /// Auth0: permissions of role-based access control count as scopes.
    pub fn auth0() -> Self {
        Self::jwt().at(Places {
            client: &["azp", "client_id"],
            scopes: &["scope", "permissions"],
            ..STANDARD
        })
    }

    /// Okta, with a custom authorization server: scopes are the array `scp`, the client is `cid`, roles are `groups`.
    pub fn okta() -> Self {
        Self::jwt().at(Places {
            client: &["cid"],
            scopes: &["scp"],
            roles: &[&["groups"]],
            ..STANDARD
        })
    }

    /// Amazon Cognito: access tokens have no `aud`; the audience is the id of the client. Roles are its groups.
    pub fn cognito() -> Self {
        Self::jwt().at(Places {
            audience: "client_id",
            roles: &[&["cognito:groups"]],
            must: &[("token_use", "access")],
            ..STANDARD
        })
    }

    /// Google's Identity-Aware Proxy: what it writes into `x-goog-iap-jwt-assertion`. The audience is the path of the
    /// service. It has neither scopes nor roles.
    pub fn google_iap() -> Self {
        Self::jwt().at(Places {
            client: &[],
            scopes: &[],
            roles: &[],
            ..STANDARD
        })
    }

    /// Id tokens of Google, for services that take them as credentials: the audience is the id of the client, which
    /// must be of this service alone. They have neither scopes nor roles.
    pub fn google_id_token() -> Self {
        Self::jwt().at(Places {
            client: &["azp"],
            scopes: &[],
            roles: &[],
            never: &[],
            ..STANDARD
        })
    }
}
