//! Work that must not be lost: jobs in a table, written down with what they belong to.
//!
//! A task that was spawned is gone with its process, and one that is spawned after the commit may never be. A job is
//! written down in the transaction of what it belongs to ([`JobQueue::enqueue_in`]), claimed under a lease by a
//! [`JobRunner`] in this process or in another one, and done at least once:
//!
//! * **a lease fences**: what is said of a job by whoever has lost it changes nothing, and is told to them. A process that is
//!   killed is one whose leases end;
//! * **a job can be done exactly once** where its effect is in the same database: [`JobContext::complete_in`] commits both;
//! * **pauses are in the table**: a restart forgets none, and a failed job is tried after its pause, not at once;
//! * **a crash is no failed attempt**: a job that took its process with it three times is dead, and all others go on;
//! * **a panic, a payload that cannot be read, a time-out** are failed attempts; after the last one a job is dead, kept with
//!   what it said, and can be [revived](JobQueue::revive);
//! * **one of a [unique](NewJob::unique) key** is written down, whoever writes at the same time, and **one of a
//!   [serial](NewJob::serial) key** is at work: both are indexes of the table, not promises of the code;
//! * **stopping** claims no more, lets jobs finish, ends their contexts, and gives back what is left with its attempt.
//!
//! ```
//! use ovasabi_core::repository::Db;
//! use ovasabi_core::worker::queue::{self, Job, JobQueue, JobRunner, JobState, NewJob, Outcome};
//! use ovasabi_core::{Context, Result};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Welcome {
//!     user: String,
//! }
//!
//! impl Job for Welcome {
//!     const KIND: &'static str = "user.welcome";
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let cx = Context::background();
//! let db = Db::temporary()?.open().await?;
//! db.migrate(&cx, &queue::MIGRATIONS).await?;
//! let queue = JobQueue::new(db.clone());
//!
//! // With the user, or not at all.
//! db.with_tx(&cx, async |mut unit| {
//!     // … INSERT INTO users …
//!     let job = NewJob::new(&Welcome { user: "ann".to_owned() })?.unique("ann");
//!     queue.enqueue_in(&cx, &mut unit, job).await
//! })
//! .await?;
//!
//! let runner = JobRunner::builder("mail", queue.clone())
//!     .handle(async |_job, welcome: Welcome| {
//!         println!("welcome, {}", welcome.user);
//!         Ok(Outcome::Done)
//!     })
//!     .build()?;
//! assert_eq!(runner.run_due(&cx).await?, 1); // a service spawns `runner.run(&cx)`
//! assert_eq!(queue.count(&cx, JobState::Done).await?, 1);
//! # Ok(())
//! # }
//! ```
//!
//! **In deployment**: the worker opens the file of the service whose jobs it does; both must be on one machine, and its clock
//! is theirs. A job waits for a look of its process ([`poll`](JobRunnerBuilder::poll)) unless it was written down in the same
//! one. [Purge](JobQueue::purge) what is done: the table grows otherwise. A lease must be longer than a stall of the process.
//!
//! Source: River, Oban, graphile-worker and BullMQ, and what their users met: stuck leases, acknowledgements that came late,
//! poison jobs, two of a key at once (graphile/worker#622).

mod admin;
mod answer;
mod attempt;
mod claim;
mod handle;
mod handler;
mod job;
mod runner;
mod runner_builder;
mod stats;

pub use admin::{JobRecord, JobState};
pub use answer::lease_lost;
pub use claim::{Claim, Claimed, Swept};
pub use handle::{JobQueue, MIGRATIONS};
pub use handler::{JobContext, Outcome};
pub use job::{Enqueued, Job, NewJob};
pub use runner::JobRunner;
pub use runner_builder::JobRunnerBuilder;
