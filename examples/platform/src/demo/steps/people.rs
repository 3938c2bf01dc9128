//! Who takes part.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::super::api::{Api, Ask};
use super::super::world::{Person, World, again, config};
use super::PASSWORD;
use crate::platform::Running;
use crate::rewards::WELCOME_MINOR;

/// Ada refers Bob; Pat is the partner whose campaign pays; Root administers.
const PEOPLE: [&str; 4] = ["ada", "bob", "pat", "root"];

impl World {
    pub(in super::super) async fn start(&mut self) -> Result<String> {
        let dir = tempfile::tempdir().context("cannot make a temporary folder")?;
        let platform = Running::start(config(&dir)).await?;
        let (public, admin) = (platform.public()?, platform.admin());
        self.dir = Some(dir);
        self.platform = Some(platform);
        self.api = Some(Api::new(public));
        Api::new(admin)
            .send(Ask::get("/readyz"))
            .await?
            .expect(200)?;
        Ok(format!("gateway on {public}, admin on {admin}, ready"))
    }

    pub(in super::super) async fn register(&mut self) -> Result<String> {
        for name in PEOPLE {
            let body = json!({ "email": email(name), "display_name": name, "password": PASSWORD });
            let answer = self
                .api()?
                .send(Ask::post("/v1/auth/register", body.clone()))
                .await?
                .expect(201)?;
            let person = Person {
                id: answer.text("id")?,
                ..Person::default()
            };
            self.people.insert(name, person);
            if name == "ada" {
                let again = self
                    .api()?
                    .send(Ask::post("/v1/auth/register", body))
                    .await?;
                again.problem(409, "accounts.email_taken")?;
            }
        }
        Ok(format!("201 for {}, 409 for ada again", PEOPLE.join(", ")))
    }

    /// The first administrator is made on the machine; all other roles over the API.
    pub(in super::super) async fn roles(&mut self) -> Result<String> {
        self.platform()?.grant(&email("root"), "admin").await?;
        self.login("root").await?;
        let (root, pat) = (self.token("root")?, self.person("pat")?.id);
        let path = format!("/v1/admin/users/{pat}/roles");
        let body = json!({ "roles": ["member", "partner"] });
        let api = self.api()?;
        api.send(Ask::put(&path, body.clone()).token(&root))
            .await?
            .expect(200)?;
        for name in ["ada", "bob", "pat"] {
            self.login(name).await?;
        }
        let ada = self.token("ada")?;
        let api = self.api()?;
        let refused = api.send(Ask::put(&path, body).token(&ada)).await?;
        refused.problem(403, "forbidden")?;
        let wrong = json!({ "email": email("ada"), "password": "wrong" });
        let answer = api.send(Ask::post("/v1/auth/login", wrong)).await?;
        answer.problem(401, "accounts.bad_login")?;
        Ok("200: pat is a partner; 403 for ada who tries, 401 for a wrong password".to_owned())
    }

    async fn login(&mut self, name: &'static str) -> Result<()> {
        let body = json!({ "email": email(name), "password": PASSWORD });
        let answer = self.api()?.send(Ask::post("/v1/auth/login", body)).await?;
        let answer = answer.expect(200)?;
        let person = self.people.entry(name).or_default();
        person.token = answer.text("access_token")?;
        person.refresh = answer.text("refresh_token")?;
        Ok(())
    }

    pub(in super::super) async fn me(&mut self) -> Result<String> {
        let ada = self.person("ada")?;
        let api = self.api()?;
        let anonymous = api.send(Ask::get("/v1/me")).await?;
        let anonymous = anonymous.problem(401, "unauthenticated")?;
        ensure!(
            anonymous.header("www-authenticate")?.starts_with("Bearer"),
            "no challenge"
        );
        let me = api.send(Ask::get("/v1/me").token(&ada.token)).await?;
        let me = me.expect(200)?;
        ensure!(me.text("id")? == ada.id, "somebody else: {}", me.body);
        let (tag, name) = (me.header("etag")?, json!({ "display_name": "Ada L." }));
        let change = || Ask::patch("/v1/me", name.clone()).token(&ada.token);
        let changed = api.send(change().header("if-match", tag)).await?;
        let changed = changed.expect(200)?;
        let late = api.send(change().header("if-match", tag)).await?;
        late.problem(412, "http.if_match")?;
        let same = changed.header("etag")?;
        let ask = Ask::get("/v1/me").token(&ada.token);
        api.send(ask.header("if-none-match", same))
            .await?
            .expect(304)?;
        Ok(format!(
            "200 for {}; changed once, 412 for who comes late, 304 for who knows",
            me.text("email")?
        ))
    }

    /// Each refresh token is good once; whoever uses one again has stolen it, or was stolen from.
    pub(in super::super) async fn refresh(&mut self) -> Result<String> {
        let stolen = self.person("bob")?.refresh;
        let api = self.api()?;
        let ask = |token: &str| Ask::post("/v1/auth/refresh", json!({ "refresh_token": token }));
        let next = api.send(ask(&stolen)).await?.expect(200)?;
        let next = next.text("refresh_token")?;
        ensure!(next != stolen, "the token was not changed");
        let again = api.send(ask(&stolen)).await?;
        again.problem(401, "accounts.bad_refresh_token")?;
        let family = api.send(ask(&next)).await?;
        family.problem(401, "accounts.bad_refresh_token")?;
        self.login("bob").await?;
        Ok("200 once, 401 again, and 401 for the token that came of it".to_owned())
    }

    /// The credit comes by event: it may take a moment.
    pub(in super::super) async fn welcome(&mut self) -> Result<String> {
        for name in ["ada", "bob"] {
            let token = self.token(name)?;
            let api = self.api()?;
            let mut looks = 0;
            let wallet = loop {
                let answer = api.send(Ask::get("/v1/wallet").token(&token)).await?;
                if answer.status == 200 {
                    break answer;
                }
                answer.problem(404, "wallet.not_found")?;
                again(&mut looks)
                    .await
                    .context("the welcome credit never came")?;
            };
            ensure!(
                wallet.number("balance_minor")? == WELCOME_MINOR,
                "wrong credit: {}",
                wallet.body
            );
            let id = wallet.text("id")?;
            self.people.entry(name).or_default().wallet = id;
        }
        Ok(format!(
            "200, the event has brought {WELCOME_MINOR} cents to each"
        ))
    }

    /// Tokens of before and after a change of keys are both good.
    pub(in super::super) async fn rotate_keys(&mut self) -> Result<String> {
        let (root, before) = (self.token("root")?, self.token("ada")?);
        let api = self.api()?;
        let made = api.send(Ask::post("/v1/admin/signing-keys", json!({})).token(&root));
        let kid = made.await?.expect(201)?.text("kid")?;
        let keys = api.send(Ask::get("/.well-known/jwks.json")).await?;
        let keys = keys.expect(200)?;
        let published = keys.body["keys"].as_array().map_or(0, Vec::len);
        ensure!(published == 2, "expected both keys: {}", keys.body);
        self.login("ada").await?;
        for token in [before, self.token("ada")?] {
            let me = self.api()?.send(Ask::get("/v1/me").token(&token)).await?;
            me.expect(200)?;
        }
        Ok(format!("201, key {kid}; tokens of both keys 200"))
    }
}

fn email(name: &str) -> String {
    format!("{name}@example.org")
}
