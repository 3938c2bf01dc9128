//! Rules of the application's own.

/// What a check of [`Loader::check`](super::Loader::check) has found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    findings: Vec<(String, String)>,
}

impl Report {
    /// Refuses the value of `key`, a path such as `db.min_connections`; its value and its place are looked up.
    /// `message` says what is allowed, in lower case and without a full stop. It must not repeat secrets.
    pub fn refuse(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.findings.push((key.into(), message.into()));
    }

    pub(super) fn into_findings(self) -> Vec<(String, String)> {
        self.findings
    }
}
