//! How often somebody may ask.

use crate::cast;
use crate::http::Ask;
use crate::installation::Installation;

/// Both come from one address; each has a limit of their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_asks_too_often_is_told_when_to_come_back_and_others_are_not() {
    let it = Installation::whole(&["--limits.caller_per_second=5"]);
    let http = it.public();
    let (ada, bob) = (
        cast::join(&http, "ada").await,
        cast::join(&http, "bob").await,
    );
    let me = Ask::get("/v1/me").token(&ada.token);
    let refused = cast::until("a limit", async || {
        let answer = http.send(&me).await;
        (answer.status == 429).then_some(answer)
    })
    .await;
    assert_eq!(refused.reason(), "rate_limited");
    assert_eq!(refused.header("retry-after"), "1");
    http.send(&Ask::get("/v1/me").token(&bob.token))
        .await
        .expect(200);
    // What needs no token is not counted for her.
    http.send(&Ask::get("/v1/campaigns")).await.expect(200);
}
