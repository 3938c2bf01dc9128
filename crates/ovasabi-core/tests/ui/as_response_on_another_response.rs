//! A layer that answers with responses, around a service whose response is no `http::Response`.

use ovasabi_core::reject::{AsResponse, Reject};

/// What it answers with.
struct Service<Res, Err>(Result<Res, Err>);

fn layer<Res, Err>(_service: Service<Res, Err>, _strategy: impl Reject<Res, Err>) {}

fn main() {
    let service: Service<String, std::io::Error> = Service(Ok(String::new()));
    layer(service, AsResponse);
}
