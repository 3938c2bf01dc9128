//! JSON in and out, with one kind of error for everything that can be wrong.

mod etag;
mod page;
mod read;

pub(crate) use axum::Json;
pub(crate) use etag::{ETag, IfMatch, IfNoneMatch};
pub(crate) use ovasabi_core::validate::ValidJson;
pub(crate) use page::{Listed, PageQuery};
pub(crate) use read::{ValidPath, ValidQuery};
