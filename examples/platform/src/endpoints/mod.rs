//! Routes, who may call them, and what the world is told of them, in one place.
//!
//! A route cannot be added without an [`Access`]: there is none that somebody forgot to guard, and the table of all of
//! them (`platform policies`) and the document (`platform openapi`) are what the router does.

mod access;
mod document;
mod guards;
mod words;

use axum::Router;
use axum::routing::MethodRouter;
use ovasabi_auth::policy::{RequireLayer, Rule};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use access::Who;
pub(crate) use access::{Access, Policy};
pub(crate) use document::document;
pub(crate) use guards::Guards;

/// The routes of one server, by how long their answers take.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// Answered within a deadline.
    pub(crate) brief: Router,
    /// Answered for as long as somebody listens.
    pub(crate) streams: Router,
}

/// The routes of one service, with their policies and their part of the document.
pub(crate) struct Endpoints<S = ()> {
    guards: Guards,
    routes: OpenApiRouter<S>,
    streams: OpenApiRouter<S>,
    policies: Vec<Policy>,
}

impl<S: Clone + Send + Sync + 'static> Endpoints<S> {
    pub(crate) fn new(guards: Guards) -> Self {
        Self {
            guards,
            routes: OpenApiRouter::new(),
            streams: OpenApiRouter::new(),
            policies: Vec::new(),
        }
    }

    /// Adds what `routes!` has made of some handlers, for those whom `access` lets in.
    pub(crate) fn add(mut self, access: Access, routes: UtoipaMethodRouter<S>) -> Self {
        let (schemas, mut paths, handlers) = routes;
        for (path, item) in &mut paths.paths {
            for (method, operation) in document::operations(item) {
                document::complete(operation, access, path);
                self.policies.push(Policy::new(method, path, access));
            }
        }
        let handlers = self.guard(access.who(), handlers);
        if access.is_stream() {
            self.streams = self.streams.routes((schemas, paths, handlers));
        } else if access.is_internal() {
            // Not for the world: it is served, and not documented.
            self.routes = paths.paths.keys().fold(self.routes, |routes, path| {
                routes.route(path, handlers.clone())
            });
        } else {
            self.routes = self.routes.routes((schemas, paths, handlers));
        }
        self
    }

    fn guard(&self, who: Who, handlers: MethodRouter<S>) -> MethodRouter<S> {
        let Guards {
            token,
            optional,
            api_key,
        } = &self.guards;
        match who {
            Who::Public | Who::Client => handlers,
            Who::Anyone => handlers.route_layer(optional.clone()),
            // Each user has this role, and no service has one.
            Who::Caller => handlers
                .route_layer(RequireLayer::role("member"))
                .route_layer(token.clone()),
            Who::Roles(roles) => handlers
                .route_layer(RequireLayer::new(Rule::any(
                    roles.iter().copied().map(Rule::role),
                )))
                .route_layer(token.clone()),
            Who::ApiKey(scope) => handlers
                .route_layer(RequireLayer::scope(scope))
                .route_layer(api_key.clone()),
            Who::Service(scope) => handlers
                .route_layer(RequireLayer::scope(scope))
                .route_layer(token.clone()),
        }
    }

    /// Gives the handlers what they work with.
    pub(crate) fn with_state(self, state: S) -> Endpoints {
        Endpoints {
            guards: self.guards,
            routes: self.routes.with_state(state.clone()),
            streams: self.streams.with_state(state),
            policies: self.policies,
        }
    }

    /// Who may call what.
    pub(crate) fn into_policies(self) -> Vec<Policy> {
        self.policies
    }

    /// What the world is told of these routes.
    pub(crate) fn openapi(&self) -> OpenApi {
        let mut whole = self.routes.get_openapi().clone();
        whole.merge(self.streams.get_openapi().clone());
        whole
    }
}

impl Endpoints {
    pub(crate) fn into_routes(self) -> Routes {
        Routes {
            brief: self.routes.split_for_parts().0,
            streams: self.streams.split_for_parts().0,
        }
    }
}

impl Routes {
    /// All of them, for tests that need no limits.
    #[cfg(test)]
    pub(crate) fn into_router(self) -> Router {
        self.brief.merge(self.streams)
    }
}
