//! One reading of requests and results, which feeds every layer.
//!
//! Breaker, retry and limiter disagree about what a failure is as soon as each has a predicate of its own.
//! Here one classifier reads the request before the call ([`ReadRequest`] gives [`Facts`]) and the result
//! after it ([`Classify`] gives [`Seen`]: a [`Verdict`] for now, and an [`EndClassify`] for layers that
//! follow the body to its end).
//!
//! * A response that one of our layers made, and an error that carries a [`Rejection`](crate::Rejection),
//!   is [`Class::Ignored`] and is not retried: our refusals say nothing about the service behind. The one
//!   exception is [`TimedOut`](crate::reject::RejectKind::TimedOut): it was asked, and did not answer.
//! * 429 and `RESOURCE_EXHAUSTED` are [`Class::Throttled`]: they count for a rate, not for a run.
//! * A call that is dropped is neither success nor failure; after the head, the verdict of the head stands.
//!
//! | classifier | for | failure |
//! |---|---|---|
//! | [`HttpClassify`] | `http` and reqwest types | errors, 5xx |
//! | [`GrpcClassify`] | gRPC, trailers too | errors, codes 2, 4, 13, 14, 15 |
//! | [`ByResult`] | any service | `Err` |
//!
//! ```
//! use ovasabi_core::classify::{Class, Classify, Facts, HttpClassify};
//!
//! let answer = http::Response::builder().status(503).body(()).unwrap();
//! let seen = Classify::<_, std::io::Error>::seen(&HttpClassify::new(), &Facts::default(), Ok(&answer));
//! assert_eq!(seen.verdict.class, Class::Failure);
//! ```

mod facts;
mod grpc;
mod head;
mod http;
mod result;
mod unsent;
mod verdict;

pub use facts::{Facts, Priority, ReadRequest};
pub use grpc::{GrpcClassify, GrpcEnd};
pub use head::{RequestHead, ResponseHead};
pub use http::{HttpClassify, HttpEnd};
pub use result::{ByResult, Find};
pub use verdict::{Class, Classify, EndClassify, Retry, Seen, Verdict};
