//! The gateway as a role.

use std::collections::HashMap;

use anyhow::Result;
use axum::middleware::map_request;
use ovasabi_core::http::server::BodyLimitLayer;
use ovasabi_core::lifecycle::component;

use crate::api;
use crate::config::Target;
use crate::gateway::{Gateway, Limits, Streams, Upstream, document_routes, without_patience};
use crate::platform::house::{House, Part};
use crate::platform::unit::Place;

/// Bodies are held until they are whole; none of this platform comes near.
const LARGEST_BODY: u64 = 64 * 1024;

pub(super) fn furnish(house: &mut House) -> Result<()> {
    let registry = house.telemetry.registry().clone();
    let config = std::sync::Arc::clone(&house.config);
    let mut upstreams = HashMap::new();
    for target in Target::ALL {
        let (name, address) = (target.name(), house.address(target));
        let upstream = Upstream::new(name, address, &config.upstream, &registry)?;
        upstreams.insert(target, upstream);
    }
    let limits = Limits::new(&config.limits, &registry)?;
    let streams = Streams::new();
    let gateway = Gateway {
        upstreams,
        limits,
        verifier: house.verifier("gateway")?,
        streams: streams.clone(),
    };
    let mut routes = gateway.routes(&config.gateway.routes);
    routes.brief = routes.brief.merge(document_routes(&api::openapi()?)?);
    let place = Place::take("gateway", config.public)?;
    // Outermost: what is read of a request must not be what a stranger wrote for the services.
    let router = house
        .router("gateway", routes)?
        .layer(BodyLimitLayer::new(LARGEST_BODY))
        .layer(map_request(without_patience));
    house.serve_at("gateway", place, router);
    // After the gateway, so stopped before it: until then another one takes over, and nobody comes back to this one.
    let ending = component("gateway streams").on_stop(async move |_cx| {
        streams.end();
        Ok(())
    });
    house.parts.push(Part::Work(ending));
    Ok(())
}
