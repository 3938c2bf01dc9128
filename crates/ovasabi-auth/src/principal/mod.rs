//! Who is calling, once somebody has checked.
//!
//! Handlers that read a user id from a header believe whoever wrote the header. A [`Principal`] exists only
//! because a verifier made it; the layer puts it into the request, and handlers take it as an argument.
//!
//! * It carries the [`Subject`](ovasabi_core::context::Subject), roles, scopes and the date it ends.
//! * It is one word wide and cheap to clone; `Debug` shows neither tokens nor claims.
//! * As an axum extractor (feature `axum`): `Principal` where a caller is required, `Option<Principal>` where
//!   the layer is optional. A route that no layer covers answers 500, not "anonymous".
//!
//! ```
//! use ovasabi_auth::Principal;
//! use ovasabi_core::context::{Subject, SubjectKind};
//!
//! let ann = Principal::new(Subject::new(SubjectKind::User, "ann")).with_role("clerk").with_scope("orders:read");
//! assert!(ann.has_role("clerk") && !ann.has_role("clerks"));
//! assert!(ann.has_scope("orders:read") && !ann.has_scope("orders"));
//! ```

mod anonymous;
#[cfg(feature = "axum")]
mod extract;
mod value;

#[cfg(feature = "axum")]
pub use extract::PrincipalRejection;
pub use value::Principal;

pub(crate) use anonymous::{Anonymous, Caller};
