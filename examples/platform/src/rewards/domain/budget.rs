//! What a campaign may spend: a budget, and the part of it that is promised or paid.

use ovasabi_core::{Code, Error, Result};

use super::referral::conflict;

/// Minor units of money. What is committed is set aside for qualified referrals, or paid to rewarded ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rewards) struct Budget {
    pub(in crate::rewards) budget_minor: i64,
    pub(in crate::rewards) committed_minor: i64,
}

/// How the wallet of a campaign follows its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rewards) enum Funding {
    /// Nothing moves.
    None,
    /// From the system to the campaign.
    Adds(i64),
    /// From the campaign back to the system.
    Returns(i64),
}

impl Budget {
    /// Sets a reward aside.
    pub(in crate::rewards) fn reserve(self, reward: i64) -> Result<Self> {
        let committed_minor = self.committed_minor.checked_add(reward);
        let committed_minor = committed_minor.filter(|committed| *committed <= self.budget_minor);
        let committed_minor = committed_minor.ok_or_else(|| {
            conflict(
                "campaign.budget_exhausted",
                "the budget of the campaign is used up",
            )
        })?;
        Ok(Self {
            committed_minor,
            ..self
        })
    }

    /// Gives back what was set aside.
    pub(in crate::rewards) fn release(self, reward: i64) -> Self {
        Self {
            committed_minor: self.committed_minor.saturating_sub(reward),
            ..self
        }
    }

    /// Another budget, never below what is committed; and how the money follows it.
    pub(in crate::rewards) fn resize(self, budget_minor: i64) -> Result<(Self, Funding)> {
        if budget_minor < self.committed_minor {
            let least = self.committed_minor;
            let detail = format!("`{budget_minor}` is not allowed, {least} is promised or paid");
            return Err(
                Error::new(Code::FailedPrecondition, "campaign.budget_committed")
                    .violation("budget_minor", "range", detail)
                    .with_http_status(http::StatusCode::CONFLICT),
            );
        }
        let funding = match budget_minor - self.budget_minor {
            0 => Funding::None,
            more if more > 0 => Funding::Adds(more),
            less => Funding::Returns(-less),
        };
        let resized = Self {
            budget_minor,
            ..self
        };
        Ok((resized, funding))
    }
}

#[cfg(test)]
mod tests {
    use ovasabi_core::backoff::Random;

    use super::*;

    /// The slow model: what was promised, one by one, and where each coin lies.
    struct Model {
        budget: i64,
        promised: Vec<i64>,
        wallet: i64,
    }

    #[test]
    fn a_budget_is_what_a_list_of_promises_says() {
        let random = Random::new();
        let below = |end: u64| i64::try_from(random.next_u64() % end).unwrap();
        for _ in 0..200 {
            let start = below(500);
            let mut budget = Budget {
                budget_minor: start,
                committed_minor: 0,
            };
            let mut model = Model {
                budget: start,
                promised: Vec::new(),
                wallet: start,
            };
            for _ in 0..50 {
                let amount = 1 + below(100);
                match below(3) {
                    0 => {
                        let fits = model.promised.iter().sum::<i64>() + amount <= model.budget;
                        let reserved = budget.reserve(amount);
                        assert_eq!(reserved.is_ok(), fits);
                        if let Ok(reserved) = reserved {
                            budget = reserved;
                            model.promised.push(amount);
                        }
                    }
                    1 => {
                        if let Some(amount) = model.promised.pop() {
                            budget = budget.release(amount);
                        }
                    }
                    _ => {
                        let size = below(600);
                        let resized = budget.resize(size);
                        let fits = model.promised.iter().sum::<i64>() <= size;
                        assert_eq!(resized.is_ok(), fits);
                        if let Ok((resized, funding)) = resized {
                            budget = resized;
                            model.budget = size;
                            model.wallet += match funding {
                                Funding::None => 0,
                                Funding::Adds(more) => more,
                                Funding::Returns(less) => -less,
                            };
                        }
                    }
                }
                assert_eq!(budget.committed_minor, model.promised.iter().sum::<i64>());
                assert_eq!(budget.budget_minor, model.wallet);
            }
        }
    }

    #[test]
    fn a_reward_beyond_all_numbers_is_refused() {
        let budget = Budget {
            budget_minor: i64::MAX,
            committed_minor: 1,
        };
        let error = budget.reserve(i64::MAX).unwrap_err();
        assert_eq!(error.reason(), "campaign.budget_exhausted");
        assert_eq!(error.http_status(), 409);
    }
}
