//! Lists in pieces.

use ovasabi_core::repository::{Page, PageRequest};
use ovasabi_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which piece of a list is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// The `next` of the page before; none for the first page.
    cursor: Option<String>,
    /// The most items of the page; 50 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// One piece of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    /// The `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl PageQuery {
    /// That of a list whose query asks for more than a page.
    pub(crate) fn new(cursor: Option<String>, limit: Option<u32>) -> Self {
        Self { cursor, limit }
    }

    /// What to ask the repository for.
    ///
    /// # Errors
    /// `InvalidArgument` for a limit out of range or a cursor that is none.
    pub(crate) fn request(&self) -> Result<PageRequest> {
        let request = match self.limit {
            Some(limit) => PageRequest::new(limit)?,
            None => PageRequest::default(),
        };
        let cursor = self.cursor.as_deref().filter(|text| !text.is_empty());
        let cursor = cursor.map(str::parse).transpose();
        let cursor = cursor.map_err(|error: Error| {
            Error::new(Code::InvalidArgument, "page.cursor")
                .violation("cursor", "format", "is not a cursor of this list")
                .caused_by(error)
        })?;
        Ok(request.after(cursor))
    }
}

impl<T> From<Page<T>> for Listed<T> {
    fn from(page: Page<T>) -> Self {
        let next = page.next().map(ToString::to_string);
        Self {
            items: page.into_items(),
            next,
        }
    }
}
