//! The layer.

use std::sync::Arc;

use ovasabi_core::inspect::{Inspected, NameTaken, Registry};
use ovasabi_core::reject::{AsGrpc, AsResponse, Name};
use tower_layer::Layer;

use super::counters::Counters;
use super::gate::{Gate, Mode};
use super::realm::Challenges;
use super::{AuthService, Authenticate, Realm};
#[cfg(doc)]
use crate::answer::Answer;

/// Verifies the credential of each request. See the [module](super) for what it answers.
///
/// Clones and all services that it makes share their counters.
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct AuthLayer<R = AsResponse> {
    gate: Arc<Gate>,
    realm: Realm,
    answer: R,
}

impl AuthLayer {
    /// Refuses requests without a valid credential.
    pub fn required(known: impl Authenticate) -> Self {
        Self::new(known, Mode::Required)
    }

    /// Lets requests without a credential pass as anonymous; a bad credential is refused all the same.
    pub fn optional(known: impl Authenticate) -> Self {
        Self::new(known, Mode::Optional)
    }

    fn new(known: impl Authenticate, mode: Mode) -> Self {
        let counters = Arc::new(Inspected::new(Counters::new(Name::from_static("auth"))));
        let realm = Realm::default();
        let known: Vec<Arc<dyn Authenticate>> = vec![Arc::new(known)];
        Self {
            gate: Arc::new(Gate {
                challenges: Challenges::new(&realm, known.iter().map(|known| known.scheme())),
                headers: known.iter().filter_map(|known| known.header()).collect(),
                known,
                mode,
                counters,
            }),
            realm,
            answer: AsResponse,
        }
    }
}

impl<R> AuthLayer<R> {
    /// Knows another kind of credential too, which is asked about what those before do not know.
    pub fn or(mut self, known: impl Authenticate) -> Self {
        let gate = Arc::make_mut(&mut self.gate);
        let header = known.header();
        let header = header.filter(|name| !gate.headers.contains(name));
        gate.headers.extend(header);
        gate.known.push(Arc::new(known));
        self.challenge()
    }

    /// Sets what challenges ask for. Default: `api`.
    pub fn realm(mut self, realm: &Realm) -> Self {
        self.realm = realm.clone();
        self.challenge()
    }

    fn challenge(mut self) -> Self {
        let gate = Arc::make_mut(&mut self.gate);
        let schemes = gate.known.iter().map(|known| known.scheme());
        gate.challenges = Challenges::new(&self.realm, schemes);
        self
    }

    /// Sets the name under which it is inspected, with counters of its own: before [`inspect`](Self::inspect), which shows
    /// those of the name that it has then. Default: `auth`.
    pub fn name(mut self, name: impl Into<Name>) -> Self {
        Arc::make_mut(&mut self.gate).counters =
            Arc::new(Inspected::new(Counters::new(name.into())));
        self
    }

    /// Lets `registry` show its counters: accepted, anonymous, refused by reason.
    ///
    /// # Errors
    /// [`NameTaken`] when another layer of this name is alive.
    pub fn inspect(self, registry: &Registry) -> Result<Self, NameTaken> {
        registry.register(&self.gate.counters)?;
        Ok(self)
    }

    /// Answers with gRPC statuses alone, for bodies that cannot hold a problem (tonic's).
    pub fn responding_grpc(self) -> AuthLayer<AsGrpc> {
        AuthLayer {
            gate: self.gate,
            realm: self.realm,
            answer: AsGrpc,
        }
    }

    /// Answers with an [`Answer`] of one's own, for bodies that are neither.
    pub fn responding_with<A>(self, answer: A) -> AuthLayer<A> {
        AuthLayer {
            gate: self.gate,
            realm: self.realm,
            answer,
        }
    }

    /// Wraps a service: [`Layer::layer`], where a hint of the compiler is not hidden behind a builder.
    #[must_use]
    pub fn wrap<S>(&self, inner: S) -> AuthService<S, R>
    where
        R: Clone,
    {
        self.layer(inner)
    }
}

impl<S, R: Clone> Layer<S> for AuthLayer<R> {
    type Service = AuthService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthService::new(inner, Arc::clone(&self.gate), self.answer.clone())
    }
}
