//! Tokens: `ovasabi-auth`, a peer, and the cryptography alone.

mod api_key;
mod layer;
mod token;

use crate::Area;

/// All of them.
pub const AREAS: &[Area] = &[
    Area {
        name: "HS256",
        cases: token::HS256,
    },
    Area {
        name: "ES256",
        cases: token::ES256,
    },
    Area {
        name: "EdDSA",
        cases: token::EDDSA,
    },
    Area {
        name: "RS256",
        cases: token::RS256,
    },
    Area {
        name: "known and refused",
        cases: token::WITHOUT_CRYPTOGRAPHY,
    },
    Area {
        name: "API key",
        cases: api_key::CASES,
    },
    Area {
        name: "layer",
        cases: layer::CASES,
    },
];
