//! The referral and the states it goes through.

use ovasabi_core::{Code, Error, Result};
use serde::Serialize;
use sqlx::FromRow;

use super::Campaign;

/// Where a referral stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
#[schema(as = ReferralState)]
pub(in crate::rewards) enum State {
    /// It has a code that nobody has used.
    Created,
    /// Somebody has come by it.
    Claimed,
    /// Who came has done what the campaign asks; the reward is set aside.
    Qualified,
    /// The reward is paid.
    Rewarded,
    /// A moderator has refused it.
    Rejected,
    /// It was not used in time.
    Expired,
}

/// What can happen to a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rewards) enum Step {
    Claim,
    Qualify,
    Reward,
    Reject,
    Expire,
}

/// Somebody's invitation to a campaign, as the table has it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(in crate::rewards) struct Referral {
    pub(in crate::rewards) id: String,
    pub(in crate::rewards) code: String,
    pub(in crate::rewards) campaign_id: String,
    /// The slug of its campaign.
    pub(in crate::rewards) campaign: String,
    /// Who owns the campaign.
    pub(in crate::rewards) partner_id: String,
    pub(in crate::rewards) referrer_id: String,
    pub(in crate::rewards) referred_id: Option<String>,
    pub(in crate::rewards) state: State,
    /// What was promised when it was created.
    pub(in crate::rewards) reward_minor: i64,
    /// What the partner knows it by, once it has qualified.
    pub(in crate::rewards) order_ref: Option<String>,
    pub(in crate::rewards) created_ms: i64,
    pub(in crate::rewards) changed_ms: i64,
}

impl State {
    #[cfg(test)]
    pub(in crate::rewards) const ALL: [Self; 6] = [
        Self::Created,
        Self::Claimed,
        Self::Qualified,
        Self::Rewarded,
        Self::Rejected,
        Self::Expired,
    ];

    /// The state after `step`; `None` where the step is not open. The table refuses the same ones.
    pub(in crate::rewards) fn after(self, step: Step) -> Option<Self> {
        match (self, step) {
            (Self::Created, Step::Claim) => Some(Self::Claimed),
            (Self::Claimed, Step::Qualify) => Some(Self::Qualified),
            (Self::Qualified, Step::Reward) => Some(Self::Rewarded),
            (Self::Created | Self::Claimed | Self::Qualified, Step::Reject) => Some(Self::Rejected),
            (Self::Created | Self::Claimed, Step::Expire) => Some(Self::Expired),
            _ => None,
        }
    }

    pub(in crate::rewards) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Claimed => "claimed",
            Self::Qualified => "qualified",
            Self::Rewarded => "rewarded",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

impl Referral {
    /// A new one of this campaign, which promises what the campaign pays now. It has no code yet.
    pub(in crate::rewards) fn new(
        id: String,
        referrer: &str,
        campaign: Campaign,
        now_ms: i64,
    ) -> Self {
        Self {
            id,
            code: String::new(),
            campaign_id: campaign.id,
            campaign: campaign.slug,
            partner_id: campaign.partner_id,
            referrer_id: referrer.to_owned(),
            referred_id: None,
            state: State::Created,
            reward_minor: campaign.reward_minor,
            order_ref: None,
            created_ms: now_ms,
            changed_ms: now_ms,
        }
    }

    /// The state after `step`.
    pub(in crate::rewards) fn after(&self, step: Step) -> Result<State> {
        self.state.after(step).ok_or_else(|| {
            conflict("referral.state", "the referral is not in a state for this")
                .metadata("state", self.state.name())
        })
    }

    /// Nobody refers themselves.
    pub(in crate::rewards) fn not_self(&self, caller: &str) -> Result<()> {
        if self.referrer_id == caller {
            return Err(conflict("referral.self", "nobody refers themselves"));
        }
        Ok(())
    }

    /// Whether its reward is set aside, and not paid.
    pub(in crate::rewards) fn is_reserved(&self) -> bool {
        self.state == State::Qualified
    }
}

/// What the state of a thing forbids: 409, and the same request will not do later.
pub(in crate::rewards) fn conflict(reason: &'static str, detail: &'static str) -> Error {
    Error::new(Code::FailedPrecondition, reason)
        .detail(detail)
        .with_http_status(http::StatusCode::CONFLICT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [(Step, &str); 5] = [
        (Step::Claim, "claim"),
        (Step::Qualify, "qualify"),
        (Step::Reward, "reward"),
        (Step::Reject, "reject"),
        (Step::Expire, "expire"),
    ];

    /// Every life that a referral can have, written out: the slow model.
    const LIVES: [&str; 7] = [
        "claim qualify reward",
        "claim qualify reject",
        "claim reject",
        "claim expire",
        "reject",
        "expire",
        "",
    ];

    /// The model: a history is possible when it is the beginning of a life.
    fn is_possible(history: &[&str]) -> bool {
        let begins = |life: &&str| {
            let life: Vec<_> = life.split_whitespace().collect();
            life.starts_with(history)
        };
        LIVES.iter().any(begins)
    }

    #[test]
    fn every_history_of_up_to_five_steps_is_what_the_model_says() {
        let mut histories: Vec<(Option<State>, Vec<&str>)> = vec![(Some(State::Created), vec![])];
        let mut possible = 0;
        while let Some((state, history)) = histories.pop() {
            assert_eq!(state.is_some(), is_possible(&history), "{history:?}");
            possible += usize::from(state.is_some());
            if history.len() == 5 {
                continue;
            }
            for (step, name) in STEPS {
                let mut longer = history.clone();
                longer.push(name);
                histories.push((state.and_then(|state| state.after(step)), longer));
            }
        }
        // The empty one, three of one step, three of two, two of three.
        assert_eq!(possible, 9);
    }

    #[test]
    fn the_names_are_those_of_the_json() {
        for state in State::ALL {
            let json = serde_json::to_string(&state).unwrap();
            assert_eq!(json, format!("\"{}\"", state.name()));
        }
    }
}
