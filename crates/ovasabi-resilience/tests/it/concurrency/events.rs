//! What the log says.

use std::time::Duration;

use ovasabi_resilience::concurrency::{ConcurrencyLimiter, Gradient2, TARGET};

use super::n;
use super::simulation::Simulation;
use crate::logged;

#[test]
fn each_change_of_a_limit_is_one_event_with_stable_fields() {
    assert_eq!(TARGET, "ovasabi::concurrency_limiter");
    let lines = logged::lines(TARGET, || {
        let fixed = ConcurrencyLimiter::builder("fixed", n(3)).build().unwrap();
        fixed.set_limit(n(5)).unwrap();
        fixed.set_limit(n(5)).unwrap();
        let builder = ConcurrencyLimiter::builder("ignored", n(7));
        fixed.reconfigure(builder).unwrap();
        let mut simulation = Simulation::new(Gradient2::new().smoothing(1.0));
        simulation.run(Duration::from_millis(600), 20, 10);
    });
    let expected = [
        r#"INFO message=concurrency limit was set name="fixed" from=3 to=5"#,
        r#"INFO message=concurrency limit was set name="fixed" from=5 to=7"#,
        r#"DEBUG message=concurrency limit moved name="test" from=20 to=24 algorithm="gradient2""#,
    ];
    assert_eq!(lines, expected);
}
