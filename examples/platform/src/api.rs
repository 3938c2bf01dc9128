//! All that the services answer to, as data: the document for the world, and the table of policies.

use anyhow::Result;
use ovasabi_auth::jose::SigningKey;
use ovasabi_auth::token::AccessTokenVerifier;
use serde::Serialize;
use utoipa::openapi::OpenApi;

use crate::endpoints::{Guards, Policy, document};
use crate::{accounts, notify, rewards};

/// The OpenAPI document of all routes that the world may know.
pub(crate) fn openapi() -> Result<OpenApi> {
    Ok(document(parts()?))
}

fn parts() -> Result<[OpenApi; 3]> {
    let guards = closed()?;
    Ok([
        accounts::endpoints(guards.clone()).openapi(),
        rewards::endpoints(guards.clone()).openapi(),
        notify::endpoints(guards).openapi(),
    ])
}

/// A row of the table of policies.
#[derive(Serialize)]
pub(crate) struct Row {
    service: &'static str,
    #[serde(flatten)]
    policy: Policy,
}

/// Who may call what: every route of every service, those between services too.
pub(crate) fn policies() -> Result<Vec<Row>> {
    let guards = closed()?;
    let all = [
        (
            "accounts",
            accounts::endpoints(guards.clone()).into_policies(),
        ),
        (
            "rewards",
            rewards::endpoints(guards.clone()).into_policies(),
        ),
        ("notify", notify::endpoints(guards).into_policies()),
    ];
    let rows = all.into_iter().flat_map(|(service, policies)| {
        let row = move |policy| Row { service, policy };
        policies.into_iter().map(row)
    });
    Ok(rows.collect())
}

/// Guards that let nobody in: these routes are looked at, and never served.
fn closed() -> Result<Guards> {
    let accounts::Settings {
        issuer, audience, ..
    } = accounts::Settings::default();
    let verifier = AccessTokenVerifier::builder(issuer, audience);
    let verifier = verifier
        .key(SigningKey::generate()?.verifying_key())
        .build()?;
    Ok(Guards::tokens(&verifier))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// One document has one place for each name: what comes second is lost, and an operation describes a stranger's body.
    #[test]
    fn no_two_services_mean_different_things_by_one_name() {
        let mut known = BTreeMap::new();
        for part in parts().unwrap() {
            for (name, schema) in part.components.unwrap().schemas {
                let schema = serde_json::to_value(&schema).unwrap();
                let same = known.entry(name.clone()).or_insert_with(|| schema.clone());
                assert_eq!(*same, schema, "two services have a `{name}`");
            }
        }
    }
}
