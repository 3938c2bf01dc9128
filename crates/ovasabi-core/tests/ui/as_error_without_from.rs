//! A layer that answers with errors, around a service whose error knows nothing of refusals.

use ovasabi_core::reject::{AsError, Reject};

/// What it answers with.
struct Service<Res, Err>(Result<Res, Err>);

fn layer<Res, Err>(_service: Service<Res, Err>, _strategy: impl Reject<Res, Err>) {}

fn main() {
    let service: Service<String, std::io::Error> = Service(Ok(String::new()));
    layer(service, AsError);
}
