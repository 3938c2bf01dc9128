//! Values that must not be seen.

use std::fmt;

use secrecy::zeroize::Zeroize;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::ser::{Serialize, Serializer};

/// The name by which the loader recognises a secret while it reads.
pub(super) const MARK: &str = "$ovasabi::config::Secret";

/// What stands where a secret would.
pub(super) const REDACTED: &str = "***";

/// A value that `Debug` and `Serialize` show as `***`, and that is wiped from memory when dropped.
///
/// In a configuration it can also be given as the path of a file that holds it, see the
/// [module](crate::config#secrets). There is no `Display` and no comparison; [`Secret::expose`] is the only way
/// to the text and easy to search for.
///
/// ```
/// use ovasabi_core::config::Secret;
///
/// let password = Secret::from("hunter2".to_owned());
/// assert_eq!(password.expose(), "hunter2");
/// assert_eq!(format!("{password:?}"), "Secret(***)");
/// assert_eq!(serde_json::to_string(&password).unwrap(), r#""***""#);
/// ```
pub struct Secret<T: Zeroize = String>(SecretBox<T>);

impl<T: Zeroize> Secret<T> {
    /// Hides a value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(SecretBox::new(Box::new(value)))
    }

    /// The value itself. Keep what you make of it as short-lived as you can.
    #[must_use]
    #[doc(alias = "expose_secret")]
    pub fn expose(&self) -> &T {
        self.0.expose_secret()
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// For libraries that take `secrecy`'s own type.
impl From<Secret> for SecretString {
    fn from(secret: Secret) -> Self {
        Self::from(secret.expose().as_str())
    }
}

impl<T: Zeroize + Clone> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self::new(self.expose().clone())
    }
}

impl<T: Zeroize + Default> Default for Secret<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// Constant: neither the text nor its length.
impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({REDACTED})")
    }
}

/// Constant: a secret does not leave by being part of something that does.
impl<T: Zeroize> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

impl<'de, T: Zeroize + Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(MARK, SecretVisitor(std::marker::PhantomData))
    }
}

struct SecretVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Zeroize + Deserialize<'de>> Visitor<'de> for SecretVisitor<T> {
    type Value = Secret<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
        // Other formats put the text that they read into their errors.
        T::deserialize(inner)
            .map(Secret::new)
            .map_err(|_| D::Error::custom("not a valid secret"))
    }
}
