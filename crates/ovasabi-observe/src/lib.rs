//! ovasabi-observe
