//! A platform under its operator: both of its ports, and a token of somebody.

use std::process::Command;

use serde_json::Value;

use crate::program::Running;
use crate::serve::serve;

/// A platform, its two ports, and a token of somebody.
pub(crate) struct Operated {
    pub(crate) serving: Running,
    public: String,
    pub(crate) admin: String,
    token: String,
    _folder: tempfile::TempDir,
}

impl Operated {
    pub(crate) fn start() -> Self {
        Self::of(serve())
    }

    pub(crate) fn of((serving, folder, lines): (Running, tempfile::TempDir, Vec<String>)) -> Self {
        let base = |line: &str, path: &str| {
            let url = line.rsplit(' ').next().unwrap();
            url.strip_suffix(path).unwrap().to_owned()
        };
        Self {
            serving,
            public: base(&lines[4], "/v1/me"),
            admin: base(&lines[5], "/metrics"),
            token: "none".to_owned(),
            _folder: folder,
        }
    }

    /// With an account, and the wallet that comes by event.
    pub(crate) fn with_account() -> Self {
        let (serving, folder, lines) = serve();
        let script = format!("{} >&2\n{}\necho $TOKEN", lines[0], lines[1]);
        let token = output(Command::new("bash").args(["-c", &script]));
        let mut operated = Self::of((serving, folder, lines));
        token.trim().clone_into(&mut operated.token);
        for _ in 0..200 {
            if operated.ask("/v1/wallet").0 == 200 {
                return operated;
            }
            std::thread::yield_now();
        }
        panic!("there is no wallet");
    }

    /// Asks the public port.
    pub(crate) fn ask(&self, path: &str) -> (u16, String) {
        let token = format!("authorization: Bearer {}", self.token);
        curl(&format!("{}{path}", self.public), &["-H", &token])
    }

    /// Asks the admin port.
    pub(crate) fn look(&self, path: &str) -> (u16, Value) {
        let (status, body) = curl(&format!("{}{path}", self.admin), &[]);
        (status, serde_json::from_str(&body).unwrap())
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.admin);
        let json = ["-X", "PUT", "-H", "content-type: application/json"];
        let (status, body) = curl(&url, &[&json[..], &["-d", &body.to_string()]].concat());
        (status, serde_json::from_str(&body).unwrap())
    }
}

/// Status and body of the answer.
pub(crate) fn curl(url: &str, arguments: &[&str]) -> (u16, String) {
    let mut curl = Command::new("curl");
    curl.args(["-s", "-w", "\n%{http_code}", url])
        .args(arguments);
    let text = output(&mut curl);
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

fn output(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}
