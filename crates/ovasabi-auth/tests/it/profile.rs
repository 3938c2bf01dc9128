//! Verifiers for tokens of others.

use ovasabi_auth::jose::{Algorithm, JwkSet, Reason};
use ovasabi_auth::token::{AccessTokenVerifier, AccessTokenVerifierBuilder, Audience, Profile};

use crate::keys::test_key;
use crate::support::{audience, claims, clock, issuer};

fn builder() -> AccessTokenVerifierBuilder {
    let keys: JwkSet = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256]
        .into_iter()
        .map(|algorithm| test_key(algorithm).verifying_key())
        .collect();
    AccessTokenVerifier::builder(issuer(), audience())
        .keys(keys)
        .clock(clock().0)
}

fn verify(builder: AccessTokenVerifierBuilder, token: &str) -> Result<(), Reason> {
    builder.build().unwrap().verify(token).map(drop)
}

fn token(header: &str, changes: &[(&str, &str)]) -> String {
    test_key(Algorithm::Es256).mint_with(header, claims(changes))
}

#[test]
fn an_algorithm_must_be_believed_whatever_the_keys_are_for() {
    let token = test_key(Algorithm::EdDsa).mint(claims(&[]));
    assert_eq!(verify(builder(), &token), Ok(()));
    let only = builder().algorithms([Algorithm::Es256]);
    assert_eq!(verify(only, &token), Err(Reason::AlgorithmNotAllowed));
    let symmetric = test_key(Algorithm::Hs256).mint(claims(&[]));
    assert_eq!(
        verify(builder(), &symmetric),
        Err(Reason::AlgorithmNotAllowed)
    );
    let chosen = builder().algorithms([Algorithm::Hs256]);
    assert_eq!(verify(chosen, &symmetric), Ok(()));
}

#[test]
fn the_type_is_one_of_the_profile() {
    let (plain, none) = (r#"{"alg":"ES256","typ":"JWT"}"#, r#"{"alg":"ES256"}"#);
    for header in [plain, none] {
        let token = token(header, &[]);
        assert_eq!(verify(builder(), &token), Err(Reason::TypeNotAllowed));
        let jwt = builder().profile(Profile::jwt());
        assert_eq!(verify(jwt, &token), Ok(()));
    }
    let logout = token(r#"{"alg":"ES256","typ":"logout+jwt"}"#, &[]);
    let jwt = builder().profile(Profile::jwt());
    assert_eq!(verify(jwt, &logout), Err(Reason::TypeNotAllowed));
    let own = builder().profile(Profile::rfc9068().types([Some("logout+jwt")]));
    assert_eq!(verify(own, &logout), Ok(()));
}

#[test]
fn claims_that_a_profile_does_not_ask_for_are_checked_when_they_are_there() {
    let header = r#"{"alg":"ES256","typ":"at+jwt"}"#;
    let jwt = || builder().profile(Profile::jwt());
    for (name, wrong) in [("jti", "1"), ("iat", "\"now\"")] {
        let absent = token(header, &[(name, "absent")]);
        assert_eq!(
            verify(builder(), &absent),
            Err(Reason::ClaimMissing),
            "{name}"
        );
        assert_eq!(verify(jwt(), &absent), Ok(()), "{name}");
        let wrong = token(header, &[(name, wrong)]);
        assert_eq!(verify(jwt(), &wrong), Err(Reason::ClaimInvalid), "{name}");
    }
    for name in ["iss", "aud", "sub", "exp"] {
        let absent = token(header, &[(name, "absent")]);
        assert_eq!(verify(jwt(), &absent), Err(Reason::ClaimMissing), "{name}");
    }
}

#[test]
fn one_of_several_audiences_is_enough() {
    let two = builder().audience(Audience::new("urn:two"));
    let header = r#"{"alg":"ES256","typ":"at+jwt"}"#;
    for (aud, expected) in [
        (r#""urn:two""#, Ok(())),
        (r#"["urn:one","urn:two"]"#, Ok(())),
        (r#"["urn:one"]"#, Err(Reason::AudienceNotAllowed)),
        ("[]", Err(Reason::AudienceNotAllowed)),
        (r#"["urn:two",1]"#, Err(Reason::ClaimInvalid)),
        (r#""URN:TWO""#, Err(Reason::AudienceNotAllowed)),
    ] {
        let token = token(header, &[("aud", aud)]);
        assert_eq!(verify(two.clone(), &token), expected, "{aud}");
    }
}

#[test]
fn a_scope_that_every_token_must_have_is_asked_for() {
    let asking = || builder().require_scope("orders:read");
    let header = r#"{"alg":"ES256","typ":"at+jwt"}"#;
    for (scope, expected) in [
        (r#""orders:read orders:write""#, Ok(())),
        (r#""orders""#, Err(Reason::ScopeMissing)),
        (r#""orders:reader""#, Err(Reason::ScopeMissing)),
        (r#""""#, Err(Reason::ScopeMissing)),
        ("null", Err(Reason::ScopeMissing)),
        ("absent", Err(Reason::ScopeMissing)),
        (r#"["orders:read"]"#, Err(Reason::ScopeMissing)),
    ] {
        let token = token(header, &[("scope", scope)]);
        assert_eq!(verify(asking(), &token), expected, "{scope}");
    }
}

#[test]
fn a_token_above_the_cap_is_refused_before_any_work() {
    let small = builder().max_token_bytes(100);
    assert_eq!(verify(small, &"x".repeat(101)), Err(Reason::TokenTooLong));
}

#[test]
fn wrong_settings_of_a_verifier_are_named_all_at_once() {
    let secret = test_key(Algorithm::Hs256).verifying_key();
    let error = AccessTokenVerifier::builder(issuer(), audience())
        .key(test_key(Algorithm::Es256).verifying_key())
        .key(secret)
        .audience(Audience::new(""))
        .profile(Profile::jwt().types([None::<&str>; 0]))
        .require_scope("a b")
        .max_token_bytes(0)
        .build()
        .unwrap_err();
    assert_eq!(error.problems().len(), 6, "{error}");
    let nothing = AccessTokenVerifier::builder(issuer(), audience()).algorithms([]);
    assert_eq!(nothing.build().unwrap_err().problems().len(), 2);
}

/// A token as the issuer writes it, for the audience `api`.
fn of(profile: Profile, claims: &str) -> Result<ovasabi_auth::Principal, Reason> {
    let common = format!(
        r#"{{"iss":"{}","sub":"ann","exp":{},"iat":{},{claims}}}"#,
        crate::support::ISSUER,
        crate::support::NOW + 60,
        crate::support::NOW,
    );
    let token = test_key(Algorithm::Es256).mint_with(r#"{"alg":"ES256","typ":"JWT"}"#, common);
    let keys: JwkSet = [test_key(Algorithm::Es256).verifying_key()]
        .into_iter()
        .collect();
    AccessTokenVerifier::builder(issuer(), Audience::new("api"))
        .keys(keys)
        .clock(clock().0)
        .profile(profile)
        .build()
        .unwrap()
        .verify(&token)
}

#[track_caller]
fn knows(profile: Profile, claims: &str, client: &str, scopes: &[&str], roles: &[&str]) {
    let ann = of(profile, claims).unwrap();
    let said = ann.claims().unwrap();
    assert_eq!(said.client_id().unwrap_or(""), client);
    assert_eq!(ann.scopes().collect::<Vec<_>>(), scopes);
    assert_eq!(ann.roles().collect::<Vec<_>>(), roles);
}

#[test]
fn keycloak_writes_its_kind_and_the_roles_of_the_realm_into_the_claims() {
    let claims = r#""aud":["api","account"],"typ":"Bearer","azp":"web","scope":"openid orders:read","realm_access":{"roles":["clerk","user"]}"#;
    knows(
        Profile::keycloak(),
        claims,
        "web",
        &["openid", "orders:read"],
        &["clerk", "user"],
    );
    for (wrong, reason) in [
        (claims.replace("Bearer", "ID"), Reason::TypeNotAllowed),
        (
            claims.replace("\"typ\":\"Bearer\",", ""),
            Reason::ClaimMissing,
        ),
        (
            claims
                .replace("{\"roles\"", "[{\"roles\"")
                .replace("]}", "]}]"),
            Reason::ClaimInvalid,
        ),
        (
            claims.replace("[\"clerk\",\"user\"]", "\"clerk\""),
            Reason::ClaimInvalid,
        ),
        (
            claims.replace("\"aud\":[\"api\",\"account\"],", ""),
            Reason::ClaimMissing,
        ),
    ] {
        assert_eq!(
            of(Profile::keycloak(), &wrong).unwrap_err(),
            reason,
            "{wrong}"
        );
    }
}

#[test]
fn entra_writes_scopes_as_text_and_okta_as_an_array() {
    let entra =
        r#""aud":"api","ver":"2.0","azp":"web","scp":"Orders.Read Orders.Write","roles":["Clerk"]"#;
    knows(
        Profile::entra(),
        entra,
        "web",
        &["Orders.Read", "Orders.Write"],
        &["Clerk"],
    );
    let first = entra.replace("2.0", "1.0");
    assert_eq!(
        of(Profile::entra(), &first).unwrap_err(),
        Reason::TypeNotAllowed
    );
    let okta = r#""aud":"api","cid":"web","scp":["orders:read","a b"],"groups":["Everyone"],"scope":"admin""#;
    knows(
        Profile::okta(),
        okta,
        "web",
        &["orders:read"],
        &["Everyone"],
    );
    let odd = okta.replace("\"a b\"", "7");
    assert_eq!(of(Profile::okta(), &odd).unwrap().scopes().count(), 0);
}

#[test]
fn auth0_adds_permissions_and_cognito_names_the_client_as_audience() {
    let auth0 = r#""aud":["api","https://x/userinfo"],"azp":"web","scope":"openid","permissions":["orders:read"]"#;
    knows(
        Profile::auth0(),
        auth0,
        "web",
        &["openid", "orders:read"],
        &[],
    );
    let cognito =
        r#""client_id":"api","token_use":"access","scope":"s","cognito:groups":["clerk"]"#;
    knows(Profile::cognito(), cognito, "api", &["s"], &["clerk"]);
    let id = cognito.replace("access", "id");
    assert_eq!(
        of(Profile::cognito(), &id).unwrap_err(),
        Reason::TypeNotAllowed
    );
    let other = cognito.replace("\"api\"", "\"other\"");
    assert_eq!(
        of(Profile::cognito(), &other).unwrap_err(),
        Reason::AudienceNotAllowed
    );
    knows(
        Profile::google_iap(),
        r#""aud":"api","scope":"x","roles":["y"]"#,
        "",
        &[],
        &[],
    );
}

#[test]
fn an_id_token_is_no_access_token_whoever_issued_it() {
    let ready = r#""aud":"api","typ":"Bearer","ver":"2.0","token_use":"access","client_id":"api""#;
    for profile in [
        Profile::jwt(),
        Profile::keycloak(),
        Profile::entra(),
        Profile::auth0(),
        Profile::okta(),
        Profile::cognito(),
        Profile::google_iap(),
    ] {
        assert!(of(profile.clone(), ready).is_ok());
        for mark in ["nonce", "at_hash", "c_hash"] {
            let id_token = format!(r#"{ready},"{mark}":"x""#);
            assert_eq!(
                of(profile.clone(), &id_token).unwrap_err(),
                Reason::TypeNotAllowed
            );
        }
    }
    assert!(
        of(
            Profile::google_id_token(),
            &format!(r#"{ready},"nonce":"x""#)
        )
        .is_ok()
    );
}
