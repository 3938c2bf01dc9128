//! When two names mean one thing, and which names belong to secrets.

/// The field that `key` names a file for: `password` for `password_file`.
pub(super) fn companion<'a>(fields: &[&'a str], key: &str) -> Option<&'a str> {
    let base = squash(key);
    let base = base.strip_suffix("file")?;
    if !fold(key).ends_with("_file") && !key.ends_with("File") {
        return None;
    }
    fields.iter().copied().find(|field| squash(field) == base)
}

/// Whether a name is one that people give to secrets.
pub(super) fn looks_secret(name: &str) -> bool {
    let name = fold(name);
    SECRET_NAMES
        .iter()
        .any(|word| name == *word || name.ends_with(&format!("_{word}")))
        || ["password", "passwd", "passphrase", "secret"]
            .iter()
            .any(|word| name.ends_with(word))
}

/// Words at the end of a name that mark a secret.
pub(super) const SECRET_NAMES: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "secret_key",
    "access_key",
    "credential",
    "credentials",
];

/// The name meant by a level: as written, else but for case and `-`, else but for every separator.
pub(super) fn meant(
    names: impl Iterator<Item = &'static str> + Clone,
    level: &str,
) -> Option<&'static str> {
    let mut same = names.clone().filter(|name| *name == level);
    let mut folded = names.clone().filter(|name| fold(name) == fold(level));
    let mut squashed = names.filter(|name| squash(name) == squash(level));
    same.next()
        .or_else(|| folded.next())
        .or_else(|| squashed.next())
}

/// Case and `-` aside.
pub(super) fn fold(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// Case and every separator aside.
fn squash(name: &str) -> String {
    name.to_lowercase().replace(['-', '_'], "")
}
