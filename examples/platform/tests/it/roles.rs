//! The roles as processes of their own.

use crate::cast::{self, WELCOME};
use crate::http::Ask;
use crate::installation::{Installation, ROLES};
use crate::program::command;

#[tokio::test(flavor = "multi_thread")]
async fn five_processes_are_the_platform() {
    let it = Installation::split(&[]);
    let http = it.public();
    let ada = cast::join(&http, "ada").await;
    assert_eq!(cast::balance(&http, &ada).await, WELCOME);
    for role in ROLES {
        it.admin(role).send(&Ask::get("/readyz")).await.expect(200);
    }
    // What is internal is served to services, and is not outside.
    let ask = Ask::post("/internal/events", &serde_json::json!({}));
    assert_eq!(http.send(&ask).await.expect(404).reason(), "http.no_route");
    it.service("rewards").send(&ask).await.expect(401);
}

#[test]
fn a_bad_configuration_ends_each_role_with_78_and_a_line_for_each_mistake() {
    for role in ROLES.iter().chain(&["serve"]) {
        let mut bad = command(&[
            role,
            "--drain.delay=soon",
            "--limits.in_flight=0",
            "--typo=1",
        ]);
        let folder = tempfile::tempdir().unwrap();
        let output = bad.current_dir(folder.path()).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{role}: {errors}");
        assert_eq!(errors.lines().count(), 3, "{role}: {errors}");
    }
}
