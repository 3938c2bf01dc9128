//! ovasabi-resilience
