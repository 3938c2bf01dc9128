//! Calls with random pauses, against a model that is slow and obvious.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use http_body_util::channel::Channel;
use ovasabi_core::{Context, Rejection};
use ovasabi_resilience::deadline::{Deadline, Totals};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};
use tower::{BoxError, Layer, ServiceExt, service_fn};

use super::MS;

/// Milliseconds.
#[derive(Clone, Debug)]
struct Script {
    limit: Option<u32>,
    caller: Option<u32>,
    idle: Option<u32>,
    head: u32,
    pauses: Vec<u32>,
}

/// What became of a call: which count it made, when, and after how many frames.
#[derive(Debug, PartialEq, Eq)]
struct Fate {
    counted: Option<&'static str>,
    frames: usize,
    at: Duration,
}

fn script() -> impl Strategy<Value = Script> {
    let some = |range| proptest::option::of(range);
    (
        some(1..100_u32),
        some(1..100_u32),
        some(1..30_u32),
        0..40_u32,
        proptest::collection::vec(0..40_u32, 0..8),
    )
        .prop_map(|(limit, caller, idle, head, pauses)| Script {
            // No two things happen at once: who is first then is not what this is about.
            limit: limit.map(|limit| limit * 10 + 3),
            caller: caller.map(|caller| caller * 10 + 6),
            idle: idle.map(|idle| idle * 10 + 1),
            head: head * 10,
            pauses: pauses.into_iter().map(|pause| pause * 10).collect(),
        })
}

/// Walks through time, one millisecond after the other.
fn expected(script: &Script) -> Fate {
    let Script {
        limit,
        caller,
        idle,
        head,
        pauses,
    } = script;
    let mut frames = 0;
    let mut since = *head;
    for now in 0_u32.. {
        let part = if now < *head { "head" } else { "body" };
        let fate = |by, frames| {
            let counted = match (part, by) {
                (_, "idle") => "body_idle",
                ("head", "own") => "head_own",
                ("head", _) => "head_caller",
                (_, "own") => "body_own",
                _ => "body_caller",
            };
            let at = MS * now;
            Fate {
                counted: Some(counted),
                frames,
                at,
            }
        };
        if part == "body" {
            while let Some(pause) = pauses.get(frames).filter(|pause| since + **pause <= now) {
                since += pause;
                frames += 1;
            }
            if frames == pauses.len() {
                return Fate {
                    counted: None,
                    frames,
                    at: MS * now,
                };
            }
        }
        if *limit == Some(now) {
            return fate("own", frames);
        }
        if *caller == Some(now) {
            return fate("caller", frames);
        }
        if part == "body" && idle.is_some_and(|idle| since + idle == now) {
            return fate("idle", frames);
        }
    }
    unreachable!("every script ends")
}

async fn run(script: &Script) -> Fate {
    let limit = script.limit.map_or(Duration::MAX, |limit| MS * limit);
    let deadline = Deadline::total("model", limit)
        .body_idle(script.idle.map(|idle| MS * idle))
        .build()
        .unwrap();
    let (head, pauses) = (script.head, script.pauses.clone());
    let service = deadline
        .layer()
        .until_body_end()
        .layer(service_fn(move |_: Request<()>| {
            let pauses = pauses.clone();
            async move {
                if head > 0 {
                    sleep(MS * head).await;
                }
                let (mut sender, body) = Channel::<Bytes, BoxError>::new(16);
                tokio::spawn(async move {
                    for pause in pauses {
                        if pause > 0 {
                            sleep(MS * pause).await;
                        }
                        if sender
                            .send_data(Bytes::from_static(b"frame"))
                            .await
                            .is_err()
                        {
                            return;
                        }
                    }
                });
                Ok::<_, BoxError>(Response::new(body))
            }
        }));
    let start = Instant::now();
    let mut request = Request::new(());
    if let Some(caller) = script.caller {
        request = Context::background()
            .with_timeout(MS * caller)
            .attach(request);
    }
    let mut frames = 0;
    let error = match service.oneshot(request).await {
        Err(error) => Some(error),
        Ok(response) => {
            let mut body = Box::pin(response.into_body());
            loop {
                match body.frame().await {
                    None => break None,
                    Some(Ok(_)) => frames += 1,
                    Some(Err(error)) => break Some(error),
                }
            }
        }
    };
    let at = start.elapsed();
    assert!(error.is_none_or(|error| Rejection::find(&error).is_some()));
    Fate {
        counted: counted(deadline.totals()),
        frames,
        at,
    }
}

/// The one count that is there.
fn counted(totals: Totals) -> Option<&'static str> {
    let Totals {
        refused,
        head_own,
        head_caller,
        body_own,
        body_caller,
        body_idle,
        ..
    } = totals;
    let all = [
        ("refused", refused),
        ("head_own", head_own),
        ("head_caller", head_caller),
        ("body_own", body_own),
        ("body_caller", body_caller),
        ("body_idle", body_idle),
    ];
    let mut there = all.into_iter().filter(|(_, count)| *count > 0);
    let first = there.next();
    assert!(there.next().is_none() && first.is_none_or(|(_, count)| count == 1));
    first.map(|(name, _)| name)
}

proptest! {
    #[test]
    fn every_call_meets_the_fate_of_the_model(script in script()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let (expected, actual) = (expected(&script), runtime.block_on(run(&script)));
        // Tokio's timers round up to the millisecond.
        let late = actual.at.checked_sub(expected.at);
        prop_assert!(late.is_some_and(|late| late <= 2 * MS), "{:?}, {:?}", expected, actual);
        prop_assert_eq!((expected.counted, expected.frames), (actual.counted, actual.frames));
    }
}
