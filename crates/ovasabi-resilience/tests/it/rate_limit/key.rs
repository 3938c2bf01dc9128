//! Keys of requests.

use std::convert::Infallible;
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_core::Context;
use ovasabi_core::context::{Subject, SubjectKind};
use ovasabi_core::http::PeerAddr;
use ovasabi_core::time::Clock;
use ovasabi_resilience::rate_limit::key::{
    Caller, ClientIp, Either, Header, RequestKey, either, from_fn,
};
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota, RateLimitLayer, WhenMissing};
use tower::{Service, ServiceExt, service_fn};

use super::n;

type Req = Request<()>;

fn ok()
-> impl Service<Req, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send> + Clone {
    service_fn(async |_request| Ok(Response::new(Full::default())))
}

/// One for each key, ever.
fn one_each<K: Hash>() -> KeyedRateLimiter<K> {
    let limiter = KeyedRateLimiter::builder("key", Quota::per_hour(n(1)));
    limiter.clock(Clock::manual().0).build().unwrap()
}

/// Whether each request is the first with its key.
async fn first<F>(key: F, requests: impl IntoIterator<Item = Req>) -> Vec<bool>
where
    F: RequestKey<Req, Key: Hash + Sized>,
{
    let service = RateLimitLayer::keyed(one_each::<F::Key>(), key)
        .responding()
        .wrap(ok());
    let mut service = service;
    let mut first = Vec::new();
    for request in requests {
        let response = service.ready().await.unwrap().call(request).await.unwrap();
        first.push(response.status() == 200);
    }
    first
}

fn from(peer: &str, headers: &[(&str, &str)]) -> Req {
    let mut request = Request::get("/").body(()).unwrap();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    let peer: SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(PeerAddr::from(peer));
    request
}

#[tokio::test]
async fn with_trusted_hops_a_client_cannot_choose_its_key() {
    // P-50
    let proxy = "10.0.0.1:5000";
    let claims = [
        "1.1.1.1",
        "2.2.2.2, 3.3.3.3",
        "unknown",
        "\"",
        "::1,,",
        "x, \"y",
    ];
    let through = claims.map(|claim| {
        let line = format!("{claim}, 203.0.113.7");
        from(
            proxy,
            &[("x-forwarded-for", &line), ("forwarded", "for=6.6.6.6")],
        )
    });
    let is_first = first(ClientIp::trusted_hops(1), through).await;
    assert_eq!(is_first, [true, false, false, false, false, false]);
    // In a line of its own, as some proxies append.
    let lines = claims.map(|claim| {
        from(
            proxy,
            &[
                ("x-forwarded-for", claim),
                ("x-forwarded-for", "203.0.113.7"),
            ],
        )
    });
    let is_first = first(ClientIp::trusted_hops(1), lines).await;
    assert_eq!(is_first, [true, false, false, false, false, false]);
    let forwarded = claims.map(|claim| {
        let line = format!("for={claim}, for=\"203.0.113.7:4711\";proto=https");
        from(proxy, &[("forwarded", &line), ("x-forwarded-for", claim)])
    });
    let is_first = first(ClientIp::trusted_hops(1).by_forwarded(), forwarded).await;
    assert_eq!(is_first, [true, false, false, false, false, false]);
    // Without trusted hops, no header counts.
    let direct = claims.map(|claim| from("203.0.113.7:1", &[("x-forwarded-for", claim)]));
    let is_first = first(ClientIp::peer(), direct).await;
    assert_eq!(is_first, [true, false, false, false, false, false]);
}

#[tokio::test]
async fn clients_behind_one_proxy_are_told_apart_by_the_hop_that_saw_them() {
    // P-50
    let request = |line| from("10.0.0.1:1", &[("x-forwarded-for", line)]);
    let lines = [
        "9.9.9.9, 203.0.113.7, 10.0.0.2",
        "9.9.9.9, 203.0.113.8, 10.0.0.2",
    ];
    let is_first = first(ClientIp::trusted_hops(2), lines.map(request)).await;
    assert_eq!(is_first, [true, true]);
    let is_first = first(ClientIp::trusted_hops(1), lines.map(request)).await;
    assert_eq!(is_first, [true, false], "a hop too few: all share one");
    // Fewer than there should be: the outermost that a trusted hop wrote, and in the end the peer.
    let found = |hops, line| ClientIp::trusted_hops(hops).find(&request(line));
    assert_eq!(
        found(3, "203.0.113.7, 10.0.0.2"),
        "203.0.113.7".parse().ok()
    );
    assert_eq!(found(1, "hidden"), "10.0.0.1".parse().ok());
    assert_eq!(found(0, "203.0.113.7"), "10.0.0.1".parse().ok());
}

#[tokio::test]
async fn ipv6_counts_by_its_64_and_ipv4_is_itself_in_both_forms() {
    // P-50
    let peers = [
        "[2001:db8:1:2::1]:1",
        "[2001:db8:1:2:ffff:ffff:ffff:ffff]:2",
        "[2001:db8:1:3::1]:3",
        "192.0.2.1:4",
        "[::ffff:192.0.2.1]:5",
        "[::ffff:192.0.2.2]:6",
    ];
    let is_first = first(ClientIp::peer(), peers.map(|peer| from(peer, &[]))).await;
    assert_eq!(is_first, [true, false, true, true, false, true]);
}

#[tokio::test]
async fn the_peer_is_told_by_our_server_or_by_axum() {
    let mut request = Request::get("/").body(()).unwrap();
    assert_eq!(ClientIp::peer().find(&request), None);
    let axum: SocketAddr = "192.0.2.1:1".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(axum));
    assert_eq!(ClientIp::peer().find(&request), Some(axum.ip()));
    let ours: SocketAddr = "192.0.2.2:1".parse().unwrap();
    request.extensions_mut().insert(PeerAddr::from(ours));
    assert_eq!(ClientIp::peer().find(&request), Some(ours.ip()));
}

fn by(subject: Option<&str>) -> Req {
    let context = Context::background();
    let context = match subject {
        Some(id) => context.with(Subject::new(SubjectKind::User, id)),
        None => context,
    };
    context.attach(Request::get("/").body(()).unwrap())
}

#[tokio::test]
async fn the_handle_finds_the_bucket_that_the_layer_used() {
    async fn used<F>(key: F, request: Req, value: &F::Key) -> bool
    where
        F: RequestKey<Req, Key: Hash + Sized>,
    {
        let limiter = one_each::<F::Key>();
        let layer = RateLimitLayer::keyed(limiter.clone(), key).responding();
        layer.wrap(ok()).oneshot(request).await.unwrap();
        limiter.standing(value).remaining() == 0
    }
    let peer = || from("[2001:db8::7]:1", &[("x-api-key", "k1")]);
    let address: IpAddr = "2001:db8::7".parse().unwrap();
    let address = ClientIp::key(address);
    let subject = Subject::new(SubjectKind::User, "u1");
    let header = Header::from_static("x-api-key");
    let value = "k1".parse().unwrap();
    assert!(used(ClientIp::peer(), peer(), &address).await);
    assert!(used(header.clone(), peer(), &value).await);
    assert!(used(Caller::new(), by(Some("u1")), &subject).await);
    assert!(used((ClientIp::peer(), header), peer(), &(address, value)).await);
    let both = || either(Caller::new(), ClientIp::peer());
    assert!(used(both(), by(Some("u1")), &Either::First(subject)).await);
    assert!(used(both(), peer(), &Either::Second(address)).await);
}

#[tokio::test]
async fn the_subject_of_the_task_counts_where_the_request_has_no_context() {
    let context = Context::background().with(Subject::new(SubjectKind::User, "u1"));
    let plain = || Request::get("/").body(()).unwrap();
    let is_first = context
        .scope(first(Caller::new(), [plain(), by(Some("u2")), plain()]))
        .await;
    assert_eq!(is_first, [true, true, false]);
}

#[tokio::test]
async fn what_a_missing_key_means_is_said() {
    let requests = || [by(None), by(None), by(Some("a")), by(Some("a"))];
    let is_first = first(Caller::new(), requests()).await;
    assert_eq!(
        is_first,
        [true, false, true, false],
        "all without share one"
    );
    let layer = RateLimitLayer::keyed(one_each(), Caller::new());
    let service = layer
        .when_missing(WhenMissing::Exempt)
        .responding()
        .wrap(ok());
    let mut admitted = Vec::new();
    for request in requests() {
        admitted.push(service.clone().oneshot(request).await.unwrap().status() == 200);
    }
    assert_eq!(admitted, [true, true, true, false]);
    // Both, or none; and a closure that may find nothing.
    let pair = (
        Caller::new(),
        from_fn(|request: &Req| request.headers().get("x").cloned()),
    );
    let is_first = first(pair, requests()).await;
    assert_eq!(is_first, [true, false, false, false]);
}
