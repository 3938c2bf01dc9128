//! The way from a part of an application to the application.

use std::sync::{Arc, OnceLock};

use ovasabi_core::lifecycle::AppHandle;
use ovasabi_core::{Code, Error, Result};

/// The handle of the application that the port is a component of. It exists only when all components do, so it is
/// set late. Clones are the same link.
#[derive(Clone, Debug, Default)]
pub(crate) struct AppLink(Arc<OnceLock<AppHandle>>);

impl AppLink {
    /// The application is this one.
    pub(crate) fn set(&self, app: AppHandle) {
        // It is built once; the first stays.
        let _ = self.0.set(app);
    }

    /// # Errors
    /// `Unavailable` before it is set.
    pub(super) fn get(&self) -> Result<&AppHandle> {
        let app = self.0.get();
        app.ok_or_else(|| {
            Error::new(Code::Unavailable, "admin.starting").detail("the process is not built yet")
        })
    }
}
