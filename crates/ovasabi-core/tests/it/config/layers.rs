//! Defaults, files, variables, arguments: who wins, and how texts become values.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use ovasabi_core::config::Loader;
use serde::Deserialize;

use super::{Format, Settings, load, problems, value};

#[test]
fn nothing_at_all_gives_the_defaults() {
    assert_eq!(value::<Settings>("", &[], &[]), Settings::default());
}

#[test]
fn arguments_win_over_variables_over_files_over_defaults() {
    let defaults = Settings {
        name: "default".to_owned(),
        ..Settings::default()
    };
    let base = || Loader::<Settings>::new().defaults(&defaults);
    let name = |loader: Loader<Settings>| loader.load().unwrap().into_value().name;
    assert_eq!(name(base()), "default");
    let base = || {
        Loader::<Settings>::new()
            .args(["--name=arg"])
            .defaults(&defaults)
    };
    assert_eq!(
        name(
            base()
                .env_from("APP", [("APP__NAME", "env")])
                .text("a.toml", "name = 'file'")
        ),
        "arg"
    );
    let base = || {
        Loader::<Settings>::new()
            .env_from("APP", [("APP__NAME", "env")])
            .defaults(&defaults)
    };
    assert_eq!(name(base().text("a.toml", "name = 'file'")), "env");
    let base = || Loader::<Settings>::new().defaults(&defaults);
    assert_eq!(name(base().text("a.toml", "name = 'file'")), "file");
    assert_eq!(
        name(
            base()
                .text("a.toml", "name = 'file'")
                .text("b.toml", "name = 'later'")
        ),
        "later"
    );
}

#[test]
fn layers_are_merged_key_by_key() {
    let settings: Settings = value(
        "[db]\nurl = 'postgres://db'\nmax_connections = 5\n",
        &[("APP__DB__MAX_CONNECTIONS", "20")],
        &["--db.min_connections", "3"],
    );
    assert_eq!(settings.db.url, "postgres://db");
    assert_eq!(
        (settings.db.max_connections, settings.db.min_connections),
        (20, 3)
    );
    assert_eq!(settings.db.timeout, Duration::from_secs(30));
}

#[test]
fn two_underscores_separate_levels_and_one_belongs_to_the_name() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Db {
        pool: Pool,
        pool_max: u32,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Pool {
        max: u32,
        max_size: u32,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct App {
        db: Db,
    }
    let env = [
        ("APP__DB__POOL__MAX", "1"),
        ("APP__DB__POOL_MAX", "2"),
        ("APP__DB__POOL__MAX_SIZE", "3"),
    ];
    let app: App = value("", &env, &[]);
    assert_eq!(
        app.db,
        Db {
            pool: Pool {
                max: 1,
                max_size: 3
            },
            pool_max: 2
        }
    );
}

#[test]
fn names_of_variables_and_arguments_know_no_case_and_no_dash() {
    let settings: Settings = value(
        "",
        &[("app__Db__Max_Connections", "7")],
        &["--db.min-connections=2"],
    );
    assert_eq!(
        (settings.db.max_connections, settings.db.min_connections),
        (7, 2)
    );
}

#[test]
fn renamed_fields_are_reached_from_variables() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Camel {
        max_size: u8,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Kebab {
        max_size: u8,
        inner: Camel,
    }
    let kebab: Kebab = value(
        "",
        &[("APP__MAX_SIZE", "1"), ("APP__INNER__MAX_SIZE", "2")],
        &[],
    );
    assert_eq!(
        kebab,
        Kebab {
            max_size: 1,
            inner: Camel { max_size: 2 }
        }
    );
}

#[test]
fn variables_of_others_are_none_of_our_business() {
    let env = [
        ("APPLE__NAME", "x"),
        ("APP_NAME", "x"),
        ("PATH", "/bin"),
        ("APP__NAME", "ours"),
    ];
    assert_eq!(value::<Settings>("", &env, &[]).name, "ours");
}

#[test]
fn a_prefix_may_hold_the_separator() {
    let loader = Loader::<Settings>::new()
        .env_from("ACME__APP", [("ACME__APP__DB__URL", "x"), ("ACME__X", "y")]);
    assert_eq!(loader.load().unwrap().value().db.url, "x");
}

#[test]
fn texts_are_read_as_the_type_that_is_asked_for() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct All {
        flag: bool,
        small: i8,
        hex: u64,
        grouped: u64,
        ratio: f64,
        whole: f32,
        letter: char,
        text: String,
        listen: SocketAddr,
        some: Option<u16>,
        none: Option<u16>,
        unset: Option<u16>,
        timeout: Duration,
        format: Format,
    }
    let env = [
        ("APP__FLAG", "Yes"),
        ("APP__SMALL", " -5 "),
        ("APP__HEX", "0xff"),
        ("APP__GROUPED", "1_000_000"),
        ("APP__RATIO", "0.25"),
        ("APP__WHOLE", "3"),
        ("APP__LETTER", "x"),
        ("APP__TEXT", "123"),
        ("APP__LISTEN", "127.0.0.1:80"),
        ("APP__SOME", "8"),
        ("APP__NONE", ""),
        ("APP__TIMEOUT", "1m30s"),
        ("APP__FORMAT", "json"),
    ];
    let all: All = value("", &env, &[]);
    let expected = All {
        flag: true,
        small: -5,
        hex: 255,
        grouped: 1_000_000,
        ratio: 0.25,
        whole: 3.0,
        letter: 'x',
        text: "123".to_owned(),
        listen: SocketAddr::from(([127, 0, 0, 1], 80)),
        some: Some(8),
        none: None,
        unset: None,
        timeout: Duration::from_secs(90),
        format: Format::Json,
    };
    assert_eq!(all, expected);
}

#[test]
fn an_empty_variable_unsets_an_option_of_a_lower_layer() {
    let settings: Settings = value("log.colour = true", &[("APP__LOG__COLOUR", "")], &[]);
    assert_eq!(settings.log.colour, None);
}

#[test]
fn lists_are_split_at_commas_or_written_as_toml() {
    let origins = |text: &str| {
        value::<Settings>("origins = ['file']", &[("APP__ORIGINS", text)], &[]).origins
    };
    assert_eq!(origins("a, b,c"), ["a", "b", "c"]);
    assert_eq!(origins(r#"["a,b", 'c']"#), ["a,b", "c"]);
    assert_eq!(origins("[::1]:80,[::2]:80"), ["[::1]:80", "[::2]:80"]);
    assert_eq!(origins("one"), ["one"]);
    assert_eq!(origins(""), [""; 0]);
    let numbers: BTreeMap<String, Vec<u16>> = value("", &[("APP__PORTS", "80,0x50")], &[]);
    assert_eq!(numbers["ports"], [80, 80]);
}

#[test]
fn single_elements_of_lists_are_set_by_their_number() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Server {
        host: String,
        #[serde(default)]
        weight: u8,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct App {
        servers: Vec<Server>,
    }
    let toml = "[[servers]]\nhost = 'a'\n[[servers]]\nhost = 'b'\n";
    let env = [
        ("APP__SERVERS__1__WEIGHT", "9"),
        ("APP__SERVERS__2__HOST", "c"),
    ];
    let loaded = load::<App>(toml, &env, &[]).unwrap();
    assert_eq!(
        loaded.source("servers[1].weight").unwrap().to_string(),
        "APP__SERVERS__1__WEIGHT"
    );
    let server = |host: &str, weight| Server {
        host: host.to_owned(),
        weight,
    };
    assert_eq!(
        loaded.into_value().servers,
        [server("a", 0), server("b", 9), server("c", 0)]
    );

    let from_nothing: App = value(
        "",
        &[
            ("APP__SERVERS__0__HOST", "x"),
            ("APP__SERVERS__1__HOST", "y"),
        ],
        &[],
    );
    assert_eq!(from_nothing.servers, [server("x", 0), server("y", 0)]);
}

#[test]
fn a_section_can_be_one_variable() {
    let env = [
        ("APP__DB", "{ url = 'x', min_connections = 3 }"),
        ("APP__DB__MAX_CONNECTIONS", "4"),
    ];
    let settings: Settings = value("db.min_connections = 1\ndb.timeout = '1s'", &env, &[]);
    assert_eq!(settings.db.url, "x");
    assert_eq!(
        (settings.db.max_connections, settings.db.min_connections),
        (4, 3)
    );
    assert_eq!(settings.db.timeout, Duration::from_secs(1));
    let lines = problems::<Settings>("", &[env[0], ("APP__DB__URL", "y")], &[]);
    assert_eq!(
        lines,
        "db.url: set a second time: see APP__DB (APP__DB__URL)"
    );
}

#[test]
fn arguments_take_their_value_with_or_without_an_equals_sign() {
    let settings: Settings = value(
        "",
        &[],
        &["--name", "a=b", "--db.url=c=d", "--name=last", "--", "-x"],
    );
    assert_eq!(
        (settings.name.as_str(), settings.db.url.as_str()),
        ("last", "c=d")
    );
}

#[test]
fn a_flag_for_a_boolean_needs_no_value() {
    let colour = |args: &[&str]| value::<Settings>("", &[], args).log.colour;
    assert_eq!(colour(&["--log.colour"]), Some(true));
    assert_eq!(colour(&["--log.colour", "--name", "x"]), Some(true));
    assert_eq!(colour(&["--log.colour", "off"]), Some(false));
    assert_eq!(colour(&["--log.colour=false"]), Some(false));
}

#[test]
fn keys_of_maps_keep_their_spelling_and_variables_find_them() {
    let toml = "[limits]\nReadMe = 1\n";
    let limits: BTreeMap<String, BTreeMap<String, u8>> = value(
        toml,
        &[("APP__LIMITS__README", "2"), ("APP__LIMITS__OTHER", "3")],
        &[],
    );
    let expected = [("ReadMe".to_owned(), 2), ("other".to_owned(), 3)];
    assert_eq!(limits["limits"], BTreeMap::from(expected));
}

#[test]
fn a_file_is_read_from_disk_and_an_optional_one_may_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.toml");
    std::fs::write(&path, "\u{feff}name = 'disk'").unwrap();
    let absent = folder.path().join("local.toml");
    let loader = Loader::<Settings>::new().file(&path).optional_file(&absent);
    assert_eq!(loader.load().unwrap().value().name, "disk");

    let errors = Loader::<Settings>::new().file(&absent).load().unwrap_err();
    assert_eq!(errors.problems().len(), 1);
    assert!(
        errors
            .to_string()
            .starts_with("cannot read the file: No such file"),
        "{errors}"
    );
    assert!(
        errors
            .to_string()
            .ends_with(&format!("({})", absent.display())),
        "{errors}"
    );
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.toml");
    std::fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
    let errors = Loader::<Settings>::new()
        .optional_file(&path)
        .load()
        .unwrap_err();
    assert!(
        errors.to_string().contains("larger than 1048576 bytes"),
        "{errors}"
    );
}

#[test]
fn a_value_of_a_lower_layer_that_is_overridden_is_not_read() {
    let settings: Settings = value(
        "db.max_connections = 'lots'",
        &[("APP__DB__MAX_CONNECTIONS", "4")],
        &[],
    );
    assert_eq!(settings.db.max_connections, 4);
}

#[test]
fn defaults_of_a_part_are_enough() {
    #[derive(serde::Serialize)]
    struct Part {
        name: &'static str,
        log: Option<u8>,
    }
    let loaded = Loader::<Settings>::new()
        .defaults(&Part {
            name: "part",
            log: None,
        })
        .load()
        .unwrap();
    assert_eq!(loaded.value().name, "part");
    assert_eq!(loaded.source("name").unwrap().to_string(), "default");
}

#[test]
fn two_variables_that_differ_in_case_only_are_a_conflict() {
    let lines = problems::<Settings>("", &[("APP__NAME", "a"), ("app__name", "b")], &[]);
    assert_eq!(lines, "name: set a second time: see APP__NAME (app__name)");
}

#[test]
fn a_variable_for_a_whole_value_and_one_for_a_part_of_it_are_a_conflict() {
    let lines = problems::<Settings>("", &[("APP__DB", "x"), ("APP__DB__URL", "y")], &[]);
    assert!(
        lines.contains(
            "db.url: a part of a value that is set as a whole: see APP__DB (APP__DB__URL)"
        ),
        "{lines}"
    );
}
