//! A layer that follows bodies, around a service whose response has none.

use ovasabi_core::body::{AtEnd, Hold};
use ovasabi_core::classify::Class;

/// What it answers with.
struct Service<Res, Err>(Result<Res, Err>);

fn layer<Res, Err>(_service: Service<Res, Err>, _hold: impl Hold<Res, (), Class>) {}

fn main() {
    let service: Service<String, std::io::Error> = Service(Ok(String::new()));
    layer(service, AtEnd);
}
