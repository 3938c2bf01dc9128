//! The OpenAPI document: what is common to all operations.

use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
    Response, ResponseBuilder, ServerBuilder,
};
use utoipa::{PartialSchema, openapi};

use super::{Access, Who, words};

/// What is answered instead of success (RFC 9457), as `ovasabi_core::Error` writes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes, and is never made")]
struct Problem {
    /// `about:blank`: the status says what kind it is.
    #[schema(rename = "type")]
    kind: String,
    /// The words of the status.
    title: String,
    status: u16,
    /// For people, if there is more to say.
    detail: Option<String>,
    /// The kind of all errors like it, such as `FAILED_PRECONDITION`.
    code: String,
    /// For programs: stable, such as `wallet.insufficient_funds`.
    reason: String,
    /// Each part of the request that cannot be.
    violations: Option<Vec<Violation>>,
}

/// One part of a request that cannot be.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes, and is never made")]
struct Violation {
    /// Where it is, such as `topics[0]`, a parameter or a header.
    field: String,
    /// For programs: what it breaks, such as `length`.
    rule: String,
    /// What is allowed, for people, if there is more to say than the rule.
    detail: Option<String>,
}

const PROBLEM: &str = "application/problem+json";
const TOKEN: &str = "token";
const API_KEY: &str = "api_key";

/// One document of the parts of several services.
pub(crate) fn document(parts: impl IntoIterator<Item = OpenApi>) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Referral rewards")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(words::ABOUT))
        .license(Some(
            LicenseBuilder::new()
                .name("MIT OR Apache-2.0")
                .identifier(Some("MIT OR Apache-2.0"))
                .build(),
        ))
        .build();
    // Wherever it was read from.
    let here = ServerBuilder::new().url("/").build();
    let mut whole = OpenApiBuilder::new()
        .info(info)
        .servers(Some([here]))
        .tags(Some(words::tags()))
        .build();
    for part in parts {
        whole.merge(part);
    }
    let components = whole.components.get_or_insert_with(Components::new);
    components
        .schemas
        .insert("Problem".to_owned(), Problem::schema());
    components
        .schemas
        .insert("Violation".to_owned(), Violation::schema());
    components.schemas.values_mut().for_each(words::units);
    let bearer = |format: &str, words: &str| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        SecurityScheme::Http(
            scheme
                .bearer_format(format)
                .description(Some(words))
                .build(),
        )
    };
    components.add_security_scheme(TOKEN, bearer("JWT", "The `access_token` of a login."));
    components.add_security_scheme(
        API_KEY,
        bearer("API key", "The `api_key` of `/v1/api-keys`."),
    );
    whole
}

/// The operations of a path, with their methods.
pub(super) fn operations(
    item: &mut PathItem,
) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("GET", &mut item.get),
        ("PUT", &mut item.put),
        ("POST", &mut item.post),
        ("DELETE", &mut item.delete),
        ("PATCH", &mut item.patch),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Adds what the layers ask for and answer, where the handler does not say it itself.
pub(super) fn complete(operation: &mut Operation, access: Access, path: &str) {
    let mut problems = vec![
        (400, "The request cannot be read."),
        (429, "Too many requests; `Retry-After` says when."),
        (503, "Not now; `Retry-After` says when."),
        (504, "It took too long."),
    ];
    let security = match access.who() {
        Who::Public | Who::Client => None,
        Who::Anyone => Some(vec![SecurityRequirement::default(), requirement(TOKEN)]),
        Who::Caller | Who::Roles(_) | Who::Service(_) => Some(vec![requirement(TOKEN)]),
        Who::ApiKey(_) => Some(vec![requirement(API_KEY)]),
    };
    if security.is_some() {
        problems.push((401, "No valid credential."));
    }
    if matches!(access.who(), Who::Caller | Who::Roles(_) | Who::ApiKey(_)) {
        problems.push((403, "The caller may not do this."));
    }
    if path.contains('{') {
        problems.push((404, "There is no such thing, or it is not the caller's."));
    }
    if operation.request_body.is_some() {
        problems.extend([
            (408, "The body did not arrive in time."),
            (413, "The body is too large."),
            (415, "The body is not JSON."),
        ]);
    }
    if operation.request_body.is_some() || operation.parameters.is_some() {
        problems.push((
            422,
            "The request is not what it must be; every violation is named.",
        ));
    }
    for (status, words) in problems {
        let known = &mut operation.responses.responses;
        known
            .entry(status.to_string())
            .or_insert_with(|| problem(words));
    }
    for (status, response) in &mut operation.responses.responses {
        // What a handler says in words alone is a problem too.
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
            && response.content.is_empty()
        {
            *response = with_problem(&response.description);
        }
    }
    operation.security = security;
    words::describe(operation);
}

fn requirement(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::new(scheme, std::iter::empty::<String>())
}

fn problem(words: &str) -> RefOr<Response> {
    RefOr::T(with_problem(words))
}

fn with_problem(words: &str) -> Response {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    let content = ContentBuilder::new()
        .schema(Some::<RefOr<openapi::Schema>>(schema))
        .build();
    ResponseBuilder::new()
        .description(words)
        .content(PROBLEM, content)
        .build()
}
