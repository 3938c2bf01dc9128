//! What a caller may do: roles and scopes in front of a route, ownership at the thing itself.
//!
//! Two mistakes top every list: a route that checks that somebody is logged in but not who (OWASP API5), and
//! a handler that loads `/wallets/{id}` for whoever asks (OWASP API1). So:
//!
//! * a [`Rule`] is a value: it can be tested as a table, and an empty one denies;
//! * [`RequireLayer`] puts it in front of routes: 401 for nobody, 403 for the wrong caller, 500 when no
//!   [`AuthLayer`](crate::AuthLayer) has looked;
//! * [`Owned`] keeps a loaded thing shut until [`Ownership`] has decided who opens it; a stranger gets 404, the
//!   same as for a thing that is not there, so that ids cannot be probed;
//! * the caller learns *no*; why goes to the log.
//!
//! ```
//! use ovasabi_auth::Principal;
//! use ovasabi_auth::policy::{Owned, Ownership, Rule};
//! use ovasabi_core::context::{Subject, SubjectKind};
//!
//! let user = |id| Principal::new(Subject::new(SubjectKind::User, id));
//! let rule = Rule::any([Rule::role("admin"), Rule::scope("wallet:read")]);
//! assert!(rule.check(&user("ann").with_scope("wallet:read")).is_ok());
//! assert!(rule.check(&user("bob")).is_err());
//!
//! let wallets = Ownership::hidden("wallet.not_found").or_role("admin");
//! let load = || Owned::new("ann", "12 EUR");
//! assert_eq!(wallets.open(&user("ann"), Some(load())).unwrap(), "12 EUR");
//! assert_eq!(wallets.open(&user("bob"), Some(load())).unwrap_err().http_status(), 404);
//! assert!(wallets.open(&user("eve").with_role("admin"), Some(load())).is_ok());
//! ```

mod denial;
mod ownership;
mod require;
mod rule;

pub use denial::Denial;
pub use ownership::{Owned, Ownership, authorize_owner};
pub use require::{RequireLayer, RequireService};
pub use rule::Rule;
