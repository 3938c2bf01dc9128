//! A database for a test or a demonstration, gone when nobody holds it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Result;
use crate::repository::new_id;

/// A folder that is removed with its last reference.
#[derive(Clone, Debug)]
pub(super) struct TempDir(Arc<Owned>);

#[derive(Debug)]
struct Owned(PathBuf);

impl TempDir {
    pub(super) fn create() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("ovasabi-{}", new_id()));
        let mut builder = std::fs::DirBuilder::new();
        // Nobody else on the machine may read it: the temporary folder is shared by all users.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(sqlx::Error::Io)?;
        Ok(Self(Arc::new(Owned(path))))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0.0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // What cannot be removed is left to the machine's own cleaning.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
