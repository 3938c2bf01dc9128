//! Input that breaks rules: refused once, with every field that does.
//!
//! Serde stops at the first fault, so a form with five of them takes five attempts to fill in. Here a JSON
//! body is read to the end, and one answer names all fields that are missing, unknown, of a wrong type, or
//! break one of their [garde](https://docs.rs/garde) rules:
//!
//! * not JSON: 400, with line and column;
//! * faults in fields: 422, one violation for each field, its path written `items[2].name`;
//! * another content type: 415; too large a body: 413.
//!
//! Values are never told back (they may be passwords), nor are names of Rust types.
//!
//! ```
//! use garde::Validate;
//! use ovasabi_core::validate::valid_json;
//!
//! #[derive(serde::Deserialize, Validate)]
//! struct Order {
//!     #[garde(length(min = 1), dive)]
//!     items: Vec<Item>,
//! }
//!
//! #[derive(serde::Deserialize, Validate)]
//! struct Item {
//!     #[garde(length(max = 8))]
//!     sku: String,
//!     #[garde(range(min = 1, max = 99))]
//!     count: u32,
//! }
//!
//! assert!(valid_json::<Order>(br#"{"items": [{"sku": "A-1", "count": 2}]}"#).is_ok());
//!
//! let body = br#"{"items": [{"sku": "A-1", "count": 0}, {"sku": 7}]}"#;
//! let error = valid_json::<Order>(body).err().unwrap();
//! let told: Vec<_> = error.violations().iter().map(|it| format!("{} {}", it.field, it.detail)).collect();
//! assert_eq!(told, ["items[0].count must be at least 1", "items[1].count is required", "items[1].sku must be a string"]);
//! ```
//!
//! With the feature `axum`, [`ValidJson`] is the same as an extractor, and `JsonBytes` the bytes for
//! those who verify a signature of them first. Elsewhere use [`valid_json`] on the
//! bytes, or [`check`] on a value that was made in another way.
//!
//! What goes wrong in deployment: garde knows fields by their Rust names, serde by their JSON names. Where
//! `#[serde(rename = "…")]` makes them differ, say `#[garde(rename = "…")]` too, or clients are told a name
//! that they did not send.

mod content_type;
#[cfg(feature = "axum")]
mod extract;
mod fault;
mod json;
mod path;
mod report;
mod words;

pub use content_type::require_json;
#[cfg(feature = "axum")]
pub use extract::{JsonBytes, ValidJson};
pub use json::{json, valid_json};
pub use report::{check, check_with};
