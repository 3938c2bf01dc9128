//! Calling addresses that strangers have chosen, without becoming their way into this network.
//!
//! A webhook's URL is checked when it is registered, to tell its owner, and again at each delivery, for names change:
//! `https`, a usual port, and a name of which *every* address is one of the open internet. The connection then goes to
//! an address that was checked, not to the name: what the name says by then does not matter (DNS rebinding). Host and
//! certificate are still those of the name. No redirect is followed, and nothing of the answer is passed on but its
//! status.

mod address;
mod cidr;
mod guard;
mod resolver;
mod send;
mod tls;

pub(crate) use cidr::Cidr;
pub(crate) use guard::Guard;
pub(super) use guard::Target;
pub(crate) use resolver::Resolver;
pub(super) use send::{Answered, Sender};
