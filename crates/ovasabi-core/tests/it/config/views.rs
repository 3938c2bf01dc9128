//! What an operator sees of a configuration: the dump, an explanation, the list of keys, durations.

use std::time::Duration;

use ovasabi_core::config::{ConfigErrors, Key, Loaded, Loader, Secret, duration};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Settings, load, loader};

const TOML: &str = "\
name = \"wallet\"
origins = [\"a\", \"b\"]

[db]
max_connections = 20
timeout = \"1500ms\"
";

#[test]
fn a_dump_names_every_value_and_its_place() {
    let loaded = load::<Settings>(
        TOML,
        &[("APP__DB__MAX_CONNECTIONS", "30")],
        &["--log.format=json"],
    )
    .unwrap();
    assert_eq!(
        loaded.dump(),
        "\
db.max_connections = 30 # APP__DB__MAX_CONNECTIONS, over app.toml:5:19
db.min_connections = 0 # default
db.timeout = \"1s500ms\" # app.toml:6:11
db.url = \"sqlite::memory:\" # default
log.format = \"json\" # --log.format
name = \"wallet\" # app.toml:1:8
origins = [\"a\", \"b\"] # app.toml:2:11
"
    );
}

#[test]
fn a_dump_read_back_is_the_same_configuration() {
    let loaded =
        load::<Settings>(TOML, &[("APP__NAME", "line\nbreak \"and\" quotes")], &[]).unwrap();
    let again = load::<Settings>(&loaded.dump(), &[], &[]).unwrap();
    assert_eq!(again.value(), loaded.value());
}

#[test]
fn an_explanation_names_the_winner_and_whom_it_beat() {
    let loaded = Loader::<Settings>::new()
        .defaults(&Settings::default())
        .text("base.toml", TOML)
        .text("prod.toml", "db.max_connections = 25")
        .env_from("APP", [("APP__DB__MAX_CONNECTIONS", "30")])
        .load()
        .unwrap();
    let explained = loaded.explain("db.max_connections").unwrap();
    assert_eq!(
        (explained.key(), explained.value()),
        ("db.max_connections", "30")
    );
    assert_eq!(explained.source().to_string(), "APP__DB__MAX_CONNECTIONS");
    let beaten: Vec<_> = explained
        .overridden()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(beaten, ["prod.toml:1:22", "base.toml:5:19", "default"]);
    assert_eq!(
        loaded.explain("db.url").unwrap().to_string(),
        "db.url = \"sqlite::memory:\" # default"
    );
    assert!(loaded.explain("db.nothing").is_none());
}

#[test]
fn the_keys_of_a_type_can_be_listed() {
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the keys are looked at")]
    struct App {
        name: String,
        db: Db,
        #[serde(default)]
        servers: Vec<Server>,
        #[serde(default)]
        tags: Vec<String>,
        store: Store,
    }
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the keys are looked at")]
    struct Db {
        password: Secret,
        #[serde(default, alias = "conns")]
        max_connections: Option<std::num::NonZeroU16>,
        #[serde(default)]
        timeout: Duration,
    }
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the keys are looked at")]
    struct Server {
        listen: std::net::SocketAddr,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only the keys are looked at")]
    enum Store {
        Memory,
        Sqlite { path: std::path::PathBuf },
    }
    let keys = loader::<App>("", &[], &[]).keys();
    let lines: Vec<_> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "db.max_connections: an integer from 1 to 65535 (APP__DB__MAX_CONNECTIONS)",
            "db.password: a string, secret, required (APP__DB__PASSWORD)",
            "db.timeout: a duration such as `250ms`, `5s` or `1h30m` (APP__DB__TIMEOUT)",
            "name: a string, required (APP__NAME)",
            "servers: a list (APP__SERVERS)",
            "servers.*.listen: socket address (APP__SERVERS__*__LISTEN)",
            "store: one of `memory`, `sqlite`, required (APP__STORE)",
            "store.sqlite.path: path string (APP__STORE__SQLITE__PATH)",
            "tags: a list (APP__TAGS)",
        ]
    );
    assert!(keys.iter().any(Key::is_secret));
    assert!(
        Loader::<App>::new()
            .keys()
            .iter()
            .all(|key| key.variable().is_none())
    );
}

#[test]
fn durations_are_read_in_units_and_refused_without() {
    let good = [
        ("0s", Duration::ZERO),
        ("250ms", Duration::from_millis(250)),
        ("5s", Duration::from_secs(5)),
        ("1h30m", Duration::from_secs(5400)),
        (" 1 h 30 m ", Duration::from_secs(5400)),
        ("2d", Duration::from_secs(172_800)),
        ("10us", Duration::from_micros(10)),
        ("10µs", Duration::from_micros(10)),
        ("7ns", Duration::from_nanos(7)),
    ];
    for (text, expected) in good {
        assert_eq!(duration::parse(text), Some(expected), "{text}");
    }
    for text in [
        "",
        " ",
        "5",
        "s",
        "-5s",
        "1.5s",
        "5 parsecs",
        "5s5",
        "99999999999999999999d",
        "1s,2s",
        "5S",
    ] {
        assert_eq!(duration::parse(text), None, "{text}");
    }
    assert_eq!(
        duration::format(Duration::from_millis(90_250)),
        "1m30s250ms"
    );
}

#[test]
fn durations_with_the_module_are_read_by_the_loader_too() {
    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    struct Timeouts {
        #[serde(with = "duration")]
        total: Duration,
        #[serde(default, with = "duration::option")]
        idle: Option<Duration>,
        #[serde(default)]
        plain: Option<Duration>,
    }
    let loaded: Loaded<Timeouts> =
        load("total = '5s'\nplain = '2s'\n", &[("APP__IDLE", "1m")], &[]).unwrap();
    let expected = Timeouts {
        total: Duration::from_secs(5),
        idle: Some(Duration::from_secs(60)),
        plain: Some(Duration::from_secs(2)),
    };
    assert_eq!(loaded.value(), &expected);
    let errors: ConfigErrors =
        load::<Timeouts>("total = 5\nidle = 'x'\nplain = 1\n", &[], &[]).unwrap_err();
    let expected = "\
total = 5: expected a duration such as `250ms`, `5s` or `1h30m` (app.toml:1:9)
idle = \"x\": expected a duration such as `250ms`, `5s` or `1h30m` (app.toml:2:8)
plain = 1: expected a duration such as `250ms`, `5s` or `1h30m` (app.toml:3:9)";
    assert_eq!(errors.to_string(), expected);
}

#[test]
fn loaders_and_what_they_give_can_be_sent_and_shared() {
    fn check<T: Send + Sync + Clone + std::fmt::Debug>() {}
    check::<Loader<Settings>>();
    check::<Loaded<Settings>>();
    check::<ConfigErrors>();
    check::<Secret>();
}

proptest! {
    #[test]
    fn a_duration_is_read_back_as_it_was_written(nanos in any::<u64>(), seconds in any::<u64>()) {
        for duration in [Duration::from_nanos(nanos), Duration::from_secs(seconds)] {
            prop_assert_eq!(duration::parse(&duration::format(duration)), Some(duration));
        }
    }

    #[test]
    fn no_text_makes_a_duration_panic(text in any::<String>()) {
        let _ = duration::parse(&text);
    }
}
