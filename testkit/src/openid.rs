//! A real OpenID provider.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::program::{find_program, or_skip};
use crate::server::Server;
use crate::{Ready, ServerBuilder};

/// The provider's program, and where `cargo xtask setup` installs what it needs.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/provider");

/// An OpenID provider on loopback: npm's `oidc-provider`, in the settings of `testkit/provider/provider.mjs`. There are its
/// clients (`orders`, `api` and others), its scopes, and the resources that say what kind of access
/// token is asked for.
///
/// Its keys last over restarts, what it knows of opaque tokens does not. `GET /requests` tells how often each path was asked
/// since its start, as a JSON object.
///
/// # Examples
///
/// ```
/// use ovasabi_testkit::OpenIdProvider;
///
/// # fn main() -> Result<(), ovasabi_testkit::Error> {
/// let Some(provider) = OpenIdProvider::start_or_skip()? else { return Ok(()) };
/// assert!(provider.issuer().starts_with("http://127.0.0.1:"));
/// provider.restart_with_new_keys()?;
/// provider.server().kill()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OpenIdProvider(Server);

impl OpenIdProvider {
    /// Starts it and waits until it listens. `None` tells the test to return at once: it is not installed, and that was said as
    /// [`require_or_skip`](crate::require_or_skip) does.
    ///
    /// # Errors
    ///
    /// As [`ServerBuilder::start`].
    ///
    /// # Panics
    ///
    /// If it is not installed and `OVASABI_REQUIRE_SERVICES` is set.
    #[track_caller]
    pub fn start_or_skip() -> Result<Option<Self>, Error> {
        Self::start(&[])
    }

    /// As [`start_or_skip`](Self::start_or_skip), of a provider that asks for a nonce of its own in each DPoP proof (RFC 9449 §8).
    ///
    /// # Errors
    ///
    /// As [`ServerBuilder::start`].
    ///
    /// # Panics
    ///
    /// If it is not installed and `OVASABI_REQUIRE_SERVICES` is set.
    #[track_caller]
    pub fn start_with_nonces_or_skip() -> Result<Option<Self>, Error> {
        Self::start(&["--nonces"])
    }

    #[track_caller]
    fn start(options: &'static [&'static str]) -> Result<Option<Self>, Error> {
        let Some(node) = or_skip("oidc-provider", node()) else {
            return Ok(None);
        };
        builder(node, options).start().map(Self).map(Some)
    }

    /// Its name, which is also its URL: `http://127.0.0.1:PORT`. The same over restarts.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://{}", self.0.addr())
    }

    /// The URL of a path such as `/token`, `/token/introspection` or `/token/revocation`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        self.issuer() + path
    }

    /// The secret of a client. It has characters that have to be encoded in a header.
    #[must_use]
    pub fn secret(client: &str) -> String {
        format!("{client}: 100%+ secret")
    }

    /// The private key of a client that says who it is with assertions, `signs-es256` or `signs-eddsa`, as a PEM file. Its id
    /// is `key of NAME`.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn key(&self, client: &str) -> Result<String, Error> {
        std::fs::read_to_string(self.0.dir().join(format!("{client}.pem")))
            .map_err(Error::io("read the key of a client"))
    }

    /// The process: to kill, and to start again with the same keys.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.0
    }

    /// Starts it again on the same port, with other keys. Those of before are gone from its set.
    ///
    /// # Errors
    ///
    /// As [`Server::restart`].
    pub fn restart_with_new_keys(&self) -> Result<(), Error> {
        std::fs::remove_file(self.0.dir().join("keys.json"))
            .map_err(Error::io("remove the provider's keys"))?;
        self.0.restart()
    }
}

fn builder(node: PathBuf, options: &'static [&'static str]) -> ServerBuilder {
    let arguments = move |port: u16, dir: &Path| {
        let own = [
            format!("{FOLDER}/provider.mjs"),
            port.to_string(),
            dir.display().to_string(),
        ];
        own.into_iter()
            .chain(options.iter().map(|&option| option.to_owned()))
    };
    Server::builder(node)
        .args(arguments)
        .ready(Ready::Line("listening on ".to_owned()))
}

/// The Node.js that runs it, if both are there: the one that was installed for it, or the machine's.
fn node() -> Option<PathBuf> {
    let folder = Path::new(FOLDER);
    if !folder.join("node_modules/.installed.json").is_file() {
        return None;
    }
    let packages = std::fs::read_dir(folder.join("node/node_modules"));
    let mut programs = packages
        .into_iter()
        .flatten()
        .flatten()
        .map(|package| package.path().join("bin/node"));
    programs
        .find(|program| program.is_file())
        .or_else(|| find_program("node"))
}
