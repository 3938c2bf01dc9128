//! Who sees what of a referral.

use ovasabi_auth::Principal;

use super::Referral;

/// How much of a referral somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rewards) enum Viewer {
    /// The code, the campaign and the state.
    Stranger,
    /// The people too.
    Trusted,
}

impl Viewer {
    /// Whoever is in it, whoever owns the campaign, and those who look after all of them.
    pub(in crate::rewards) fn of(referral: &Referral, caller: Option<&Principal>) -> Self {
        let Some(caller) = caller else {
            return Self::Stranger;
        };
        let id = caller.id();
        let is_in_it = referral.referrer_id == id
            || referral.referred_id.as_deref() == Some(id)
            || referral.partner_id == id;
        if is_in_it || caller.has_role("moderator") || caller.has_role("admin") {
            Self::Trusted
        } else {
            Self::Stranger
        }
    }
}

/// The first letter of a name: what the whole world may read of somebody on a leaderboard.
pub(in crate::rewards) fn initial(name: &str) -> String {
    let first = name.chars().find(|letter| letter.is_alphanumeric());
    first.map_or_else(|| "…".to_owned(), |first| format!("{first}…"))
}

#[cfg(test)]
mod tests {
    use ovasabi_core::context::{Subject, SubjectKind};

    use super::super::State;
    use super::*;

    fn caller(id: &str) -> Principal {
        Principal::new(Subject::new(SubjectKind::User, id))
    }

    #[test]
    fn people_are_seen_by_those_who_are_in_it_and_those_who_look_after_it() {
        let referral = Referral {
            id: "r".to_owned(),
            code: "ABCDEFGHJK".to_owned(),
            campaign_id: "c".to_owned(),
            campaign: "spring".to_owned(),
            partner_id: "partner".to_owned(),
            referrer_id: "ann".to_owned(),
            referred_id: Some("bob".to_owned()),
            state: State::Claimed,
            reward_minor: 5,
            order_ref: None,
            created_ms: 0,
            changed_ms: 0,
        };
        let unclaimed = Referral {
            referred_id: None,
            ..referral.clone()
        };
        for (caller, viewer) in [
            (None, Viewer::Stranger),
            (Some(caller("eve")), Viewer::Stranger),
            (Some(caller("eve").with_role("partner")), Viewer::Stranger),
            (Some(caller("ann")), Viewer::Trusted),
            (Some(caller("bob")), Viewer::Trusted),
            (Some(caller("partner")), Viewer::Trusted),
            (Some(caller("mo").with_role("moderator")), Viewer::Trusted),
            (Some(caller("root").with_role("admin")), Viewer::Trusted),
        ] {
            assert_eq!(Viewer::of(&referral, caller.as_ref()), viewer, "{caller:?}");
        }
        assert_eq!(
            Viewer::of(&unclaimed, Some(&caller("bob"))),
            Viewer::Stranger
        );
    }

    #[test]
    fn a_name_is_its_first_letter() {
        assert_eq!(initial("Ada Lovelace"), "A…");
        assert_eq!(initial("  émile"), "é…");
        assert_eq!(initial(""), "…");
    }
}
