//! Ids that sort by the time they were made.

use uuid::Uuid;

/// A new id: a UUID of version 7, which sorts by the time it was made and is unique without a database.
///
/// Ids of one process ascend strictly. They tell when a thing was made: where that is a secret, hand out
/// another id. Source: RFC 9562 section 5.7.
///
/// ```
/// use ovasabi_core::repository::new_id;
///
/// assert!(new_id() < new_id());
/// ```
#[must_use]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
