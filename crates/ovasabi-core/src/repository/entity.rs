//! What a repository stores, and what it can do.

use std::fmt;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Page, PageRequest};
use crate::{Code, Context, Error, Result};

/// A thing with an id and a version, stored by a [`Repository`].
pub trait Entity: Clone + Send + Sync + 'static {
    /// What it is found by. Pages are in its order: [`new_id`](super::new_id) gives ids in the order of
    /// creation.
    type Id: Clone + Ord + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// What it is called, in lower case: it begins the reasons of errors, as in `wallet.not_found`.
    const NAME: &'static str;

    /// Its id, which never changes.
    fn id(&self) -> &Self::Id;

    /// Which state of it this is: 1 when it is inserted, one more with each update.
    fn version(&self) -> i64;

    /// The same with another version; called by repositories.
    #[must_use]
    fn with_version(self, version: i64) -> Self;
}

/// Stores entities, and lets no update go under unseen.
///
/// An update says which version it was made from. Of two that were made from the same one the first wins, and
/// the second is told: [`Code::Aborted`], nothing is changed.
///
/// Several changes that belong together are a [`UnitOfWork`](super::UnitOfWork)'s business.
pub trait Repository<E: Entity>: Send + Sync {
    /// The entity with this id, if there is one.
    ///
    /// # Errors
    /// What the store says, or the context's cause.
    fn find(&self, cx: &Context, id: &E::Id) -> impl Future<Output = Result<Option<E>>> + Send;

    /// Stores a new entity as version 1, and gives it back so.
    ///
    /// # Errors
    /// [`already_exists`] when there is one with its id.
    fn insert(&self, cx: &Context, entity: E) -> impl Future<Output = Result<E>> + Send;

    /// Replaces the entity from whose version this one was made, and gives it back with the next version.
    ///
    /// # Errors
    /// [`not_found`] when there is none; [`version_conflict`] when it has another version.
    fn update(&self, cx: &Context, entity: E) -> impl Future<Output = Result<E>> + Send;

    /// Removes the entity with this id, if it has this version; `None` stands for any.
    ///
    /// # Errors
    /// [`not_found`] when there is none; [`version_conflict`] when it has another version.
    fn delete(
        &self,
        cx: &Context,
        id: &E::Id,
        version: Option<i64>,
    ) -> impl Future<Output = Result<()>> + Send;

    /// One page of all entities, in the order of their ids.
    ///
    /// # Errors
    /// `InvalidArgument` for a cursor that is not of this list.
    fn page(
        &self,
        cx: &Context,
        request: &PageRequest,
    ) -> impl Future<Output = Result<Page<E>>> + Send;
}

/// There is no such entity: `NotFound`, with the reason `{NAME}.not_found`.
#[must_use]
pub fn not_found<E: Entity>() -> Error {
    error::<E>(Code::NotFound, "not_found")
}

/// There is one with this id: `AlreadyExists`, with the reason `{NAME}.already_exists`.
#[must_use]
pub fn already_exists<E: Entity>() -> Error {
    error::<E>(Code::AlreadyExists, "already_exists")
}

/// Somebody was faster: `Aborted`, with the reason `{NAME}.version_conflict`. Read it again and decide anew.
///
/// It is not [retryable](Error::is_retryable): the same request would meet the same conflict.
#[must_use]
pub fn version_conflict<E: Entity>() -> Error {
    error::<E>(Code::Aborted, "version_conflict")
        .detail("it has been changed in the meantime")
        .retryable(false)
}

fn error<E: Entity>(code: Code, what: &str) -> Error {
    Error::new(code, format!("{}.{what}", E::NAME))
}
