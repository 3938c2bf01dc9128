//! Work in the background that cannot outgrow the process: a bounded pool, and groups of tasks.
//!
//! `tokio::spawn` has no bound: under load the tasks pile up until memory runs out, each of them late for a
//! caller that has gone. A [`WorkerPool`] has a fixed number of workers and a queue with an end:
//!
//! * **the queue never exceeds its capacity**; what happens when it is full is [chosen](Overflow), and a job
//!   that is refused is given back;
//! * a job has the [`Context`](crate::Context) it was submitted with, also as the task's own. One whose
//!   deadline passes in the queue **is not started**; one that runs sees the end of its context and decides
//!   what to do about it;
//! * a **panic** is an error for its own [`JobHandle`]; the worker goes on;
//! * a **drain** lets jobs finish, then asks them to stop, then stops them, and says what was left.
//!
//! A [`TaskGroup`] is for work that belongs together and to its caller: the first error ends the others, and
//! nothing of it outlives the group.
//!
//! ```
//! use ovasabi_core::reject::Rejection;
//! use ovasabi_core::worker::{Overflow, WorkerPool};
//! use ovasabi_core::{Code, Context, Error};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> ovasabi_core::Result<()> {
//! let cx = Context::background();
//! let pool = WorkerPool::builder("mail").size(1).queue(1).overflow(Overflow::Reject).build()?;
//!
//! let sent = pool.submit(&cx, async |_cx| Ok("sent")).await?;
//! assert_eq!(sent.await?, "sent");
//!
//! // One job is at work and one waits: there is no room for a third.
//! let busy = pool.submit(&cx, async |cx: Context| Err::<(), _>(cx.done().await.into())).await?;
//! tokio::task::yield_now().await;
//! let next = pool.submit(&cx, async |_cx| Ok(())).await?;
//! let refused = pool.submit(&cx, async |_cx| Ok(())).await.unwrap_err();
//! assert_eq!(Error::from(refused).code(), Code::Unavailable);
//!
//! busy.cancel();
//! next.await?;
//! # Ok(())
//! # }
//! ```
//!
//! **In deployment**: what is in the queue is lost with the process; work that must not be lost belongs into
//! a table. A job that blocks its thread holds up the runtime: give such work to `spawn_blocking`.
//!
//! Source: Go's `errgroup`; `java.util.concurrent.ThreadPoolExecutor` (policies of a full queue).

mod backlog;
mod config;
mod drain;
mod error;
mod group;
mod job;
mod pool;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub mod queue;
mod run;
mod stats;

pub use config::{Overflow, WorkerPoolBuilder};
pub use drain::DrainReport;
pub use error::Refused;
pub use group::TaskGroup;
pub use job::JobHandle;
pub use pool::WorkerPool;
