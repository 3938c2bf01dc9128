//! The routes, as an outsider with curl sees them.

use std::process::Command;

use crate::program::Running;
use crate::serve::serve;

/// One that serves, and somebody who has logged in.
struct Client {
    address: String,
    token: String,
    _serving: Running,
    _folder: tempfile::TempDir,
}

impl Client {
    fn start() -> Self {
        let (serving, folder, lines) = serve();
        let address = lines[4].rsplit(' ').next().unwrap();
        let address = address.strip_suffix("/v1/me").unwrap().to_owned();
        let script = format!("{} >&2\n{}\necho $TOKEN", lines[0], lines[1]);
        let token = output(Command::new("bash").args(["-c", &script]));
        let client = Self {
            address,
            token: token.trim().to_owned(),
            _serving: serving,
            _folder: folder,
        };
        // The wallet comes by event.
        for _ in 0..200 {
            if client.ask(&["/v1/wallet"]).starts_with("200 ") {
                return client;
            }
            std::thread::yield_now();
        }
        panic!("there is no wallet");
    }

    /// Status, content type and body of the answer to a path and what curl shall do with it.
    fn ask(&self, arguments: &[&str]) -> String {
        let (path, rest) = arguments.split_first().unwrap();
        let mut curl = Command::new("curl");
        curl.args(["-s", "-w", "\n%{http_code} %{content_type}"])
            .arg(format!("{}{path}", self.address))
            .args(["-H", &format!("authorization: Bearer {}", self.token)])
            .args(rest);
        let text = output(&mut curl);
        let (body, head) = text.rsplit_once('\n').unwrap();
        format!("{head} {body}")
    }

    fn transfer(&self, body: &str, keys: &[&str]) -> String {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| format!("idempotency-key: {key}"))
            .collect();
        let mut arguments = vec!["/v1/wallet/transfers", "-d", body];
        arguments.extend(["-H", "content-type: application/json"]);
        for key in &keys {
            arguments.extend(["-H", key]);
        }
        self.ask(&arguments)
    }
}

fn output(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn a_path_that_cannot_be_read_is_a_problem_like_any_other() {
    let client = Client::start();
    for path in ["/v1/wallets/%ff", "/v1/wallets/%ff/entries"] {
        let answer = client.ask(&[path]);
        assert!(
            answer.starts_with("400 application/problem+json"),
            "{answer}"
        );
        assert!(answer.contains("\"reason\":\"http.path\""), "{answer}");
    }
}

#[test]
fn a_method_that_a_path_does_not_take_is_told_so() {
    let client = Client::start();
    let answer = client.ask(&["/v1/me", "-X", "DELETE"]);
    assert!(
        answer.starts_with("405 application/problem+json"),
        "{answer}"
    );
    assert!(answer.contains("this path takes other methods"), "{answer}");
}

/// The texts of `to` must exist to be paid, so what is refused here is the memo, or not.
#[test]
fn a_memo_is_measured_in_characters() {
    let client = Client::start();
    let memo = |length| {
        let memo = "\u{e9}".repeat(length);
        let body = format!(r#"{{"to":"nobody","amount_minor":1,"memo":"{memo}"}}"#);
        client.transfer(&body, &["memo"])
    };
    let fits = memo(140);
    assert!(fits.contains("wallet.unknown_recipient"), "{fits}");
    let too_long = memo(141);
    assert!(too_long.contains("\"field\":\"memo\""), "{too_long}");
}

#[test]
fn a_transfer_needs_one_key_and_not_two() {
    let client = Client::start();
    let body = r#"{"to":"nobody","amount_minor":1}"#;
    for keys in [&[][..], &["one", "two"], &["same", "same"]] {
        let answer = client.transfer(body, keys);
        assert!(
            answer.starts_with("422 application/problem+json"),
            "{answer}"
        );
        assert!(
            answer.contains("\"reason\":\"idempotency.key\""),
            "{answer}"
        );
    }
    let answer = client.transfer(body, &["one"]);
    assert!(answer.contains("wallet.unknown_recipient"), "{answer}");
}

#[test]
fn nobody_can_pay_into_the_wallet_of_the_system() {
    let client = Client::start();
    let answer = client.transfer(r#"{"to":"system","amount_minor":1}"#, &["system"]);
    assert!(answer.starts_with("422 "), "{answer}");
    assert!(answer.contains("wallet.unknown_recipient"), "{answer}");
    let wallet = client.ask(&["/v1/wallet"]);
    assert!(wallet.contains("\"balance_minor\":1000"), "{wallet}");
}
