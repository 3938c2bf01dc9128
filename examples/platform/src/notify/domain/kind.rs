//! What a person can be told.

/// The kind of a notification: its name in the list, and that of its live event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::notify) enum Kind {
    ReferralClaimed,
    ReferralRewarded,
    ReferralRejected,
    ReferralExpired,
    WalletCredited,
}

impl Kind {
    pub(in crate::notify) const fn name(self) -> &'static str {
        match self {
            Self::ReferralClaimed => "referral.claimed",
            Self::ReferralRewarded => "referral.rewarded",
            Self::ReferralRejected => "referral.rejected",
            Self::ReferralExpired => "referral.expired",
            Self::WalletCredited => "wallet.credited",
        }
    }
}
