//! What the accounts service knows of users, sessions and keys: no database, no HTTP, the time passed in.

mod published;
mod role;
mod session;
mod token;
mod user;

pub(super) use published::{MAX_PUBLISHED, is_published, keep_for};
pub(super) use role::{Role, Roles};
pub(super) use session::{Facts, Lifetimes, Refusal, Verdict, judge};
pub(super) use token::{RefreshToken, TokenDigest};
pub(super) use user::{Credentials, NewUser, User, normal_email};
