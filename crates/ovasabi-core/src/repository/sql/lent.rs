//! A unit of work that is lent by value.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::mpsc;

use super::UnitOfWork;

/// A [`UnitOfWork`] that goes back to [`Db::with_tx`](super::Db::with_tx) on drop; it derefs to the unit.
#[must_use = "the unit of work goes back when this is dropped"]
pub struct Lent {
    unit: Option<UnitOfWork>,
    home: mpsc::SyncSender<UnitOfWork>,
}

const LENT: &str = "the unit is taken in drop alone";

impl Lent {
    pub(super) fn new(unit: UnitOfWork, home: mpsc::SyncSender<UnitOfWork>) -> Self {
        Self {
            unit: Some(unit),
            home,
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(unit) = self.unit.take() {
            // Room for one is always free; with nobody at home any more the unit is dropped: rolled back.
            drop(self.home.try_send(unit));
        }
    }
}

impl Deref for Lent {
    type Target = UnitOfWork;

    fn deref(&self) -> &UnitOfWork {
        self.unit.as_ref().expect(LENT)
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut UnitOfWork {
        self.unit.as_mut().expect(LENT)
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lent").field(&self.unit).finish()
    }
}
