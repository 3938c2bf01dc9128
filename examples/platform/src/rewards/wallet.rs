//! What the ledger keeps, as rows and as JSON.

use ovasabi_auth::policy::Owned;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

/// A wallet. Amounts are in minor units: cents.
#[derive(Clone, Debug, Serialize, FromRow)]
pub(super) struct Wallet {
    pub(super) id: String,
    #[serde(skip)]
    pub(super) owner_id: Option<String>,
    pub(super) balance_minor: i64,
}

/// One side of a transfer.
#[derive(Clone, Debug, Serialize, FromRow)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) transfer_id: String,
    pub(super) amount_minor: i64,
    pub(super) memo: String,
    pub(super) created_ms: i64,
}

/// A transfer that was made, and what it left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Transferred {
    pub(super) transfer_id: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) amount_minor: i64,
    pub(super) balance_minor: i64,
}

impl Wallet {
    /// Shut until its owner comes. The system's wallet has none, and opens for nobody.
    pub(super) fn owned(self) -> Owned<Self> {
        Owned::new(self.owner_id.clone().unwrap_or_default(), self)
    }
}
