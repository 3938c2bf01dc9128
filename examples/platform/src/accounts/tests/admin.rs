//! What admins see and do.

use ovasabi_core::Context;
use serde_json::json;

use super::{Ask, Person, World, email};
use crate::accounts::grant;

fn put(admin: &Person, id: &str, roles: impl serde::Serialize) -> Ask {
    let path = format!("/v1/admin/users/{id}/roles");
    let ask = Ask::new(http::Method::PUT, &path).token(&admin.token);
    ask.json(&json!({ "roles": roles }))
}

#[tokio::test]
async fn an_admin_sets_roles_and_each_change_is_written_down_once() {
    let world = World::new().await;
    let (admin, ada) = (
        world.person("admin", &["admin"]).await,
        world.person("ada", &[]).await,
    );
    let me = world
        .send(Ask::get("/v1/me").token(&ada.token))
        .await
        .expect(200);
    for _ in 0..2 {
        let user = world
            .send(put(&admin, &ada.id, json!(["partner", "partner"])))
            .await
            .expect(200);
        assert_eq!(user.body["roles"], json!(["member", "partner"]));
        assert_eq!(user.body["version"], 2);
    }
    let seen = world.send(
        Ask::get("/v1/me")
            .token(&ada.token)
            .header("if-none-match", me.header("etag")),
    );
    assert_eq!(
        seen.await.expect(200).body["roles"],
        json!(["member", "partner"])
    );

    let log = world
        .send(Ask::get("/v1/admin/audit").token(&admin.token))
        .await
        .expect(200);
    let entry = &log.body["items"][0];
    assert_eq!(
        (&entry["actor"], &entry["action"]),
        (&json!(admin.id), &json!("roles.set"))
    );
    assert_eq!(entry["subject"], ada.id.as_str());
    assert_eq!(
        entry["detail"],
        json!({ "before": ["member"], "after": ["member", "partner"] })
    );
    let written = "SELECT count(*) FROM audit_log WHERE action = 'roles.set' AND actor <> 'test'";
    assert_eq!(world.count(written).await, 1);
}

#[tokio::test]
async fn roles_that_do_not_exist_and_users_that_do_not_are_told_apart() {
    let world = World::new().await;
    let admin = world.person("admin", &["admin"]).await;
    let refused = world.send(put(&admin, &admin.id, json!(["root"]))).await;
    assert_eq!(
        refused.problem(422, "validation.failed").fields(),
        ["roles[0]"]
    );
    let nobody = world.send(put(&admin, "nobody", json!([]))).await;
    nobody.problem(404, "accounts.user_not_found");
}

#[tokio::test]
async fn a_user_is_found_by_the_whole_address() {
    let world = World::new().await;
    let (admin, ada) = (
        world.person("admin", &["admin"]).await,
        world.person("ada", &[]).await,
    );
    let find = async |query: &str| {
        let path = format!("/v1/admin/users?{query}");
        world.send(Ask::get(&path).token(&admin.token)).await
    };
    assert_eq!(
        find("email=ADA@example.org").await.expect(200).text("id"),
        ada.id
    );
    find("email=ada")
        .await
        .problem(404, "accounts.user_not_found");
    find("").await.problem(400, "http.query");
    find("email=ada&all=true").await.problem(400, "http.query");
}

#[tokio::test]
async fn what_is_for_admins_is_for_nobody_else() {
    let world = World::new().await;
    let ada = world.person("ada", &["partner", "moderator"]).await;
    for ask in [
        put(&ada, &ada.id, json!(["admin"])),
        Ask::get("/v1/admin/audit").token(&ada.token),
        Ask::get("/v1/admin/users?email=ada@example.org").token(&ada.token),
        Ask::get("/v1/admin/signing-keys").token(&ada.token),
        Ask::post("/v1/admin/signing-keys").token(&ada.token),
    ] {
        world.send(ask).await.expect(403);
    }
    world.send(Ask::get("/v1/admin/audit")).await.expect(401);
    assert_eq!(world.count("SELECT count(*) FROM signing_keys").await, 1);
}

#[tokio::test]
async fn the_log_is_read_in_pieces_the_latest_first() {
    let world = World::new().await;
    let (admin, ada) = (
        world.person("admin", &["admin"]).await,
        world.person("ada", &[]).await,
    );
    for roles in [json!(["partner"]), json!(["moderator"]), json!([])] {
        world.send(put(&admin, &ada.id, roles)).await.expect(200);
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/admin/audit?limit=2".to_owned());
    loop {
        let page = world
            .send(Ask::get(&path).token(&admin.token))
            .await
            .expect(200);
        let items = page.body["items"].as_array().unwrap();
        seen.extend(
            items
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        // What is added meanwhile shifts nothing.
        world
            .send(put(&admin, &ada.id, json!(["partner"])))
            .await
            .expect(200);
        let Some(next) = page.body["next"].as_str() else {
            break;
        };
        assert_eq!(items.len(), 2);
        path = format!("/v1/admin/audit?limit=2&cursor={next}");
    }
    // The first key, the roles of the admin, three changes.
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|earlier, later| earlier > later));
    let foreign = Ask::get("/v1/admin/audit?cursor=x").token(&admin.token);
    world.send(foreign).await.problem(422, "page.cursor");
    let odd = Ask::get("/v1/admin/audit?limit=0").token(&admin.token);
    world.send(odd).await.problem(422, "page.limit");
}

#[tokio::test]
async fn who_runs_the_platform_makes_the_first_admin() {
    let world = World::new().await;
    let id = world.register("ada").await;
    let cx = Context::background();
    let grant = async |email: &str, role: &str| {
        let granted = grant(world.db.clone(), world.clock.clone(), &cx, email, role).await;
        granted.map_err(|error| error.reason().to_owned())
    };
    for _ in 0..2 {
        assert_eq!(grant("Ada@example.org", "admin").await, Ok(()));
    }
    let token = world.login("ada").await.text("access_token");
    let log = world
        .send(Ask::get("/v1/admin/audit").token(&token))
        .await
        .expect(200);
    let entry = &log.body["items"][0];
    assert_eq!(
        (&entry["actor"], &entry["subject"]),
        (&json!("operator"), &json!(id))
    );
    assert_eq!(log.body["items"].as_array().unwrap().len(), 2);

    assert_eq!(
        grant(&email("nobody"), "admin").await,
        Err("accounts.user_not_found".to_owned())
    );
    assert_eq!(
        grant(&email("ada"), "root").await,
        Err("accounts.role".to_owned())
    );
}
