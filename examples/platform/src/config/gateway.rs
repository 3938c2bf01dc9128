//! The routes of the gateway: what the world may reach, and on which terms.

use serde::{Deserialize, Serialize};

/// What the gateway knows.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct GatewayConfig {
    /// All that is reachable; what is not listed does not exist outside.
    pub(crate) routes: Vec<Route>,
}

/// One path and its policies.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Route {
    /// A path with parameters, such as `/v1/wallets/{id}`.
    pub(crate) path: String,
    /// Which service answers.
    pub(crate) to: Target,
    /// What becomes of the caller's token. A name that ends in `token` would be shown as a secret.
    #[serde(default)]
    pub(crate) caller: TokenRule,
    /// Which limit counts.
    #[serde(default)]
    pub(crate) limit: Limit,
    /// Whether answers may take as long as they like: no deadline, and no slot of the others.
    #[serde(default)]
    pub(crate) stream: bool,
}

/// A service behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Target {
    Accounts,
    Rewards,
    Notify,
}

/// What the gateway does about tokens; the service does it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenRule {
    /// Nobody passes without a valid one.
    #[default]
    Required,
    /// A bad one is refused, none is let through.
    Optional,
    /// Not looked at: the service knows another credential.
    Ignored,
}

/// The limit that a route counts for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Limit {
    /// `limits.auth_per_minute`: guessing must be slow.
    Auth,
    /// `limits.api_per_second`.
    #[default]
    Api,
}

impl Target {
    pub(crate) const ALL: [Self; 3] = [Self::Accounts, Self::Rewards, Self::Notify];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Rewards => "rewards",
            Self::Notify => "notify",
        }
    }
}

impl Default for GatewayConfig {
    fn default() -> Self {
        use Target::{Accounts, Notify, Rewards};
        use TokenRule::{Ignored, Optional, Required};
        let table = [
            ("/.well-known/jwks.json", Accounts, Ignored),
            ("/v1/me", Accounts, Required),
            ("/v1/api-keys", Accounts, Required),
            ("/v1/api-keys/{id}", Accounts, Required),
            ("/v1/admin/users", Accounts, Required),
            ("/v1/admin/users/{id}/roles", Accounts, Required),
            ("/v1/admin/audit", Accounts, Required),
            ("/v1/admin/signing-keys", Accounts, Required),
            ("/v1/campaigns", Rewards, Optional),
            ("/v1/campaigns/{slug}", Rewards, Optional),
            ("/v1/campaigns/{slug}/pause", Rewards, Required),
            ("/v1/campaigns/{slug}/resume", Rewards, Required),
            ("/v1/campaigns/{slug}/leaderboard", Rewards, Optional),
            ("/v1/referrals", Rewards, Required),
            ("/v1/referrals/{code}", Rewards, Optional),
            ("/v1/referrals/{code}/claim", Rewards, Required),
            ("/v1/referrals/{id}/qualify", Rewards, Ignored),
            ("/v1/referrals/{id}/reject", Rewards, Required),
            ("/v1/me/referrals", Rewards, Required),
            ("/v1/wallet", Rewards, Required),
            ("/v1/wallet/entries", Rewards, Required),
            ("/v1/wallet/transfers", Rewards, Required),
            ("/v1/wallets/{id}", Rewards, Required),
            ("/v1/wallets/{id}/entries", Rewards, Required),
            ("/v1/admin/jobs", Rewards, Required),
            ("/v1/admin/jobs/{id}/retry", Rewards, Required),
            ("/v1/admin/ledger-audit", Rewards, Required),
            ("/v1/admin/rewards-audit", Rewards, Required),
            ("/v1/notifications", Notify, Required),
            ("/v1/notifications/{id}/ack", Notify, Required),
            ("/v1/webhooks", Notify, Required),
            ("/v1/webhooks/{id}", Notify, Required),
            ("/v1/webhooks/{id}/deliveries", Notify, Required),
            ("/v1/admin/notify-jobs", Notify, Required),
            ("/v1/admin/notify-jobs/{id}/retry", Notify, Required),
        ];
        let route = |(path, to, caller): (&str, Target, TokenRule)| Route {
            path: path.to_owned(),
            to,
            caller,
            limit: Limit::Api,
            stream: false,
        };
        let auth = Route {
            limit: Limit::Auth,
            ..route(("/v1/auth/{action}", Accounts, Ignored))
        };
        let events = Route {
            stream: true,
            ..route(("/v1/events", Notify, Required))
        };
        let mut routes: Vec<_> = table.map(route).into();
        routes.extend([auth, events]);
        Self { routes }
    }
}
