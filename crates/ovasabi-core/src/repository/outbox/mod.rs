//! What has happened, told elsewhere: events in a table, written down with what they tell of, and sent after.
//!
//! Sent before the commit, an event may tell of what never was; after it, a process that dies tells nobody. An [`Outbox`] is
//! a table in the same transaction, and a [`Relay`] sends what is in it:
//!
//! * **an event is sent if its transaction is committed, and not if not**: at least once, with an id that stays the same, so
//!   that whoever receives it knows it the second time;
//! * **in order for each key**: the next event of a key is sent when the one before it was taken. One that is not taken holds
//!   up its own key, with pauses that grow and are in the table, and no other;
//! * **one relay sends at a time**, by a lease that fences: of two processes one waits. A process that is killed is one whose
//!   lease ends;
//! * **an event that nobody takes** is dead after its last attempt, is kept with what was said of it, and lets its key go on;
//! * the **trace** and the request id of whoever wrote it go with it.
//!
//! ```
//! use ovasabi_core::repository::Db;
//! use ovasabi_core::repository::outbox::{self, NewEvent, Outbox, Relay};
//! use ovasabi_core::{Context, Result};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let cx = Context::background();
//! let db = Db::temporary()?.open().await?;
//! db.migrate(&cx, &outbox::MIGRATIONS).await?;
//! let outbox = Outbox::new(db.clone());
//!
//! // With the user, or not at all.
//! db.with_tx(&cx, async |mut unit| {
//!     // … INSERT INTO users …
//!     let event = NewEvent::new("accounts.user.registered.v1", "ann", &"ann@example.org")?;
//!     outbox.put_in(&cx, &mut unit, event).await
//! })
//! .await?;
//!
//! let relay = Relay::builder("accounts", outbox.clone())
//!     .publish(async |_cx, event| {
//!         println!("{} of {}: {}", event.topic(), event.key(), event.payload()); // a request to who wants to know
//!         Ok(())
//!     })
//!     .build()?;
//! assert!(relay.run_due(&cx).await?); // a service spawns `relay.run(&cx)`
//! assert_eq!(outbox.backlog(&cx).await?.0, 0);
//! # Ok(())
//! # }
//! ```
//!
//! **In deployment**: alert on the age of the oldest in the [backlog](Outbox::backlog). [Purge](Outbox::purge) what was sent: the
//! table grows otherwise. The receiver keeps the ids that it has seen for as long as an event may be sent again.
//!
//! Source: Chris Richardson, *Microservices Patterns*, "Transactional outbox".

mod event;
mod handle;
mod relay;
mod relay_builder;
mod send;
mod stats;

pub use event::{Event, NewEvent};
pub use handle::{MIGRATIONS, Outbox};
pub use relay::Relay;
pub use relay_builder::RelayBuilder;
