//! The fallback.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::{Request, Response};
use ovasabi_core::Rejection;
use ovasabi_core::error::BoxError;
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::fallback::{Causes, Fallback};
use tower::{Service, service_fn};

mod answers;
mod causes;
mod control;
mod marks;
mod stale;

/// What the service makes of a request.
#[derive(Clone, Copy, Debug)]
enum Act {
    Status(u16),
    Fail,
    Refuse(RejectKind),
}

/// Does what the request says, as a client of HTTP would see it.
fn service()
-> impl Service<Request<Act>, Response = Response<&'static str>, Error = BoxError, Future: Send> + Clone
{
    service_fn(async |request: Request<Act>| act(*request.body()))
}

fn act(act: Act) -> Result<Response<&'static str>, BoxError> {
    match act {
        Act::Status(status) => Ok(Response::builder().status(status).body("original").unwrap()),
        Act::Fail => Err("down".into()),
        Act::Refuse(kind) => Err(Rejection::new(kind, "layer", "inner").into()),
    }
}

fn made() -> Response<&'static str> {
    Response::new("made up")
}

fn on(causes: Causes) -> Fallback {
    Fallback::builder("test").on(causes).build().unwrap()
}

fn fallback() -> Fallback {
    Fallback::builder("test").build().unwrap()
}

/// Counts how often it is asked.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicU32>);

impl Calls {
    fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn value(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}
