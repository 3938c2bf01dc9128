//! A part of a unit of work.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::UnitOfWork;
use crate::Result;

/// A part of a unit of work that can be undone by itself; it derefs to the unit, and may be nested.
///
/// Dropped without [`release`](Savepoint::release) or [`rollback`](Savepoint::rollback), by a `?` or a
/// cancelled future, it dooms the whole unit: nothing can be awaited in a drop, and a half must not commit.
#[must_use = "a savepoint that is dropped dooms its unit of work"]
pub struct Savepoint<'a> {
    unit: &'a mut UnitOfWork,
    name: u32,
    hooks: usize,
    is_open: bool,
}

impl<'a> Savepoint<'a> {
    pub(super) fn new(unit: &'a mut UnitOfWork, name: u32) -> Self {
        let hooks = unit.hooks.len();
        Self {
            unit,
            name,
            hooks,
            is_open: true,
        }
    }

    /// Keeps what was done since; it is committed with the unit.
    ///
    /// # Errors
    /// What the database says; the unit is then doomed.
    ///
    /// # Cancel safety
    /// Dropping the future dooms the unit.
    pub async fn release(mut self) -> Result<()> {
        let name = self.name;
        self.unit.run(format!("RELEASE s{name}")).await?;
        self.is_open = false;
        Ok(())
    }

    /// Undoes what was done since, its hooks too; the unit goes on.
    ///
    /// # Errors
    /// What the database says; the unit is then doomed.
    ///
    /// # Cancel safety
    /// Dropping the future dooms the unit.
    pub async fn rollback(mut self) -> Result<()> {
        let name = self.name;
        self.unit
            .run(format!("ROLLBACK TO s{name}; RELEASE s{name}"))
            .await?;
        let hooks = self.hooks;
        self.unit.hooks.truncate(hooks);
        self.is_open = false;
        Ok(())
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        self.unit.is_doomed |= self.is_open;
    }
}

impl Deref for Savepoint<'_> {
    type Target = UnitOfWork;

    fn deref(&self) -> &UnitOfWork {
        self.unit
    }
}

impl DerefMut for Savepoint<'_> {
    fn deref_mut(&mut self) -> &mut UnitOfWork {
        self.unit
    }
}

impl fmt::Debug for Savepoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Savepoint")
            .field("name", &self.name)
            .field("unit", &self.unit)
            .finish_non_exhaustive()
    }
}
