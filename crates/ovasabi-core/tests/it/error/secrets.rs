//! No private text in anything that leaves the process.

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use ovasabi_core::classify::Facts;
use ovasabi_core::context::{Cause, ContextClientLayer};
use ovasabi_core::reject::{AsGrpc, AsResponse, Reject, RejectKind};
use ovasabi_core::{Code, Context, Error, Rejection};
use tower::{Service, service_fn};

const SECRET: &str = "hunter2";

/// What leaves, by the name of what wrote it.
type Output = (&'static str, String);

fn secret_io() -> std::io::Error {
    std::io::Error::other(format!("connect to postgres://app:{SECRET}@db failed"))
}

fn refusal() -> Rejection {
    let policy = format!("tenant-{SECRET}");
    Rejection::new(RejectKind::RateLimited, "rate_limit", policy)
        .retry_after(std::time::Duration::from_secs(2))
}

/// Errors with the secret in every place where a private text may be.
fn errors() -> Vec<(&'static str, Error)> {
    let public = || {
        Error::new(Code::Unavailable, "users.store_down")
            .detail("try again in a moment")
            .violation("email", "format", "must be an address")
            .metadata("store", "users")
    };
    let chain = Error::new(Code::Internal, "inner").caused_by(secret_io());
    let status = tonic::Status::from(public().caused_by(secret_io()));
    // What tonic makes of an error that no server sent: its text becomes the message.
    let local = tonic::Status::from_error(Box::new(secret_io()));
    let wrapped = tonic::Status::from_error(Box::new(Error::internal(tonic::Status::from_error(
        Box::new(secret_io()),
    ))));
    vec![
        ("cause", public().caused_by(secret_io())),
        ("cause as text", public().caused_by(SECRET)),
        ("cause of the cause", public().caused_by(chain)),
        ("internal", Error::internal(secret_io())),
        ("refusal", Error::from(refusal())),
        (
            "cause of a cancellation",
            Error::from(Cause::Other(format!("killed by {SECRET}").into())),
        ),
        ("error out of a status", Error::from(status)),
        ("error out of a failed connection", Error::from(local)),
        ("error out of a failure in a failure", Error::from(wrapped)),
    ]
}

fn head_and_body(response: &Response<Bytes>) -> String {
    let body = String::from_utf8_lossy(response.body());
    format!("{} {:?} {body}", response.status(), response.headers())
}

/// Everything that can write an error for others to read.
fn render(error: Error) -> Vec<Output> {
    let mut grpc = HeaderMap::new();
    error.write_grpc_headers(&mut grpc);
    let problem = error.to_problem(Some("/v1/users"));
    let mut out = vec![
        ("Display", error.to_string()),
        (
            "problem JSON",
            String::from_utf8(problem.to_json()).unwrap(),
        ),
        ("problem", format!("{problem:?}")),
        ("gRPC headers", format!("{grpc:?}")),
        ("HTTP response", head_and_body(&error.to_response(None))),
    ];
    out.extend(render_status(tonic::Status::from(again(&error))));
    out.push(("axum response", render_axum(again(&error))));
    out.push((
        "HTTP response with its error",
        head_and_body(&error.into_http(None)),
    ));
    out
}

/// An error cannot be cloned: the same one once more, by its place in the table.
fn again(error: &Error) -> Error {
    let shown = format!("{error:?}");
    errors()
        .into_iter()
        .map(|(_, other)| other)
        .find(|other| format!("{other:?}") == shown)
        .expect("in the table")
}

fn render_status(status: tonic::Status) -> Vec<Output> {
    let mut headers = HeaderMap::new();
    status.add_header(&mut headers).unwrap();
    vec![
        ("status headers", format!("{headers:?}")),
        ("status message", status.message().to_owned()),
        (
            "status details",
            String::from_utf8_lossy(status.details()).into_owned(),
        ),
        ("status metadata", format!("{:?}", status.metadata())),
        ("status Display", status.to_string()),
        ("status Debug", format!("{status:?}")),
        ("status response", format!("{:?}", status.into_http::<()>())),
    ]
}

fn render_axum(answer: impl axum::response::IntoResponse) -> String {
    use http_body_util::BodyExt;
    let (head, body) = answer.into_response().into_parts();
    let body = tokio_test::block_on(body.collect()).unwrap().to_bytes();
    head_and_body(&Response::from_parts(head, body))
}

/// Everything that can write a refusal for others to read.
fn render_refusal() -> Vec<Output> {
    let (plain, grpc) = (Facts::new(), Facts::new().with_grpc(true));
    let answer = |result: Result<Response<Bytes>, ()>| head_and_body(&result.unwrap());
    let mut out = vec![
        ("AsResponse", answer(AsResponse.reject(&plain, refusal()))),
        (
            "AsResponse to gRPC",
            answer(AsResponse.reject(&grpc, refusal())),
        ),
        ("AsGrpc", answer(AsGrpc.reject(&grpc, refusal()))),
        ("into_http", head_and_body(&refusal().into_http())),
        ("client layer", refused_by_client_layer()),
    ];
    out.push(("axum refusal", render_axum(refusal())));
    out
}

fn refused_by_client_layer() -> String {
    let inner =
        service_fn(async |_: Request<()>| Ok::<_, tower::BoxError>(Response::new(Bytes::new())));
    let mut client = ContextClientLayer::new()
        .name(SECRET)
        .responding()
        .wrap(inner);
    let cx = Context::background().with_timeout(std::time::Duration::ZERO);
    let response = tokio_test::block_on(client.call(cx.attach(Request::new(())))).unwrap();
    assert_eq!(
        Rejection::of_response(&response).unwrap().policy().as_str(),
        SECRET
    );
    head_and_body(&response)
}

#[test]
fn no_renderer_writes_private_text() {
    for (place, error) in errors() {
        assert!(
            format!("{error:?}").contains(SECRET),
            "{place}: nothing was planted"
        );
        let (code, detail) = (
            error.code().number().to_string(),
            error.public_detail().to_owned(),
        );
        for (renderer, output) in render(error) {
            assert!(
                !output.contains(SECRET),
                "{renderer} shows the {place}: {output}"
            );
            assert!(
                !output.contains("postgres"),
                "{renderer} shows the {place}: {output}"
            );
            // Not vacuous: something of the error is there.
            let shows =
                output.contains(&detail) || output.contains("reason") || output.contains(&code);
            assert!(
                shows || renderer == "status metadata",
                "{renderer} shows nothing of the {place}: {output}"
            );
        }
    }
    assert!(
        refusal().to_string().contains(SECRET),
        "for logs, the policy is named"
    );
    for (renderer, output) in render_refusal() {
        assert!(
            !output.contains(SECRET),
            "{renderer} shows the policy: {output}"
        );
        assert!(
            output.contains("content-type"),
            "{renderer} shows nothing: {output}"
        );
    }
}

#[test]
fn the_cause_stays_reachable_behind_a_status_for_logs() {
    let (_, error) = errors().swap_remove(0);
    let status = tonic::Status::from(error);
    let first: &dyn std::error::Error = &status;
    let chain: Vec<_> = std::iter::successors(Some(first), |error| error.source())
        .map(ToString::to_string)
        .collect();
    assert!(chain.iter().any(|text| text.contains(SECRET)), "{chain:?}");
}
