use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use ovasabi_core::Context;
use ovasabi_core::context::Cause;

use super::{Sse, World, referral};
use crate::notify::{Resolver, Settings};

/// Nobody looks by himself: what comes, comes by the bell.
fn bell_only() -> Settings {
    Settings {
        look: Duration::from_secs(3600),
        keep_alive: Duration::from_millis(10),
        ..Settings::default()
    }
}

async fn world(settings: Settings) -> World {
    World::with(settings, Resolver::system()).await
}

fn request(world: &World, who: &str, last: Option<&str>) -> Request<Body> {
    let mut request = world.request(who, "GET", "/v1/events");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    request.body(Body::empty()).unwrap()
}

async fn open(world: &World, who: &str, last: Option<&str>) -> Response<Body> {
    world.answer(request(world, who, last)).await
}

async fn read(world: &World, who: &str, last: Option<&str>) -> Sse {
    Sse::of(open(world, who, last).await)
}

/// A reader whose stream has looked, has found nothing, and would look again in an hour.
async fn waiting(world: &World, who: &str) -> Sse {
    let mut stream = read(world, who, None).await;
    for _ in 0..5 {
        stream.comment().await;
    }
    stream
}

#[tokio::test]
async fn each_stream_of_a_user_gets_what_happens_and_nobody_elses() {
    let world = world(bell_only()).await;
    world.post(&referral("before", "claimed")).await;
    let (mut one, mut two) = (
        read(&world, "ann", None).await,
        read(&world, "ann", None).await,
    );
    let mut bob = read(&world, "bob", None).await;
    world.post(&referral("e-1", "rewarded")).await;
    world.post(&referral("e-2", "expired")).await;
    for stream in [&mut one, &mut two] {
        let event = stream.next().await.unwrap();
        assert_eq!(
            (event.id.as_str(), event.event.as_str()),
            ("2", "referral.rewarded")
        );
        let data: serde_json::Value = serde_json::from_str(&event.data).unwrap();
        assert_eq!(
            (&data["kind"], &data["data"]["code"]),
            (&"referral.rewarded".into(), &"ABC".into())
        );
        assert_eq!(stream.next().await.unwrap().id, "3");
    }
    assert_eq!(bob.next().await.unwrap().id, "4");
}

#[tokio::test]
async fn who_waits_is_woken_by_what_happens() {
    let world = world(bell_only()).await;
    let mut stream = waiting(&world, "ann").await;
    world.post(&referral("e-1", "claimed")).await;
    assert_eq!(stream.next().await.unwrap().id, "1");
}

#[tokio::test]
async fn a_reader_who_comes_again_gets_exactly_what_he_missed() {
    let world = world(bell_only()).await;
    // More than one page of rows.
    for number in 0..250 {
        world
            .post(&referral(&format!("e-{number}"), "claimed"))
            .await;
    }
    let mut stream = read(&world, "ann", Some("7")).await;
    world.post(&referral("live", "rewarded")).await;
    for expected in 8..=251 {
        assert_eq!(stream.next().await.unwrap().id, expected.to_string());
    }
    drop(stream);
    let query = world
        .request("ann", "GET", "/v1/events?last_event_id=250")
        .body(Body::empty());
    let mut stream = Sse::of(world.answer(query.unwrap()).await);
    assert_eq!(stream.next().await.unwrap().id, "251");
    // Of another database: what is to come, not what will be there some day.
    drop(stream);
    let mut stream = read(&world, "ann", Some("9000")).await;
    world.post(&referral("later", "rewarded")).await;
    assert_eq!(stream.next().await.unwrap().id, "252");
    drop(stream);
    for wrong in ["-1", "+1", "seven", "1.5", "99999999999999999999"] {
        let response = open(&world, "ann", Some(wrong)).await;
        assert_eq!(response.status(), 422, "{wrong}");
    }
}

#[tokio::test]
async fn what_another_process_has_written_is_seen_at_the_next_look() {
    let settings = Settings {
        look: Duration::from_millis(10),
        keep_alive: Duration::from_millis(20),
        ..Settings::default()
    };
    let world = world(settings).await;
    let mut stream = read(&world, "ann", None).await;
    // It is silent, and says so.
    stream.comment().await;
    world
        .other_process()
        .await
        .post(&referral("e-1", "claimed"))
        .await;
    assert_eq!(stream.next().await.unwrap().id, "1");
}

#[tokio::test]
async fn there_are_so_many_streams_of_one_user_and_in_all() {
    let settings = Settings {
        streams: 4,
        ..bell_only()
    };
    let world = world(settings).await;
    let mut ann = Vec::new();
    for _ in 0..3 {
        ann.push(read(&world, "ann", None).await);
    }
    let refused = open(&world, "ann", None).await;
    assert_eq!(
        (
            refused.status().as_u16(),
            refused.headers()["retry-after"].to_str().unwrap()
        ),
        (429, "5")
    );
    let _bob = read(&world, "bob", None).await;
    let refused = open(&world, "cid", None).await;
    assert_eq!(
        (
            refused.status().as_u16(),
            refused.headers()["retry-after"].to_str().unwrap()
        ),
        (503, "5")
    );
    // A refusal takes no seat, and who leaves makes room.
    assert_eq!(world.notify.0.streams.count(), 4);
    ann.pop();
    read(&world, "cid", None).await;
    read(&world, "ann", None).await;
    let wrong = open(&world, "ann", Some("x")).await;
    assert_eq!(
        (wrong.status().as_u16(), world.notify.0.streams.count()),
        (422, 3)
    );
}

#[tokio::test]
async fn a_stream_ends_with_a_word_when_the_server_drains() {
    let world = world(bell_only()).await;
    let mut stream = waiting(&world, "ann").await;
    let reading = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Some(event) = stream.next().await {
            all.push(event);
        }
        all
    });
    world.notify.end_streams();
    let all = reading.await.unwrap();
    let [bye] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!((bye.event.as_str(), bye.retry.as_str()), ("bye", "2000"));
    assert_eq!(bye.data, r#"{"reason":"draining"}"#);
    assert_eq!(world.notify.0.streams.count(), 0);
    assert_eq!(open(&world, "ann", None).await.status(), 503);
}

#[tokio::test]
async fn a_stream_ends_with_the_token_of_its_reader() {
    let settings = Settings {
        look: Duration::from_millis(10),
        ..Settings::default()
    };
    let world = world(settings).await;
    let mut stream = read(&world, "ann", None).await;
    world.post(&referral("e-1", "claimed")).await;
    assert_eq!(stream.next().await.unwrap().id, "1");
    world.date.advance(Duration::from_secs(24 * 3600));
    world.post(&referral("e-2", "claimed")).await;
    let bye = stream.next().await.unwrap();
    assert_eq!(
        (bye.event.as_str(), bye.data.as_str()),
        ("bye", r#"{"reason":"token_expired"}"#)
    );
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn the_deadline_of_the_request_does_not_end_the_stream() {
    let world = world(bell_only()).await;
    let outer = Context::background();
    let response = world
        .answer(outer.attach(request(&world, "ann", None)))
        .await;
    let mut stream = Sse::of(response);
    outer.cancel(Cause::DeadlineExceeded);
    world.post(&referral("e-1", "claimed")).await;
    assert_eq!(stream.next().await.unwrap().id, "1");
}
