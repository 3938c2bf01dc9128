//! A repository for tests.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::entity::{already_exists, not_found, version_conflict};
use super::{Entity, Page, PageRequest, Repository};
use crate::{Context, Result};

/// Keeps entities in memory: what a service is tested with. Clones share them.
///
/// It passes the same contract as the ones over SQL, so that a test with it says something about them.
///
/// ```
/// use ovasabi_core::repository::{Entity, MemoryRepository, Repository};
/// use ovasabi_core::{Code, Context};
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Note { id: u32, text: &'static str, version: i64 }
///
/// impl Entity for Note {
///     type Id = u32;
///     const NAME: &'static str = "note";
///     fn id(&self) -> &u32 { &self.id }
///     fn version(&self) -> i64 { self.version }
///     fn with_version(self, version: i64) -> Self { Self { version, ..self } }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> ovasabi_core::Result<()> {
/// let (notes, cx) = (MemoryRepository::new(), Context::background());
/// let first = notes.insert(&cx, Note { id: 7, text: "buy milk", version: 0 }).await?;
/// notes.update(&cx, Note { text: "buy bread", ..first.clone() }).await?;
///
/// // Made from version 1, which is no more.
/// let late = notes.update(&cx, Note { text: "buy beer", ..first }).await.unwrap_err();
/// assert_eq!((late.code(), late.reason()), (Code::Aborted, "note.version_conflict"));
/// # Ok(())
/// # }
/// ```
pub struct MemoryRepository<E: Entity> {
    stored: Arc<Mutex<BTreeMap<E::Id, E>>>,
}

impl<E: Entity> MemoryRepository<E> {
    /// One with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            stored: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<E::Id, E>> {
        // Each change is one step: a panic in foreign code cannot leave half of one.
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Entity> Repository<E> for MemoryRepository<E> {
    async fn find(&self, cx: &Context, id: &E::Id) -> Result<Option<E>> {
        cx.check()?;
        Ok(self.lock().get(id).cloned())
    }

    async fn insert(&self, cx: &Context, entity: E) -> Result<E> {
        cx.check()?;
        match self.lock().entry(entity.id().clone()) {
            Entry::Occupied(_) => Err(already_exists::<E>()),
            Entry::Vacant(place) => Ok(place.insert(entity.with_version(1)).clone()),
        }
    }

    async fn update(&self, cx: &Context, entity: E) -> Result<E> {
        cx.check()?;
        let mut stored = self.lock();
        let place = stored.get_mut(entity.id()).ok_or_else(not_found::<E>)?;
        if place.version() != entity.version() {
            return Err(version_conflict::<E>());
        }
        let next = entity.version() + 1;
        *place = entity.with_version(next);
        Ok(place.clone())
    }

    async fn delete(&self, cx: &Context, id: &E::Id, version: Option<i64>) -> Result<()> {
        cx.check()?;
        let mut stored = self.lock();
        let found = stored.get(id).ok_or_else(not_found::<E>)?;
        if version.is_some_and(|version| version != found.version()) {
            return Err(version_conflict::<E>());
        }
        stored.remove(id);
        Ok(())
    }

    async fn page(&self, cx: &Context, request: &PageRequest) -> Result<Page<E>> {
        cx.check()?;
        let after = request
            .cursor()
            .map(|cursor| cursor.key::<E::Id>(E::NAME))
            .transpose()?;
        let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let rows = usize::try_from(request.rows()).unwrap_or(usize::MAX);
        let stored = self.lock();
        let found = stored
            .range((from, Bound::Unbounded))
            .map(|(_, entity)| entity.clone());
        Page::cut(found.take(rows).collect(), request, E::NAME, |last| {
            last.id().clone()
        })
    }
}

impl<E: Entity> Clone for MemoryRepository<E> {
    fn clone(&self) -> Self {
        Self {
            stored: Arc::clone(&self.stored),
        }
    }
}

impl<E: Entity> Default for MemoryRepository<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Entity> fmt::Debug for MemoryRepository<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRepository")
            .field("entity", &E::NAME)
            .field("stored", &self.lock().len())
            .finish()
    }
}
