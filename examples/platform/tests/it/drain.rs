//! Each role is stopped in good order, under load, with a listener.

use serde_json::json;

use crate::cast;
use crate::http::{Ask, Http};
use crate::installation::{Installation, ROLES};
use crate::listener::Listener;
use crate::program::{Running, command};
use crate::traffic::Traffic;

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_of_any_role_loses_nothing_and_breaks_no_stream() {
    let mut it = Installation::split(&["--upstream.breaker.wait_duration_in_open=200ms"]);
    let traffic = Traffic::start(&it, &[it.public()]).await;
    let listener = Listener::new(it.public(), &traffic.referrers[0]);
    for by_signal in [true, false] {
        for role in ROLES {
            traffic.moves(3).await;
            let before = listener.heard();
            if by_signal {
                it.terminate(role);
            } else {
                let drain = Ask::post("/drain", &json!({}));
                it.admin(role).send(&drain).await.expect(202);
            }
            let (code, drained) = it.ended(role);
            assert_eq!(code, Some(0), "{role}: {}", it.log(role));
            assert!(drained.ends_with("aborted 0"), "{role}: {drained}");
            it.restart(role);
            if role == "notify" {
                cast::until("a last word through the gateway", async || {
                    (listener.heard().byes > before.byes).then_some(())
                })
                .await;
            }
            if matches!(role, "notify" | "gateway") {
                cast::until("the next stream", async || {
                    (listener.heard().streams > before.streams).then_some(())
                })
                .await;
            }
        }
    }
    let qualified = traffic.end().await;
    let heard = cast::until("all events", async || {
        let heard = listener.heard();
        (heard.of("referral.rewarded") >= qualified[0]).then_some(heard)
    })
    .await;
    println!(
        "qualified {qualified:?}, streams {}, byes {}",
        heard.streams, heard.byes
    );
    assert_eq!(heard.of("referral.rewarded"), qualified[0]);
    assert!(
        heard.events.is_sorted_by(|one, next| one.0 < next.0),
        "{heard:?}"
    );
    assert_eq!(heard.broken, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_each_role_at_once() {
    for role in ROLES {
        let folder = tempfile::tempdir().unwrap();
        let admin = match role {
            "gateway" => "admin".to_owned(),
            role => format!("{role}.admin"),
        };
        let listen = match role {
            "gateway" => vec!["--public=127.0.0.1:0".to_owned()],
            "worker" => Vec::new(),
            role => vec![format!("--{role}.listen=127.0.0.1:0")],
        };
        let mut command = command(&[role, "--drain.delay=1h", "--log.filter=off"]);
        command.arg(format!("--{admin}=127.0.0.1:0")).args(listen);
        command.current_dir(folder.path());
        let mut running = Running::start(command);
        let line = running.line(role);
        let (_, admin) = line.rsplit_once("http://").unwrap();
        let admin = Http::new(admin.parse().unwrap());
        running.terminate();
        cast::until("the drain", async || {
            let ready = admin.send(&Ask::get("/readyz")).await;
            (ready.json()["stage"] == "draining").then_some(())
        })
        .await;
        running.terminate();
        assert_eq!(running.end().0, Some(128 + 15), "{role}");
    }
}
