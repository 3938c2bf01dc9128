//! What whole stacks lend: what all their parts do.

use super::{Balance, Outstanding};
use crate::stack::{ByKey, ClientStack, ServerStack};

/// What its throttle, rate limiter, breaker and concurrency limiter have lent, those of one's own included.
impl Balance for ClientStack {
    fn outstanding(&self) -> Vec<Outstanding> {
        let parts = [
            self.throttle().map(|part| part as &dyn Balance),
            self.rate_limiter().map(|part| part as &dyn Balance),
            self.breaker().map(|part| part as &dyn Balance),
            self.concurrency().map(|part| part as &dyn Balance),
        ];
        all(parts)
    }
}

/// What its load shedder, rate limit and concurrency limiter have lent; not what stands in its slots.
impl<G: Balance, E, A, P> Balance for ServerStack<G, E, A, P> {
    fn outstanding(&self) -> Vec<Outstanding> {
        let parts = [
            self.load_shed().map(|part| part as &dyn Balance),
            self.rate_limit().map(|part| part as &dyn Balance),
            self.concurrency().map(|part| part as &dyn Balance),
        ];
        all(parts)
    }
}

/// What its limiter has lent.
impl<K: ?Sized, F> Balance for ByKey<K, F> {
    fn outstanding(&self) -> Vec<Outstanding> {
        self.limiter().outstanding()
    }
}

fn all<'a>(parts: impl IntoIterator<Item = Option<&'a dyn Balance>>) -> Vec<Outstanding> {
    let parts = parts.into_iter().flatten();
    parts.flat_map(Balance::outstanding).collect()
}
