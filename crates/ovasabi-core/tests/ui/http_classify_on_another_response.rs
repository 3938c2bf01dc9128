//! A layer that reads HTTP responses, around a service that has none.

use ovasabi_core::classify::{Classify, HttpClassify};

/// What it answers with.
struct Service<Res, Err>(Result<Res, Err>);

fn layer<Res, Err>(_service: Service<Res, Err>, _classifier: impl Classify<Res, Err>) {}

fn main() {
    let service: Service<String, std::io::Error> = Service(Ok(String::new()));
    layer(service, HttpClassify::new());
}
