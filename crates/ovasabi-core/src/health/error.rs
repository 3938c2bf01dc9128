//! What adding a check can say.

/// A check or watchdog has the name already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is a health check named `{name}` already; names are unique")]
pub struct DuplicateCheck {
    pub(super) name: String,
}

impl DuplicateCheck {
    /// The name that is taken.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl From<DuplicateCheck> for crate::Error {
    fn from(error: DuplicateCheck) -> Self {
        Self::internal(error)
    }
}
