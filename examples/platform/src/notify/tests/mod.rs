//! The whole service, over its routes, on a database of its own.

mod deliveries;
mod guard;
mod hook;
mod inbox;
mod live;
mod sse;
mod webhooks;
mod wire;
mod worker;
mod world;

use hook::{Answer, Hook};
use sse::Sse;
use world::{World, referral};
