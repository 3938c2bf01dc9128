//! Mistakes: all of them, each on one line, with key, value, place and what is allowed.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use ovasabi_core::config::{Loader, ProblemKind, Source};
use ovasabi_core::{Code, Error};
use proptest::prelude::*;
use serde::Deserialize;

use super::{Db, Settings, load, loader, problems, value};

#[test]
fn three_mistakes_are_three_lines() {
    #[derive(Debug, Deserialize)]
    struct Platform {
        #[expect(dead_code, reason = "only the reading is looked at")]
        listen: Listen,
        #[expect(dead_code, reason = "only the reading is looked at")]
        db: Pool,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Listen {
        port: u16,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Pool {
        max_connections: NonZeroU32,
        #[serde(default)]
        timeout: Duration,
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("platform.toml");
    let toml = "\
# the reference service
[listen]
port = 8080

[db]
timout = 5
max_connections = \"lots\"
";
    std::fs::write(&path, toml).unwrap();
    let errors = Loader::<Platform>::new()
        .file(&path)
        .env_from("APP", [("APP__LISTEN__PORT", "70000")])
        .load()
        .unwrap_err();

    let file = path.display();
    let expected = format!(
        "\
db.timout = 5: unknown key; did you mean `db.timeout`? ({file}:6:1)
db.max_connections = \"lots\": expected an integer from 1 to 4294967295 ({file}:7:19)
listen.port = \"70000\": expected an integer from 0 to 65535 (APP__LISTEN__PORT)"
    );
    assert_eq!(errors.to_string(), expected);
    assert_eq!(
        format!("{errors:?}"),
        format!("3 problems in the configuration\n{expected}")
    );
}

#[test]
fn a_problem_can_be_taken_apart() {
    let errors = load::<Settings>("db.max_connections = -1", &[], &["--nam=x"]).unwrap_err();
    let [range, unknown] = errors.problems() else {
        panic!("{errors}")
    };
    assert_eq!(range.kind(), ProblemKind::Invalid);
    assert_eq!(
        (range.key(), range.value()),
        ("db.max_connections", Some("-1"))
    );
    assert_eq!(range.message(), "expected an integer from 0 to 4294967295");
    assert!(matches!(
        range.source(),
        Some(Source::File {
            position: Some((1, 22)),
            ..
        })
    ));
    assert_eq!(unknown.kind().name(), "unknown_key");
    assert_eq!(unknown.source().unwrap().to_string(), "--nam");
}

#[test]
fn every_field_of_every_section_is_looked_at() {
    let toml = "\
name = 1
origins = \"a\"
[db]
url = true
max_connections = 1.5
min_connections = [1]
timeout = 5
[log]
format = \"jsn\"
colour = \"yes\"
";
    assert_eq!(
        problems::<Settings>(toml, &[], &[]),
        "\
name = 1: expected a string (app.toml:1:8)
origins = \"a\": expected a list (app.toml:2:11)
db.url = true: expected a string (app.toml:4:7)
db.max_connections = 1.5: expected an integer from 0 to 4294967295 (app.toml:5:19)
db.min_connections = [...]: expected an integer from 0 to 4294967295 (app.toml:6:19)
db.timeout = 5: expected a duration such as `250ms`, `5s` or `1h30m` (app.toml:7:11)
log.format = \"jsn\": expected one of `human`, `json`; did you mean `json`? (app.toml:9:10)
log.colour = \"yes\": expected true or false (app.toml:10:10)"
    );
}

#[test]
fn missing_keys_are_all_named_with_the_ways_to_set_them() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct App {
        name: String,
        db: Db,
        limits: Limits,
        tags: Option<Vec<String>>,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Limits {
        rate: u32,
        burst: u32,
    }
    let lines = problems::<App>("limits.burst = 'x'", &[], &[]);
    assert_eq!(
        lines,
        "\
limits.rate: required, but not set; set it in app.toml, as APP__LIMITS__RATE or with --limits.rate (app.toml:1:1)
limits.burst = \"x\": expected an integer from 0 to 4294967295 (app.toml:1:16)
name: required, but not set; set it in app.toml, as APP__NAME or with --name"
    );
}

#[test]
fn an_absent_section_is_an_empty_one() {
    #[derive(Debug, Deserialize)]
    struct App {
        db: Db,
    }
    // `db` has no `#[serde(default)]`, but nothing in it is required.
    assert_eq!(value::<App>("", &[], &[]).db, Db::default());
}

#[test]
fn a_missing_key_of_an_element_is_named_with_its_place() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Server {
        host: String,
    }
    let toml = "[[servers]]\nhost = 'a'\n\n[[servers]]\n";
    assert_eq!(
        problems::<BTreeMap<String, Vec<Server>>>(toml, &[], &[]),
        "servers[1].host: required, but not set; set it in app.toml, as APP__SERVERS__1__HOST or with \
         --servers.1.host (app.toml:4:1)"
    );
}

#[test]
fn unknown_keys_are_refused_in_every_layer() {
    let lines = problems::<Settings>(
        "[db]\nurll = 'x'\n",
        &[("APP__DB__MAXCONECTIONS", "1")],
        &["--lg.format", "json"],
    );
    assert_eq!(
        lines,
        "\
db.urll = \"x\": unknown key; did you mean `db.url`? (app.toml:2:1)
db.maxconections = \"1\": unknown key; did you mean `db.max_connections`? (APP__DB__MAXCONECTIONS)
lg.format = \"json\": unknown key; did you mean `log`? (--lg.format)"
    );
}

#[test]
fn a_key_in_the_wrong_section_is_told_where_it_belongs() {
    let lines = problems::<Settings>("max_connections = 1", &[], &[]);
    assert_eq!(
        lines,
        "max_connections = 1: unknown key; did you mean `db.max_connections`? (app.toml:1:1)"
    );
}

#[test]
fn a_mistyped_key_is_one_problem_not_two() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct App {
        name: String,
        url: String,
    }
    let lines = problems::<App>("nmae = 'x'", &[], &[]);
    assert_eq!(
        lines,
        "\
nmae = \"x\": unknown key; did you mean `name`? (app.toml:1:1)
url: required, but not set; set it in app.toml, as APP__URL or with --url"
    );
}

#[test]
fn a_key_like_no_other_is_told_what_there_is() {
    let lines = problems::<Settings>("log.zzz = 1", &[], &[]);
    assert_eq!(
        lines,
        "log.zzz = 1: unknown key; known here: `format`, `colour` (app.toml:1:5)"
    );
}

#[test]
fn unknown_keys_beside_wrong_values_are_found_in_the_same_pass() {
    let lines = problems::<Settings>("x = 1\n[db]\ny = 2\nurl = 3\n[log]\nz = 4\n", &[], &[]);
    let keys: Vec<_> = lines
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(keys, ["x", "db.y", "db.url", "log.z"]);
}

#[test]
fn all_bad_elements_of_a_list_and_all_bad_entries_of_a_map_are_named() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct App {
        ports: Vec<u16>,
        weights: BTreeMap<String, u8>,
        pair: (u8, bool),
    }
    let toml = "ports = [1, 'a', 2, 70000]\nweights = { a = 1, b = 'x', \"c.d\" = 300 }\npair = ['x', 'y']\n";
    assert_eq!(
        problems::<App>(toml, &[], &[]),
        "\
ports[1] = \"a\": expected an integer from 0 to 65535 (app.toml:1:13)
ports[3] = 70000: expected an integer from 0 to 65535 (app.toml:1:21)
weights.b = \"x\": expected an integer from 0 to 255 (app.toml:2:24)
weights.\"c.d\" = 300: expected an integer from 0 to 255 (app.toml:2:37)
pair[0] = \"x\": expected an integer from 0 to 255 (app.toml:3:9)
pair[1] = \"y\": expected true or false (app.toml:3:14)"
    );
}

#[test]
fn bad_keys_of_a_map_are_named_beside_bad_values() {
    let lines = problems::<BTreeMap<String, BTreeMap<u8, bool>>>(
        "[codes]\n300 = true\nx = true\n7 = 'z'\n",
        &[],
        &[],
    );
    assert_eq!(
        lines,
        "\
codes.300 = \"300\": expected an integer from 0 to 255 (app.toml:2:1)
codes.x = \"x\": expected an integer from 0 to 255 (app.toml:3:1)
codes.7 = \"z\": expected true or false (app.toml:4:5)"
    );
}

#[test]
fn types_that_refuse_everything_do_not_hide_what_stands_beside_them() {
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "String")]
    struct Picky;
    impl TryFrom<String> for Picky {
        type Error = String;
        fn try_from(text: String) -> Result<Self, String> {
            if text == "the one" {
                Ok(Self)
            } else {
                Err("only `the one` will do".to_owned())
            }
        }
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Inner {
        a: Picky,
        b: u8,
        c: Picky,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct App {
        inner: Inner,
        list: Vec<Picky>,
        next: Inner,
    }
    let toml = "\
list = ['x', 'the one', 'y']
inner = { a = 'x', b = 'x', c = 'x' }
next = { a = 'the one', b = 300, c = 'z', d = 1 }
";
    assert_eq!(
        problems::<App>(toml, &[], &[]),
        "\
list[0] = \"x\": only `the one` will do (app.toml:1:9)
list[2] = \"y\": only `the one` will do (app.toml:1:25)
inner.a = \"x\": only `the one` will do (app.toml:2:15)
inner.b = \"x\": expected an integer from 0 to 255 (app.toml:2:24)
inner.c = \"x\": only `the one` will do (app.toml:2:33)
next.b = 300: expected an integer from 0 to 255 (app.toml:3:29)
next.c = \"z\": only `the one` will do (app.toml:3:38)
next.d = 1: unknown key; known here: `a`, `b`, `c` (app.toml:3:43)"
    );
}

#[test]
fn many_values_that_cannot_be_made_up_are_named_quickly() {
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "String")]
    struct Never;
    impl TryFrom<String> for Never {
        type Error = &'static str;
        fn try_from(_: String) -> Result<Self, &'static str> {
            Err("never")
        }
    }
    let toml = format!("list = [{}]\n", "'x', ".repeat(2_000));
    let errors = load::<BTreeMap<String, Vec<Never>>>(&toml, &[], &[]).unwrap_err();
    assert_eq!(errors.problems().len(), 101);
}

#[test]
fn what_a_whole_section_says_is_reported_at_the_section() {
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "Raw")]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Range(u8, u8);
    #[derive(Debug, Deserialize)]
    struct Raw {
        low: u8,
        high: u8,
    }
    impl TryFrom<Raw> for Range {
        type Error = &'static str;
        fn try_from(raw: Raw) -> Result<Self, &'static str> {
            if raw.low < raw.high {
                Ok(Self(raw.low, raw.high))
            } else {
                Err("low must be below high")
            }
        }
    }
    type Ranges = BTreeMap<String, Range>;
    let lines = problems::<Ranges>(
        "[a]\nlow = 2\nhigh = 1\n[b]\nlow = 1\nhigh = 2\n[c]\nlow = 3\nhigh = 3\n",
        &[],
        &[],
    );
    assert_eq!(
        lines,
        "a = {...}: low must be below high (app.toml:1:1)\nc = {...}: low must be below high (app.toml:7:1)"
    );
    // A value that was made up for the sake of going on is never blamed.
    let lines = problems::<Ranges>("[a]\nlow = 'x'\nhigh = 0\n", &[], &[]);
    assert_eq!(
        lines,
        "a.low = \"x\": expected an integer from 0 to 255 (app.toml:2:7)"
    );
}

#[test]
fn types_with_words_of_their_own_keep_them() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct App {
        listen: std::net::SocketAddr,
        ip: std::net::IpAddr,
    }
    let lines = problems::<App>("listen = 'here'\nip = 5\n", &[], &[]);
    assert_eq!(
        lines,
        "\
listen = \"here\": expected socket address: invalid socket address syntax (app.toml:1:10)
ip = 5: expected IP address (app.toml:2:6)"
    );
}

#[test]
fn checks_join_the_list_with_value_and_place() {
    let checked = |toml: &str, env: &[(&str, &str)]| {
        loader::<Settings>(toml, env, &[])
            .check(|settings, report| {
                if settings.db.min_connections > settings.db.max_connections {
                    report.refuse("db.min_connections", "must not be above db.max_connections");
                }
            })
            .check(|settings, report| {
                if settings.name.is_empty() {
                    report.refuse("name", "must not be empty");
                }
            })
            .load()
    };
    let toml = "[db]\nmin_connections = 9\nmax_connections = 8\nfoo = 1\n";
    assert_eq!(
        checked(toml, &[]).unwrap_err().to_string(),
        "\
db.min_connections = 9: must not be above db.max_connections (app.toml:2:19)
db.foo = 1: unknown key; known here: `url`, `max_connections`, `min_connections`, `timeout` (app.toml:4:1)
name: must not be empty"
    );
    assert!(checked("name = 'x'", &[("APP__DB__MIN_CONNECTIONS", "10")]).is_ok());
    // A value of the wrong type: there is nothing to check yet.
    assert_eq!(checked("db.url = 1", &[]).unwrap_err().problems().len(), 1);
}

#[cfg(feature = "validate")]
#[test]
fn rules_of_garde_join_the_list_too() {
    #[derive(Debug, Deserialize, garde::Validate)]
    struct App {
        #[garde(length(min = 3))]
        name: String,
        #[garde(dive)]
        servers: Vec<Server>,
    }
    #[derive(Debug, Deserialize, garde::Validate)]
    struct Server {
        #[garde(range(max = 10))]
        weight: u8,
    }
    let toml = "name = 'x'\n[[servers]]\nweight = 1\n[[servers]]\nweight = 11\n";
    assert_eq!(
        loader::<App>(toml, &[], &[])
            .validated()
            .load()
            .unwrap_err()
            .to_string(),
        "\
name = \"x\": length is lower than 3 (app.toml:1:8)
servers[1].weight = 11: greater than 10 (app.toml:5:10)"
    );
}

#[test]
fn syntax_errors_are_named_by_line_and_hide_nothing_of_the_other_layers() {
    let lines = problems::<Settings>(
        "name = x\n\ndb.url = 'ok'\nport\n",
        &[("APP__DB__MAX_CONNECTIONS", "x")],
        &[],
    );
    assert_eq!(
        lines,
        "\
not valid TOML: string values must be quoted, expected literal string (app.toml:1:8)
not valid TOML: key with no value, expected `=` (app.toml:4:5)
db.max_connections = \"x\": expected an integer from 0 to 4294967295 (APP__DB__MAX_CONNECTIONS)"
    );
}

#[test]
fn a_broken_file_does_not_make_its_keys_missing() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct App {
        name: String,
    }
    let lines = problems::<App>("name = 'x\n", &[], &[]);
    assert_eq!(lines.lines().count(), 1, "{lines}");
    assert!(lines.ends_with("(app.toml:1:10)"), "{lines}");
}

#[test]
fn malformed_names_and_arguments_are_refused() {
    let env = [("APP__", "x"), ("APP__DB____URL", "x")];
    let lines = problems::<Settings>("", &env, &["serve", "-v", "--name", "--db.", "--origins"]);
    assert_eq!(
        lines,
        "\
a level of the name is empty (APP__)
a level of the name is empty (APP__DB____URL)
expected a value: `--name=value` or `--name value` (--name)
a level of the name is empty (--db.)
expected a value: `--origins=value` or `--origins value` (--origins)
argument 1: expected `--key=value` or `--key value`
argument 2: expected `--key=value` or `--key value`"
    );
}

#[test]
fn columns_count_characters() {
    let lines = problems::<Settings>(
        "name = 'äöü' # ü\n\"ключ\" = 1\nlog = { format = 'ü', colour = 1 }\n",
        &[],
        &[],
    );
    assert!(lines.contains("\"ключ\" = 1: unknown key"), "{lines}");
    assert!(
        lines.ends_with("log.colour = 1: expected true or false (app.toml:3:32)"),
        "{lines}"
    );
}

#[test]
fn a_problem_is_one_line_whatever_the_value_holds() {
    let long = "x".repeat(500);
    let toml = format!("log.format = \"a\\nb\"\norigins = \"{long}\"\n");
    let lines = problems::<Settings>(&toml, &[], &[]);
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(
        lines.contains(r#"log.format = "a\nb": "#) && lines.len() < 300,
        "{lines}"
    );
}

#[test]
fn a_flood_of_problems_ends() {
    let toml = format!("origins = [{}]", "1, ".repeat(100));
    assert_eq!(
        load::<Settings>(&toml, &[], &[])
            .unwrap_err()
            .problems()
            .len(),
        100
    );
    let toml = format!("origins = [{}]", "1, ".repeat(1000));
    let errors = load::<Settings>(&toml, &[], &[]).unwrap_err();
    assert_eq!(errors.problems().len(), 101);
    assert!(
        errors
            .to_string()
            .ends_with("\nmore than 100 problems; the rest is not listed"),
        "{errors}"
    );
}

#[cfg(unix)]
#[test]
fn texts_that_are_not_utf8_are_problems() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;

    let bad = |head: &str| [head.as_bytes(), b"\xff"].concat();
    let os = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    let env = [
        (os(&bad("APP__X")), OsString::from("hunter2")),
        (OsString::from("APP__NAME"), os(&bad("hunter2"))),
        (os(&bad("OTHER")), os(b"\xff")),
    ];
    let errors = Loader::<Settings>::new()
        .text("app.toml", &b"name = 'x'\n# \xff\n"[..])
        .env_from("APP", env)
        .args([os(&bad("--name="))])
        .load()
        .unwrap_err();
    assert_eq!(
        errors.to_string(),
        "\
not valid UTF-8 (app.toml:2:3)
the value of the variable is not valid UTF-8 (APP__NAME)
the name of the variable is not valid UTF-8 (APP__X\u{fffd})
argument 1 is not valid UTF-8"
    );
}

#[test]
fn the_errors_become_an_error_that_tells_clients_nothing() {
    let errors = load::<Settings>("db.url = 1", &[], &[]).unwrap_err();
    let error = Error::from(errors);
    assert_eq!(
        (error.code(), error.reason()),
        (Code::InvalidArgument, "config.invalid")
    );
    assert!(!error.to_string().contains("app.toml"));
    assert!(format!("{error:?}").contains("app.toml:1:10"));
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow_the_stack() {
    let deep = vec!["a"; 50_000];
    let toml = format!("{} = 1", deep.join("."));
    assert!(problems::<Settings>(&toml, &[], &[]).contains("recursion limit"));
    let name = format!("APP__{}", deep.join("__"));
    assert!(problems::<Settings>("", &[(&name, "1")], &[]).contains("more than 64 levels"));
    let flag = format!("--{}=1", deep.join("."));
    assert!(problems::<Settings>("", &[], &[&flag]).contains("more than 64 levels"));
    let array = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    assert!(load::<Settings>("", &[("APP__ORIGINS", &array)], &[]).is_ok());
}

/// Names that hit and just miss the keys of [`Settings`].
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("db".to_owned()),
        Just("db__url".to_owned()),
        Just("DB__MAX_CONNECTIONS".to_owned()),
        Just("db__timeout".to_owned()),
        Just("log__format__x".to_owned()),
        Just("origins__0".to_owned()),
        Just("origins__7".to_owned()),
        "[a-z_.]{0,12}",
        any::<String>(),
    ]
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        r#"[\[\]{}'",=a-z0-9. -]{0,20}"#,
        Just("99999999999999999999".to_owned())
    ]
}

proptest! {
    #[test]
    fn no_bytes_of_a_file_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Loader::<Settings>::new().text("app.toml", bytes).load();
    }

    #[test]
    fn no_toml_like_text_panics(lines in proptest::collection::vec(r#"(\[{0,2}[a-z."]{0,8}\]{0,2}|(db\.|log\.)?[a-z_]{1,8} = [\[\]{}'",=a-z0-9. -]{0,12})"#, 0..6)) {
        let _ = load::<Settings>(&lines.join("\n"), &[], &[]);
    }

    #[test]
    fn no_variable_panics(env in proptest::collection::vec((names(), texts()), 0..6)) {
        let env: Vec<_> = env.into_iter().map(|(name, text)| (format!("APP__{name}"), text)).collect();
        let _ = Loader::<Settings>::new().text("a", "origins = ['x']").env_from("APP", env).load();
    }

    #[test]
    fn no_argument_panics(args in proptest::collection::vec(prop_oneof![names().prop_map(|name| format!("--{}", name.replace("__", "."))), texts()], 0..8)) {
        let _ = Loader::<Settings>::new().args(args).load();
    }

    /// One mistake a field, in any mixture: as many lines as mistakes.
    #[test]
    fn as_many_lines_as_mistakes(wrong in proptest::collection::vec(any::<bool>(), 7)) {
        let keys = ["name", "origins", "db.url", "db.max_connections", "db.timeout", "log.format", "log.colour"];
        let toml: String = keys.iter().zip(&wrong).filter(|(_, wrong)| **wrong).map(|(key, _)| format!("{key} = 1.5\n")).collect();
        let count = load::<Settings>(&toml, &[], &[]).err().map_or(0, |errors| errors.problems().len());
        prop_assert_eq!(count, wrong.iter().filter(|wrong| **wrong).count());
    }
}
