//! Named slots for foreign layers.

use super::ServerStackBuilder;

/// Where a foreign layer goes in a [`ServerStack`](super::ServerStack).
///
/// | slot | stands | for |
/// |---|---|---|
/// | [`Slot::Edge`] | around everything | `ContextLayer`, `HttpServerLayer` |
/// | [`Slot::Auth`] | inside of the deadline and the concurrency limit, outside of the rate limit | `AuthLayer` |
/// | [`Slot::Policy`] | inside of the rate limit | `RequireLayer` |
#[derive(Clone, Copy, Debug)]
pub struct Slot(());

#[expect(
    non_upper_case_globals,
    reason = "they read as the variants that they would be, were types values"
)]
impl Slot {
    /// Around everything.
    pub const Edge: EdgeSlot = EdgeSlot(());
    /// Who is calling: before the rate limit, which may go by caller.
    pub const Auth: AuthSlot = AuthSlot(());
    /// What they may do: next to the service.
    pub const Policy: PolicySlot = PolicySlot(());
}

/// [`Slot::Edge`].
#[derive(Clone, Copy, Debug)]
pub struct EdgeSlot(());

/// [`Slot::Auth`].
#[derive(Clone, Copy, Debug)]
pub struct AuthSlot(());

/// [`Slot::Policy`].
#[derive(Clone, Copy, Debug)]
pub struct PolicySlot(());

/// A slot of a builder, and what the builder becomes with `L` in it.
pub trait Place<B, L> {
    /// The builder with the layer in the slot.
    type Filled;

    /// Puts `layer` there; one that was there is gone.
    fn fill(self, builder: B, layer: L) -> Self::Filled;
}

impl<G, E, A, P, L> Place<ServerStackBuilder<G, E, A, P>, L> for EdgeSlot {
    type Filled = ServerStackBuilder<G, L, A, P>;

    fn fill(self, builder: ServerStackBuilder<G, E, A, P>, layer: L) -> Self::Filled {
        builder.with_layers(|(_, auth, policy)| (layer, auth, policy))
    }
}

impl<G, E, A, P, L> Place<ServerStackBuilder<G, E, A, P>, L> for AuthSlot {
    type Filled = ServerStackBuilder<G, E, L, P>;

    fn fill(self, builder: ServerStackBuilder<G, E, A, P>, layer: L) -> Self::Filled {
        builder.with_layers(|(edge, _, policy)| (edge, layer, policy))
    }
}

impl<G, E, A, P, L> Place<ServerStackBuilder<G, E, A, P>, L> for PolicySlot {
    type Filled = ServerStackBuilder<G, E, A, L>;

    fn fill(self, builder: ServerStackBuilder<G, E, A, P>, layer: L) -> Self::Filled {
        builder.with_layers(|(edge, auth, _)| (edge, auth, layer))
    }
}
