//! The admin port, as an operator with curl sees it.

use serde_json::{Value, json};

use crate::operated::{Operated, curl};
use crate::serve::serve_with;

#[test]
fn a_breaker_that_is_forced_open_takes_its_own_routes_and_no_others() {
    let platform = Operated::with_account();
    let force = |mode: &str| platform.put("/breakers/rewards", &json!({ "mode": mode }));

    let (status, breaker) = force("forced_open");
    assert_eq!(
        (status, &breaker["mode"], &breaker["state"]),
        (200, &json!("forced_open"), &json!("forced_open"))
    );
    let (status, body) = platform.ask("/v1/wallet");
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("\"reason\":\"circuit_open\""), "{body}");
    assert_eq!(platform.ask("/v1/me").0, 200);

    let (_, upstreams) = platform.look("/upstreams");
    let breakers: Vec<_> = upstreams
        .as_array()
        .unwrap()
        .iter()
        .map(|upstream| (upstream["name"].as_str(), upstream["breaker"].as_str()))
        .collect();
    assert!(breakers.contains(&(Some("rewards"), Some("forced_open"))));
    assert!(breakers.contains(&(Some("accounts"), Some("closed"))));
    assert!(upstreams[0]["in_flight"].is_u64(), "{upstreams}");

    let (_, breaker) = force("auto");
    assert_eq!(breaker["mode"], "auto");
    assert_eq!(platform.ask("/v1/wallet").0, 200);

    let (_, breaker) = force("forced_closed");
    assert_eq!(
        (&breaker["mode"], &breaker["state"]),
        (&json!("forced_closed"), &json!("disabled"))
    );
    assert_eq!(platform.ask("/v1/wallet").0, 200);
}

#[test]
fn what_is_not_there_is_answered_with_what_is() {
    let platform = Operated::start();
    for (status, problem) in [
        platform.look("/breakers/reward"),
        platform.put("/breakers/reward", &json!({ "mode": "auto" })),
    ] {
        assert_eq!(
            (status, &problem["reason"]),
            (404, &json!("admin.no_breaker"))
        );
        let detail = problem["detail"].as_str().unwrap();
        let there_are = detail.split_once("`reward`; there are: ").unwrap().1;
        let names: Vec<_> = there_are.split(", ").collect();
        assert!(
            names.contains(&"accounts") && names.contains(&"rewards"),
            "{detail}"
        );
    }
    let (status, problem) = platform.put("/breakers/rewards", &json!({ "mode": "open" }));
    assert_eq!(status, 422);
    assert_eq!(
        problem["violations"],
        json!([{
            "field": "mode",
            "rule": "value",
            "detail": "is `open`; must be `auto`, `forced_open` or `forced_closed`",
        }])
    );
    let (_, breakers) = platform.look("/breakers");
    let is_auto = |breaker: &Value| breaker["mode"] == "auto";
    assert!(
        breakers.as_array().unwrap().iter().all(is_auto),
        "{breakers}"
    );
}

#[test]
fn the_log_filter_changes_what_is_logged() {
    let platform = Operated::start();
    let set = |filter: &str| platform.put("/log-level", &json!({ "filter": filter }));
    assert_eq!(platform.look("/log-level").1, json!({ "filter": "info" }));

    assert_eq!(platform.ask("/v1/me?first").0, 401);
    let changed = set("warn,ovasabi::access=off");
    assert_eq!(
        changed,
        (200, json!({ "filter": "warn,ovasabi::access=off" }))
    );
    assert_eq!(platform.ask("/v1/wallet").0, 401);

    // Refused, and nothing is changed.
    let (status, problem) = set("info,platform=loud");
    assert_eq!(
        (status, &problem["violations"][0]["field"]),
        (422, &json!("filter"))
    );
    let detail = problem["violations"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("`info,platform=loud`") && detail.contains("info,sqlx=debug"));
    assert_eq!(set("").0, 422);
    let now = platform.look("/log-level").1;
    assert_eq!(now, json!({ "filter": "warn,ovasabi::access=off" }));
    assert_eq!(platform.ask("/v1/wallets/1").0, 401);

    assert_eq!(set("info").0, 200);
    assert_eq!(platform.ask("/v1/wallets/1/entries").0, 401);

    platform.serving.terminate();
    let (code, log) = platform.serving.end();
    assert_eq!(code, Some(0), "{log}");
    let is_logged = |path: &str| log.contains(&format!("\"path\":\"{path}\""));
    assert!(
        is_logged("/v1/me") && is_logged("/v1/wallets/1/entries"),
        "{log}"
    );
    assert!(
        !is_logged("/v1/wallet") && !is_logged("/v1/wallets/1"),
        "{log}"
    );
}

const SECRET: &str = "what only the services of one house know";

#[test]
fn the_configuration_is_shown_with_its_places_and_without_secrets() {
    let variables = [
        ("PLATFORM__SERVICES_SECRET", SECRET),
        ("PLATFORM__LIMITS__API_PER_SECOND", "77"),
    ];
    let platform = Operated::of(serve_with(&variables));
    let (status, text) = curl(&format!("{}/config", platform.admin), &[]);
    assert_eq!(status, 200);
    let has = |line: &str| text.lines().any(|known| known == line);
    assert!(
        has("services_secret = \"***\" # PLATFORM__SERVICES_SECRET"),
        "{text}"
    );
    assert!(
        has("limits.api_per_second = 77 # PLATFORM__LIMITS__API_PER_SECOND"),
        "{text}"
    );
    assert!(!text.contains("only the services"), "{text}");
    // What is no secret is not hidden.
    assert!(text.contains("caller = \"required\""), "{text}");
}

#[test]
fn a_drain_ends_the_process_in_good_order() {
    let mut platform = Operated::start();
    assert_eq!(platform.ask("/v1/me").0, 401);
    let drain = format!("{}/drain", platform.admin);
    assert_eq!(curl(&drain, &[]).0, 405, "a look drains nothing");
    assert_eq!(curl(&drain, &["-X", "POST"]).0, 202);
    let drained = platform.serving.line("drained:");
    assert_eq!(
        drained,
        "drained: accepted 1, answered 1, disconnected 0, aborted 0"
    );
    let (code, log) = platform.serving.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("an operator drains"), "{log}");
}

#[test]
fn a_page_in_a_browser_steers_nothing() {
    let platform = Operated::start();
    for origin in ["origin: http://pages.example", "origin: null"] {
        let drain = format!("{}/drain", platform.admin);
        let (status, body) = curl(&drain, &["-X", "POST", "-H", origin]);
        assert_eq!(status, 403, "{body}");
        assert!(body.contains("\"reason\":\"admin.origin\""), "{body}");
    }
    let (_, readiness) = platform.look("/readyz");
    assert_eq!(readiness["stage"], "serving");
}

#[test]
fn what_runs_is_told_with_all_its_components_and_databases() {
    let platform = Operated::start();
    let (_, version) = platform.look("/version");
    assert_eq!(version["name"], "platform");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    let roles = version["roles"].as_array().unwrap();
    assert!(roles.contains(&json!("gateway")) && roles.contains(&json!("rewards")));
    assert!(version["started_ms"].as_u64().unwrap() > 1_700_000_000_000);

    let (status, components) = platform.look("/components");
    assert_eq!(status, 200);
    let named = |kind: &str, name: &str| {
        let mut all = components.as_array().unwrap().iter();
        let found = all.find(|known| known["kind"] == kind && known["name"] == name);
        found.unwrap_or_else(|| panic!("there is no {kind} {name}: {components}"))
    };
    let breaker = named("circuit_breaker", "accounts");
    assert_eq!(
        (&breaker["state"], &breaker["is_alive"]),
        (&json!("closed"), &json!(true))
    );
    assert_eq!(
        breaker["metrics"][0]["labels"],
        json!({ "outcome": "success" })
    );
    assert_eq!(breaker["controls"][0]["action"], "force_open");

    let (status, readiness) = platform.look("/readyz");
    assert_eq!(status, 200);
    let checks = readiness["checks"].as_array().unwrap();
    for database in ["database accounts", "database rewards"] {
        let is_up = |check: &Value| check["name"] == database && check["status"] == "up";
        assert!(checks.iter().any(is_up), "{readiness}");
    }
}
