//! Protecting what must not be read: passwords.

pub mod password;

pub use password::{Password, PasswordHasher};
