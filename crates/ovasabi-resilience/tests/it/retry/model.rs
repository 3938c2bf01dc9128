//! The budget against one that keeps a list of everything.

use std::time::Duration;

use ovasabi_core::classify::Class;
use ovasabi_core::time::Clock;
use ovasabi_resilience::retry::RetryBudget;
use ovasabi_resilience::testkit::model::{Budget, BudgetRules};
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

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
        let mut rules = BudgetRules::default();
        rules.ratio_thousandths = thousandths;
        rules.reserve = reserve;
        [rules.failure_cost, rules.throttled_cost] = costs;
        rules.floor_per_second = floor;
        let mut model = Budget::new(rules);
        for step in steps {
            match step {
                Step::Deposit => {
                    budget.deposit();
                    model.deposit();
                }
                Step::Failure => {
                    prop_assert_eq!(budget.withdraw(Class::Failure), model.withdraw(Class::Failure));
                }
                Step::Throttled => {
                    prop_assert_eq!(budget.withdraw(Class::Throttled), model.withdraw(Class::Throttled));
                }
                Step::Advance(nanos) => {
                    hand.advance(Duration::from_nanos(nanos));
                    model.pass(Duration::from_nanos(nanos));
                }
            }
            prop_assert_eq!(budget.balance(), model.balance());
        }
    }
}
