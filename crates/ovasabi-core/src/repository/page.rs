//! Lists in pieces.

use serde::Serialize;

use super::Cursor;
use crate::{Code, Error, Result};

/// Which piece of a list is wanted: so many items after a place.
///
/// ```
/// use ovasabi_core::repository::PageRequest;
///
/// assert_eq!(PageRequest::new(20)?.limit(), 20);
/// assert_eq!(PageRequest::new(0).unwrap_err().violations()[0].field, "limit");
/// # Ok::<(), ovasabi_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    limit: u32,
    after: Option<Cursor>,
}

impl PageRequest {
    /// The most items that a page can have.
    pub const MAX_LIMIT: u32 = 500;

    /// The first `limit` items, 1 to 500.
    ///
    /// # Errors
    /// `InvalidArgument` for another limit.
    pub fn new(limit: u32) -> Result<Self> {
        if (1..=Self::MAX_LIMIT).contains(&limit) {
            return Ok(Self { limit, after: None });
        }
        let allowed = format!(
            "`{limit}` is not allowed, expected 1 to {}",
            Self::MAX_LIMIT
        );
        Err(Error::new(Code::InvalidArgument, "page.limit").violation("limit", "range", allowed))
    }

    /// Those after `cursor`; `None` for the first ones.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<Option<Cursor>>) -> Self {
        self.after = cursor.into();
        self
    }

    /// How many items at most.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// After which place.
    #[must_use]
    pub fn cursor(&self) -> Option<&Cursor> {
        self.after.as_ref()
    }

    /// How many rows to ask the store for: one more than the page has, which tells whether there is a next.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.limit + 1
    }
}

/// The first 50 items.
impl Default for PageRequest {
    fn default() -> Self {
        Self {
            limit: 50,
            after: None,
        }
    }
}

/// One piece of a list.
///
/// Pages are cut by key, not by number: what is inserted or deleted between two of them shifts nothing, and
/// the thousandth page costs what the first one does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    items: Vec<T>,
    next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Cuts `rows`, of which [`PageRequest::rows`] were asked for, to a page of the list `scope`. `key` gives
    /// what the list is sorted by; it must tell any two items apart, so its last part is an id.
    ///
    /// # Errors
    /// As [`Cursor::new`].
    ///
    /// # Examples
    /// ```
    /// use ovasabi_core::repository::{Page, PageRequest};
    ///
    /// let request = PageRequest::new(2)?;
    /// let rows = vec!["a", "b", "c"]; // SELECT id FROM letters ORDER BY id LIMIT 3
    /// let page = Page::cut(rows, &request, "letters", |id| id.to_string())?;
    /// assert_eq!(page.items(), ["a", "b"]);
    /// let next = page.next().expect("there is a third letter");
    /// assert_eq!(next.key::<String>("letters")?, "b"); // … WHERE id > 'b'
    /// # Ok::<(), ovasabi_core::Error>(())
    /// ```
    pub fn cut<K: Serialize>(
        mut rows: Vec<T>,
        request: &PageRequest,
        scope: &str,
        key: impl FnOnce(&T) -> K,
    ) -> Result<Self> {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = match rows.last() {
            Some(last) if has_more => Some(Cursor::new(scope, &key(last))?),
            _ => None,
        };
        Ok(Self { items: rows, next })
    }

    /// What is on it.
    #[must_use]
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// What is on it, to keep.
    #[must_use]
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// Where the next one begins; `None` on the last page.
    #[must_use]
    pub fn next(&self) -> Option<&Cursor> {
        self.next.as_ref()
    }

    /// The same page of other items, such as the public form of stored ones.
    #[must_use]
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
        }
    }
}
