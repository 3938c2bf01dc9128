//! What the service decides: no database, no clock of its own, no HTTP.

mod budget;
mod campaign;
mod code;
mod referral;
mod view;

pub(super) use budget::{Budget, Funding};
pub(super) use campaign::{Campaign, Status};
pub(super) use code::Code;
pub(super) use referral::{Referral, State, Step, conflict};
pub(super) use view::{Viewer, initial};
