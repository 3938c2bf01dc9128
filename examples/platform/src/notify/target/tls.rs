//! Whom we believe to be who they are.

use std::sync::Arc;

use ovasabi_core::{Error, Result};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The authorities that this machine trusts; without any, no `https` target is believed.
pub(super) fn authorities_of_the_machine() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "some authorities of this machine cannot be read");
    }
    let mut roots = RootCertStore::empty();
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    tracing::debug!(added, ignored, "authorities for webhooks");
    roots
}

/// TLS 1.2 and 1.3, without certificates of our own.
pub(super) fn connector(roots: RootCertStore) -> Result<TlsConnector> {
    // Named, not taken from the process: nobody else's choice changes what is spoken here.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
