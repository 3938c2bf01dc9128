//! When is the work of a call over: at the head, or at the last byte?
//!
//! A permit that returns with the head lets a thousand streams through a limit of ten, and a breaker that
//! looks at heads never sees a download break. Whoever admits a call decides with a type: [`AtHead`]
//! (default, any response type) or [`AtEnd`] (`.until_body_end()`, `http::Response<B>`), both of them a
//! [`Hold`].
//!
//! With [`AtEnd`] the permit travels in an [`EndBody`] around the body and settles exactly once: on the end
//! of the stream, on trailers, on a body error, on a panic of the body, or on drop. It asks `is_end_stream()` after
//! each frame, for hyper stops polling there.

mod end_body;
mod hold;

pub use end_body::EndBody;
pub use hold::{AtEnd, AtHead, Hold};
