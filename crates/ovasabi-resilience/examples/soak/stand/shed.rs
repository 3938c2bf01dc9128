//! Those that refuse early: a server's load shedder, and a client's throttle.

use ovasabi_core::classify::Priority;
use ovasabi_resilience::shed::load::LoadShedBuilder;
use ovasabi_resilience::shed::throttle::ThrottleBuilder;
use ovasabi_resilience::shed::{LoadShed, Throttle};
use tower::BoxError;

use super::Stand;
use crate::dice::Dice;

impl Stand {
    pub(super) fn load_shed(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let mut builder = limits(dice).clock(self.clock.clone());
        if dice.one_in(2) {
            let dice = dice.clone();
            builder = builder.probe(move || if dice.one_in(3) { 0.95 } else { 0.5 });
        }
        let shed = builder.build()?;
        if dice.one_in(4) {
            // It must end by itself, when the round has dropped all else.
            drop(tokio::spawn(shed.clone().watch_runtime(dice.millis(1, 20))));
        }
        let luck = dice.clone();
        let layer = shed.layer().priority(move |_: &http::Request<()>| {
            if luck.one_in(4) {
                Priority::Critical
            } else {
                Priority::Normal
            }
        });
        if dice.one_in(2) {
            self.wrap(&layer.until_body_end());
        } else {
            self.wrap(&layer);
        }
        self.lender(shed.clone());
        self.knob(move |dice| {
            match dice.roll(4) {
                0 => shed.disable(),
                1 => shed.enable(),
                2 => shed.observe_queue_delay(dice.millis(0, 30)),
                _ => shed.reconfigure(limits(dice))?,
            }
            Ok(())
        });
        Ok(())
    }

    pub(super) fn throttle(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let throttle = rates(dice).clock(self.clock.clone()).build()?;
        if dice.one_in(2) {
            self.wrap(&throttle.layer().until_body_end());
        } else {
            self.wrap(&throttle.layer());
        }
        self.lender(throttle.clone());
        self.knob(move |dice| {
            match dice.roll(3) {
                0 => throttle.disable(),
                1 => throttle.enable(),
                _ => throttle.reconfigure(rates(dice))?,
            }
            Ok(())
        });
        Ok(())
    }
}

fn limits(dice: &Dice) -> LoadShedBuilder {
    LoadShed::builder("soak")
        .in_flight_limit(dice.one_in(4).then(|| dice.between(1, 60)))
        .queue_delay_interval(dice.millis(1, 20))
}

fn rates(dice: &Dice) -> ThrottleBuilder {
    let builder = Throttle::builder("soak")
        .window(dice.millis(1_000, 3_000))
        .minimum_requests(dice.between(1, 50))
        .max_rejection_rate(0.9);
    if dice.one_in(2) {
        builder.accept_failures()
    } else {
        builder.accept_throttled()
    }
}
