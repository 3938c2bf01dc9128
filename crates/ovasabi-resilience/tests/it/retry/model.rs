//! The budget against one that keeps a list of everything.

use std::time::Duration;

use ovasabi_core::classify::Class;
use ovasabi_core::time::Clock;
use ovasabi_resilience::retry::RetryBudget;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Deposit,
    Failure,
    Throttled,
    Advance(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Deposit),
        4 => Just(Step::Failure),
        2 => Just(Step::Throttled),
        1 => (0..2_000_000_000_u64).prop_map(Step::Advance),
    ]
}

/// Whole thousandths, and every retry of the floor with its time.
struct Model {
    saved: u128,
    reserve: u128,
    ratio: u128,
    costs: [u128; 2],
    /// When the floor has given its last retry back, in nanoseconds.
    floor_debts: Vec<u128>,
    floor: u128,
    now: u128,
}

impl Model {
    fn withdraw(&mut self, cost: u128) -> bool {
        if self.saved >= cost {
            self.saved -= cost;
            return true;
        }
        if self.floor == 0 {
            return false;
        }
        // Each retry is paid off one after the other, one interval each; as many as fit into the burst may be owed.
        let interval = 1_000_000_000_u128.div_ceil(self.floor);
        let begins = self.floor_debts.last().copied().unwrap_or(0).max(self.now);
        let ends = begins + interval;
        let fits = ends - self.now <= interval * self.floor;
        if fits {
            self.floor_debts.push(ends);
        }
        fits
    }
}

proptest! {
    #[test]
    fn the_budget_does_what_the_list_does(
        thousandths in 0..3_000_u32,
        reserve in 5..50_u32,
        costs in [1..5_u32, 1..5_u32],
        floor in 0..4_u32,
        steps in prop::collection::vec(step(), 0..300),
    ) {
        let (clock, hand) = Clock::manual();
        let budget = RetryBudget::builder("model")
            .ratio(f64::from(thousandths) / 1_000.0)
            .reserve(reserve)
            .failure_cost(costs[0])
            .throttled_cost(costs[1])
            .floor_per_second(floor)
            .clock(clock)
            .build()
            .unwrap();
        let mut model = Model {
            saved: 0,
            reserve: u128::from(reserve) * 1_000,
            ratio: u128::from(thousandths),
            costs: costs.map(|cost| u128::from(cost) * 1_000),
            floor_debts: Vec::new(),
            floor: u128::from(floor),
            now: 0,
        };
        for step in steps {
            match step {
                Step::Deposit => {
                    budget.deposit();
                    model.saved = (model.saved + model.ratio).min(model.reserve);
                }
                Step::Failure => {
                    prop_assert_eq!(budget.withdraw(Class::Failure), model.withdraw(model.costs[0]));
                }
                Step::Throttled => {
                    prop_assert_eq!(budget.withdraw(Class::Throttled), model.withdraw(model.costs[1]));
                }
                Step::Advance(nanos) => {
                    hand.advance(Duration::from_nanos(nanos));
                    model.now += u128::from(nanos);
                }
            }
            prop_assert_eq!(u128::from(budget.balance()), model.saved / 1_000);
        }
    }
}
