//! Driving a function.

use std::fmt;
use std::time::Duration;

use ovasabi_core::time::Clock;

use crate::Measured;

/// A function that is called over and over.
pub struct Repeated<F> {
    function: F,
    clock: Clock,
}

impl<F: FnMut()> Repeated<F> {
    /// Calls `function`.
    pub fn new(function: F) -> Self {
        Self {
            function,
            clock: Clock::system(),
        }
    }
}

impl<F: FnMut()> Measured for Repeated<F> {
    fn run(&mut self, times: u64) -> Duration {
        let began = self.clock.now();
        for _ in 0..times {
            (self.function)();
        }
        self.clock.now().saturating_since(began)
    }
}

impl<F> fmt::Debug for Repeated<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Repeated")
    }
}
