//! One request, one trace: through gateway, service, database, job and notification.

use serde_json::Value;

use crate::cast;
use crate::http::Ask;
use crate::installation::Installation;

/// Lines of a log with this trace id, as (target, message).
fn lines(log: &str, trace: &str) -> Vec<(String, String)> {
    let lines = log.lines().filter(|line| line.contains(trace));
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let text = |line: &Value, field: &str| line[field].as_str().unwrap_or_default().to_owned();
    lines
        .map(|line| (text(&line, "target"), text(&line, "message")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_a_qualification_is_in_the_logs_of_all_whom_it_reaches() {
    let it = Installation::split(&["--log.filter=info,sqlx=debug"]);
    let http = it.public();
    let root = cast::promoted(&it, cast::join(&http, "root").await, "admin").await;
    let pat = cast::promoted(&it, cast::join(&http, "pat").await, "partner").await;
    let (ada, bob) = (
        cast::join(&http, "ada").await,
        cast::join(&http, "bob").await,
    );
    cast::campaign(&http, &root, &pat, "spring", 500, 5_000).await;
    let shop = cast::shop(&http, &pat).await;
    let (id, code) = cast::referral(&http, &ada, "spring", "one").await;
    http.send(&cast::claim(&code, &bob)).await.expect(200);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let ask = cast::qualify(&shop, &id, "order").header("traceparent", &parent);
    http.send(&ask).await.expect(200);
    cast::until("the notification", async || {
        let ask = Ask::get("/v1/notifications").token(&ada.token);
        let listed = http.send(&ask).await.expect(200).json();
        listed
            .to_string()
            .contains("referral.rewarded")
            .then_some(())
    })
    .await;
    let found = |role: &str, target: &str| {
        let lines = lines(&it.log(role), trace);
        let is_there = lines.iter().any(|(its, _)| its.starts_with(target));
        assert!(is_there, "{role} has no line of {target}: {lines:?}");
    };
    found("gateway", "ovasabi::access");
    found("rewards", "ovasabi::access");
    found("rewards", "sqlx");
    found("worker", "platform::rewards"); // the job that pays
    found("worker", "platform::worker"); // the event that is sent
    found("notify", "platform::notify"); // the notification
}
