//! The ready stack of a server, with one quota for all requests or one for each key.

use http::Request;
use ovasabi_resilience::stack::{LoadShedConfig, ServerConfig, Stack};
use tower::BoxError;

use super::client::{quota, slots};
use super::keyed::key;
use super::{Stand, limit, number};
use crate::dice::Dice;
use crate::upstream::Mood;

impl Stand {
    pub(super) fn server(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let is_adaptive = dice.one_in(2);
        if dice.one_in(2) {
            self.server_by_key(is_adaptive, dice)?;
        } else {
            self.server_for_all(is_adaptive, dice)?;
        }
        if dice.one_in(2) {
            self.load_shed(dice)?;
        }
        Ok(())
    }

    fn server_for_all(&mut self, is_adaptive: bool, dice: &Dice) -> Result<(), BoxError> {
        let mood = self.mood;
        let numbers = move |dice: &Dice| {
            let mut config = numbers(is_adaptive, mood, dice);
            config.rate_limit = Some(quota(dice));
            config.load_shed = Some(LoadShedConfig::in_flight(dice.between(1, 20)));
            config
        };
        let stack = Stack::http_server("soak")
            .clock(self.clock.clone())
            .config(numbers(dice))
            .build()?;
        if dice.one_in(2) {
            self.wrap(&stack.layer().as_error());
        } else {
            self.wrap(&stack.layer().as_error().until_head());
        }
        self.lender(stack.clone());
        self.knob(move |dice| Ok(stack.reload(&numbers(dice))?));
        Ok(())
    }

    fn server_by_key(&mut self, is_adaptive: bool, dice: &Dice) -> Result<(), BoxError> {
        let limiter = self.quota_of_each_key(dice)?;
        let stack = Stack::http_server("soak")
            .clock(self.clock.clone())
            .config(numbers(is_adaptive, self.mood, dice))
            .rate_limit_by(limiter, |request: &Request<()>| key(request))
            .build()?;
        if dice.one_in(2) {
            self.wrap(&stack.layer().as_error());
        } else {
            self.wrap(&stack.layer().as_error().until_head());
        }
        if let (false, Some(slots)) = (is_adaptive, stack.concurrency().cloned()) {
            self.knob(move |dice| Ok(slots.set_limit(number(dice, 20))?));
        }
        self.lender(stack);
        Ok(())
    }
}

fn numbers(is_adaptive: bool, mood: Mood, dice: &Dice) -> ServerConfig {
    let mut config = ServerConfig::default();
    config.deadline = Some(limit(mood, dice, 100));
    config.concurrency = Some(slots(is_adaptive, dice));
    config
}
