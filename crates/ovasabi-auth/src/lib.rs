//! ovasabi-auth
