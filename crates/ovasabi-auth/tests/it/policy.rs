//! Who may do what: as a table.

use ovasabi_auth::Principal;
use ovasabi_auth::policy::{Denial, Owned, Ownership, Rule, authorize_owner};
use ovasabi_core::Error;
use ovasabi_core::context::{Subject, SubjectKind};

fn caller(roles: &[&str], scopes: &[&str]) -> Principal {
    let principal = Principal::new(Subject::new(SubjectKind::User, "ann"));
    let principal = roles
        .iter()
        .fold(principal, |principal, role| principal.with_role(*role));
    scopes
        .iter()
        .fold(principal, |principal, scope| principal.with_scope(scope))
}

#[test]
fn rules_decide_as_the_table_says() {
    let role = |role: &str| Err(Denial::MissingRole(role.to_owned()));
    let scope = |scope: &str| Err(Denial::MissingScope(scope.to_owned()));
    let clerk_reads = || Rule::all([Rule::role("clerk"), Rule::scope("orders:read")]);
    let admin_or_clerk = || Rule::any([Rule::role("admin"), clerk_reads()]);
    let table = [
        (Rule::role("admin"), &["admin"][..], &[][..], Ok(())),
        (
            Rule::role("admin"),
            &["Admin", "admins", "adm", " admin"],
            &["admin"],
            role("admin"),
        ),
        (Rule::role("admin"), &[], &[], role("admin")),
        (Rule::scope("orders:read"), &[], &["orders:read"], Ok(())),
        (
            Rule::scope("orders:read"),
            &["orders:read"],
            &["orders", "orders:"],
            scope("orders:read"),
        ),
        (clerk_reads(), &["clerk"], &["orders:read"], Ok(())),
        (clerk_reads(), &["clerk"], &[], scope("orders:read")),
        (clerk_reads(), &[], &["orders:read"], role("clerk")),
        (admin_or_clerk(), &["admin"], &[], Ok(())),
        (admin_or_clerk(), &["clerk"], &["orders:read"], Ok(())),
        (admin_or_clerk(), &["clerk"], &[], role("admin")),
        (
            Rule::any([]),
            &["admin"],
            &["orders:read"],
            Err(Denial::EmptyRule),
        ),
        (
            Rule::all([]),
            &["admin"],
            &["orders:read"],
            Err(Denial::EmptyRule),
        ),
        (
            Rule::all([Rule::role("admin"), Rule::any([])]),
            &["admin"],
            &[],
            Err(Denial::EmptyRule),
        ),
        (
            Rule::any([Rule::any([]), Rule::role("admin")]),
            &["admin"],
            &[],
            Ok(()),
        ),
        (Rule::role(""), &[], &[], role("")),
        (Rule::scope(""), &[], &[""], scope("")),
    ];
    for (rule, roles, scopes, expected) in table {
        assert_eq!(
            rule.check(&caller(roles, scopes)),
            expected,
            "{rule:?} for {roles:?} {scopes:?}"
        );
    }
}

#[test]
fn a_denial_tells_the_log_why_and_the_caller_nothing() {
    let error = Error::from(
        Rule::role("treasurer")
            .check(&caller(&[], &[]))
            .unwrap_err(),
    );
    let problem = String::from_utf8(error.to_problem(None).to_json()).unwrap();
    assert_eq!(error.http_status(), 403);
    assert!(
        !problem.contains("treasurer") && format!("{error:?}").contains("treasurer"),
        "{problem}"
    );
}

/// What a caller sees of an error: all of it.
fn seen(error: &Error) -> (u16, String) {
    (
        error.http_status().as_u16(),
        String::from_utf8(error.to_problem(None).to_json()).unwrap(),
    )
}

#[test]
fn a_stranger_sees_what_a_missing_thing_looks_like() {
    let wallets = Ownership::hidden("wallet.not_found").or_role("admin");
    let ann = caller(&[], &[]);
    let foreign = wallets.open(&ann, Some(Owned::new("bob", 7))).unwrap_err();
    let missing = wallets.open(&ann, None::<Owned<i32>>).unwrap_err();
    assert_eq!(seen(&foreign), seen(&missing));
    assert_eq!(seen(&foreign), seen(&wallets.not_found()));
    assert_eq!(foreign.http_status(), 404);
    assert!(
        format!("{foreign:?}").contains("not the owner"),
        "the log knows"
    );
}

#[test]
fn owners_and_named_roles_open() {
    let wallets = Ownership::hidden("wallet.not_found")
        .or_role("admin")
        .or_role("auditor");
    let open = |principal: &Principal, owner: &str| {
        wallets.open(principal, Some(Owned::new(owner, 7))).ok()
    };
    assert_eq!(open(&caller(&[], &[]), "ann"), Some(7));
    for role in ["admin", "auditor"] {
        assert_eq!(open(&caller(&[role], &[]), "bob"), Some(7), "{role}");
    }
    for owner in ["bob", "Ann", "ann ", "an", "", "ann\0"] {
        assert_eq!(
            open(&caller(&["clerk"], &["admin"]), owner),
            None,
            "{owner:?}"
        );
    }
    let nobody = Principal::new(Subject::new(SubjectKind::User, ""));
    assert_eq!(
        open(&nobody, ""),
        None,
        "a thing without an owner belongs to nobody"
    );
}

#[test]
fn without_a_role_nobody_opens_what_is_not_theirs() {
    let private = Ownership::hidden("note.not_found");
    assert!(private.authorize(&caller(&["admin"], &[]), "bob").is_err());
    assert!(authorize_owner(&caller(&["admin"], &[]), "bob").is_ok());
    assert!(authorize_owner(&caller(&[], &[]), "ann").is_ok());
    assert_eq!(
        authorize_owner(&caller(&[], &[]), "bob")
            .unwrap_err()
            .http_status(),
        404
    );
}

#[test]
fn what_is_public_is_refused_as_forbidden() {
    let posts = Ownership::visible("post.not_found");
    assert_eq!(
        posts
            .authorize(&caller(&[], &[]), "bob")
            .unwrap_err()
            .http_status(),
        403
    );
    assert_eq!(
        posts
            .open(&caller(&[], &[]), None::<Owned<()>>)
            .unwrap_err()
            .http_status(),
        404
    );
}

#[test]
fn what_is_owned_stays_shut() {
    let owned = Owned::new("bob", "secret").map(str::len);
    assert_eq!(
        (owned.owner(), format!("{owned:?}")),
        ("bob", r#"Owned { owner: "bob", .. }"#.to_owned())
    );
}

#[cfg(feature = "token")]
mod require {
    use std::convert::Infallible;

    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::Full;
    use ovasabi_auth::token::Grant;
    use ovasabi_auth::{AuthLayer, RequireLayer};
    use tower::{Layer, ServiceExt, service_fn};

    use crate::support::{bearer, verifier};

    fn request(grant: Option<Grant>) -> Request<()> {
        let mut request = Request::new(());
        if let Some(grant) = grant {
            request
                .headers_mut()
                .insert("authorization", bearer(&grant).parse().unwrap());
        }
        request
    }

    /// The answer of the layer behind an optional one, so that it decides itself.
    async fn send(layer: RequireLayer, request: Request<()>) -> Response<Full<Bytes>> {
        let service =
            service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::default())));
        let Ok(response) = AuthLayer::optional(verifier())
            .layer(layer.wrap(service))
            .oneshot(request)
            .await;
        response
    }

    #[tokio::test]
    async fn callers_are_let_through_by_role() {
        let grant = |roles: &[&str]| Some(Grant::new("ann").roles(roles.iter().copied()));
        for (layer, roles, expected) in [
            (RequireLayer::role("admin"), &["admin"][..], 200),
            (RequireLayer::role("admin"), &["clerk"], 403),
            (RequireLayer::any_role(["admin", "clerk"]), &["clerk"], 200),
            (RequireLayer::any_role(["admin", "clerk"]), &[], 403),
            (
                RequireLayer::all_roles(["admin", "clerk"]),
                &["clerk", "admin"],
                200,
            ),
            (RequireLayer::all_roles(["admin", "clerk"]), &["clerk"], 403),
            (RequireLayer::any_role([""; 0]), &["admin"], 403),
        ] {
            let response = send(layer.clone(), request(grant(roles))).await;
            assert_eq!(response.status(), expected, "{layer:?} for {roles:?}");
            assert!(!response.headers().contains_key("www-authenticate"));
        }
    }

    #[tokio::test]
    async fn a_missing_scope_is_named() {
        let layer = RequireLayer::scope("orders:read");
        let granted = send(
            layer.clone(),
            request(Some(Grant::new("ann").scope("orders:read"))),
        )
        .await;
        assert_eq!(granted.status(), 200);
        let refused = send(layer, request(Some(Grant::new("ann").scope("orders")))).await;
        assert_eq!(refused.status(), 403);
        assert_eq!(
            refused.headers()["www-authenticate"],
            r#"Bearer error="insufficient_scope", scope="orders:read""#
        );
        let odd = send(
            RequireLayer::scope("a\"\r\nb"),
            request(Some(Grant::new("ann"))),
        )
        .await;
        assert_eq!(
            odd.headers()["www-authenticate"],
            r#"Bearer error="insufficient_scope""#
        );
    }

    #[tokio::test]
    async fn nobody_is_asked_who_they_are() {
        let response = send(RequireLayer::role("admin"), request(None)).await;
        assert_eq!(response.status(), 401);
        assert_eq!(
            response.headers()["www-authenticate"],
            r#"Bearer realm="api""#
        );
    }

    #[tokio::test]
    async fn a_rule_on_a_route_without_authentication_shuts_it() {
        let service = service_fn(async |_: Request<()>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let service = RequireLayer::role("admin").wrap(service);
        let Ok(response) = service
            .oneshot(request(Some(Grant::new("ann").role("admin"))))
            .await;
        assert_eq!(response.status(), 500);
    }

    #[tokio::test]
    async fn grpc_reads_permission_denied() {
        let mut request = request(Some(Grant::new("ann")));
        request
            .headers_mut()
            .insert("content-type", "application/grpc".parse().unwrap());
        let response = send(RequireLayer::role("admin"), request).await;
        assert_eq!(
            (
                response.status().as_u16(),
                response.headers()["grpc-status"].to_str().unwrap()
            ),
            (200, "7")
        );

        #[derive(Default)]
        struct Opaque;
        let service = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Opaque)));
        let service = RequireLayer::role("admin").responding_grpc().wrap(service);
        let Ok(response) = service.oneshot(Request::new(())).await;
        assert_eq!(response.headers()["grpc-status"], "13");
    }
}
