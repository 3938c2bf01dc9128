//! One breaker for each key.
