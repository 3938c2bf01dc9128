//! What the layer asks of whoever decides.

use std::fmt;

use ovasabi_core::Rejection;
use ovasabi_core::classify::{Class, Facts};

/// Who decides what a [`ShedLayer`](super::ShedLayer) refuses: a [`LoadShed`](super::LoadShed) or a
/// [`Throttle`](super::Throttle). Nobody else implements it.
pub trait Policy: Gate {}

/// The seal of [`Policy`], and what it does.
#[expect(unnameable_types, reason = "the seal of a trait")]
pub trait Gate: Clone + fmt::Debug {
    /// An admission: a plain value.
    type Ticket: Copy + fmt::Debug;

    /// Looks, before there is a request and without counting anything, whether the next call is decided
    /// already. `earlier` is what was found the last time, if no call has come since.
    fn look(&self, earlier: Outlook) -> Outlook;

    /// Admits a request with these facts, or refuses it.
    ///
    /// # Errors
    /// The refusal.
    fn enter(&self, outlook: Outlook, facts: &Facts) -> Result<Self::Ticket, Rejection>;

    /// Ends an admission.
    fn leave(&self, ticket: Self::Ticket, class: Class);
}

/// What is known of the next call before it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(unnameable_types, reason = "part of a sealed trait")]
pub enum Outlook {
    /// Nothing: the call decides.
    #[default]
    Open,
    /// It will be admitted.
    Admitted,
    /// It will be refused.
    Refused,
}
