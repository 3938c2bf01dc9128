//! Secrets: from files, and nowhere to be seen.

use ovasabi_core::config::{Loader, Secret};
use serde::{Deserialize, Serialize};

use super::{load, loader, problems, value};

#[derive(Debug, Deserialize, Serialize)]
struct App {
    db: Db,
}

#[derive(Debug, Deserialize, Serialize)]
struct Db {
    #[serde(default)]
    user: String,
    #[serde(default)]
    password: Option<Secret>,
    #[serde(default)]
    pin: Option<Secret<u16>>,
    #[serde(default)]
    port: u16,
}

const HIDDEN: &str = "hunter2-correct-horse";

/// A file that holds `text`.
fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

fn password(app: &App) -> &str {
    app.db.password.as_ref().unwrap().expose()
}

#[test]
fn a_secret_is_read_like_any_text() {
    let app: App = value(&format!("db.password = '{HIDDEN}'"), &[], &[]);
    assert_eq!(password(&app), HIDDEN);
}

#[test]
fn a_secret_is_read_from_the_file_that_a_variable_names() {
    let (_folder, path) = file(&format!("{HIDDEN}\r\n"));
    let loaded = load::<App>("db.user = 'me'", &[("APP__DB__PASSWORD_FILE", &path)], &[]).unwrap();
    assert_eq!(password(loaded.value()), HIDDEN);
    assert_eq!(
        loaded.source("db.password").unwrap().to_string(),
        "APP__DB__PASSWORD_FILE"
    );
}

#[test]
fn a_secret_is_read_from_the_file_that_a_key_or_an_argument_names() {
    let (_folder, path) = file(HIDDEN);
    let loaded = load::<App>(&format!("[db]\npassword_file = '{path}'"), &[], &[]).unwrap();
    assert_eq!(password(loaded.value()), HIDDEN);
    assert_eq!(
        loaded.source("db.password").unwrap().to_string(),
        "app.toml:2:17"
    );
    let app: App = value("", &[], &["--db.password-file", &path]);
    assert_eq!(password(&app), HIDDEN);
}

#[test]
fn a_secret_of_another_type_is_read_from_a_file_too() {
    let (_folder, path) = file("1234\n");
    let app: App = value("", &[("APP__DB__PIN_FILE", &path)], &[]);
    assert_eq!(*app.db.pin.unwrap().expose(), 1234);
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let lines = problems::<App>("", &[("APP__DB__PASSWORD_FILE", "/nonexistent/db")], &[]);
    let expected = "db.password_file = \"/nonexistent/db\": cannot read the file: No such file or directory (os error \
                    2) (APP__DB__PASSWORD_FILE)";
    assert_eq!(lines, expected);

    let (_folder, path) = file("\n");
    assert!(
        problems::<App>("", &[("APP__DB__PASSWORD_FILE", &path)], &[])
            .contains("the file is empty")
    );
    let (_folder, path) = file(&"x".repeat(64 * 1024 + 1));
    assert!(
        problems::<App>("", &[("APP__DB__PASSWORD_FILE", &path)], &[])
            .contains("larger than 65536 bytes")
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x"), b"\xff\xfe").unwrap();
    let path = folder.path().join("x").display().to_string();
    assert!(
        problems::<App>("", &[("APP__DB__PASSWORD_FILE", &path)], &[]).contains("not valid UTF-8")
    );
}

#[test]
fn a_secret_and_its_file_in_one_layer_are_a_conflict() {
    let (_folder, path) = file(HIDDEN);
    let env = [
        ("APP__DB__PASSWORD", HIDDEN),
        ("APP__DB__PASSWORD_FILE", path.as_str()),
    ];
    let lines = problems::<App>("", &env, &[]);
    let expected = format!(
        "db.password_file = {path:?}: `password` is set too, at APP__DB__PASSWORD; give one of them \
         (APP__DB__PASSWORD_FILE)"
    );
    assert_eq!(lines, expected);
}

#[test]
fn a_secret_and_its_file_in_two_layers_follow_the_layers() {
    let (_folder, path) = file(HIDDEN);
    let loaded = load::<App>(
        "db.password = 'dev'",
        &[("APP__DB__PASSWORD_FILE", &path)],
        &[],
    )
    .unwrap();
    assert_eq!(password(loaded.value()), HIDDEN);
    assert_eq!(
        loaded.source("db.password").unwrap().to_string(),
        "APP__DB__PASSWORD_FILE"
    );
    let toml = format!("db.password_file = '{path}'");
    let loaded = load::<App>(&toml, &[("APP__DB__PASSWORD", "from env")], &[]).unwrap();
    assert_eq!(password(loaded.value()), "from env");
    assert_eq!(
        loaded.source("db.password").unwrap().to_string(),
        "APP__DB__PASSWORD"
    );
}

#[test]
fn what_is_no_secret_is_not_read_from_a_file() {
    let (_folder, path) = file("80");
    let lines = problems::<App>("", &[("APP__DB__PORT_FILE", &path)], &[]);
    let expected = format!(
        "db.port_file = {path:?}: unknown key; `db.port` is no secret and not read from a file (APP__DB__PORT_FILE)"
    );
    assert_eq!(lines, expected);
}

#[test]
fn a_key_that_ends_like_a_file_is_not_taken_for_the_file_of_a_section() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct App {
        log: Log,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Log {
        level: String,
    }
    let lines = problems::<App>("log_file = 'x'\n[log]\nlevel = 'info'\n", &[], &[]);
    let expected =
        "log_file = \"x\": unknown key; `log` is no secret and not read from a file (app.toml:1:1)";
    assert_eq!(lines, expected);
}

#[test]
fn a_number_is_not_hidden_for_its_name_alone() {
    #[derive(Debug, Deserialize, Serialize)]
    struct Limits {
        max_token: u32,
    }
    let dump = load::<Limits>("max_token = 512", &[], &[]).unwrap().dump();
    assert_eq!(dump, "max_token = 512 # app.toml:1:13\n");
}

#[test]
fn a_bad_value_of_a_secret_is_not_shown() {
    let lines = problems::<App>(
        &format!("[db]\npin = '{HIDDEN}'\npassword = 12345678\n"),
        &[],
        &[],
    );
    assert_eq!(
        lines,
        "\
db.pin = ***: expected an integer from 0 to 65535 (app.toml:2:7)
db.password = ***: expected a string (app.toml:3:12)"
    );
    let (_folder, path) = file(HIDDEN);
    let lines = problems::<App>("", &[("APP__DB__PIN_FILE", &path)], &[]);
    assert_eq!(
        lines,
        "db.pin = ***: expected an integer from 0 to 65535 (APP__DB__PIN_FILE)"
    );
}

#[test]
fn a_mistyped_secret_is_not_shown() {
    for key in [
        "pasword",
        "passwrd",
        "pwd",
        "db_password",
        "api_token",
        "PASSWORD",
    ] {
        let lines = problems::<App>(&format!("db.{key} = '{HIDDEN}'"), &[], &[]);
        assert!(
            lines.starts_with(&format!("db.{key} = ***: unknown key")),
            "{lines}"
        );
    }
    let lines = problems::<App>("", &[], &["--db.pasword", HIDDEN]);
    assert_eq!(
        lines,
        "db.pasword = ***: unknown key; did you mean `db.password`? (--db.pasword)"
    );
}

#[test]
fn a_password_in_a_url_is_not_shown() {
    let lines = problems::<App>(
        &format!("[db]\nuser = 'x'\nport = 'postgres://me:{HIDDEN}/x@host/db'\n"),
        &[],
        &[],
    );
    assert!(
        lines.starts_with("db.port = \"postgres://***@host/db\": expected an integer"),
        "{lines}"
    );
}

#[test]
fn a_section_given_as_one_text_is_not_shown() {
    for (name, text) in [
        // Not closed, so that it is no section.
        ("APP__DB", format!("{{ password = \"{HIDDEN}\", user = ")),
        ("APP__DB", format!("password={HIDDEN}")),
        // The key is mistyped, what is inside is not looked at.
        ("APP__DBB", format!("{{ password = \"{HIDDEN}\" }}")),
        ("APP__DBB", format!("password={HIDDEN}")),
        ("APP__DBB", format!("[{{ password = \"{HIDDEN}\" }}, ")),
    ] {
        let lines = problems::<App>("", &[(name, &text)], &[]);
        assert!(lines.contains(name), "{lines}");
        assert!(!lines.contains("hunter2"), "{lines}");
    }
}

#[test]
fn a_line_that_is_not_toml_is_not_shown() {
    for toml in [
        format!("[db]\npassword = {HIDDEN}\n"),
        format!("[db]\npassword = '{HIDDEN}\n"),
        format!("[db]\npassword '{HIDDEN}'\n"),
        format!("[db]\npassword = '{HIDDEN}'\npassword = '{HIDDEN}'\n"),
    ] {
        let errors = load::<App>(&toml, &[], &[]).unwrap_err();
        assert!(
            !format!("{errors} {errors:?}").contains("hunter2"),
            "{errors}"
        );
    }
}

#[test]
fn a_type_that_repeats_a_secret_is_masked() {
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "Raw")]
    struct Chatty;
    #[derive(Deserialize)]
    struct Raw {
        password: Secret,
    }
    impl TryFrom<Raw> for Chatty {
        type Error = String;
        fn try_from(raw: Raw) -> Result<Self, String> {
            Err(format!("{:?} is too weak", raw.password.expose()))
        }
    }
    let lines = problems::<Chatty>(&format!("password = '{HIDDEN}'"), &[], &[]);
    assert!(lines.contains("\"***\" is too weak"), "{lines}");

    let checked =
        loader::<App>(&format!("db.password = '{HIDDEN}'"), &[], &[]).check(|app, report| {
            report.refuse("db.password", format!("{} is too weak", password(app)))
        });
    let errors = checked.load().unwrap_err();
    assert_eq!(
        errors.to_string(),
        "db.password = ***: *** is too weak (app.toml:1:15)"
    );
}

#[test]
fn no_view_of_a_configuration_shows_a_secret() {
    let (_folder, path) = file(HIDDEN);
    let toml = format!("[db]\nuser = 'me'\npassword = '{HIDDEN}'\n");
    let loader = Loader::<App>::new()
        .defaults(&serde_json::json!({ "db": { "pin": "***" } }))
        .text("app.toml", toml)
        .env_from(
            "APP",
            [
                ("APP__DB__PIN", "4711"),
                ("APP__DB__PASSWORD_FILE", path.as_str()),
            ],
        )
        .args(["--db.user=you"]);
    let loaded = loader.load().unwrap();
    let explained = loaded.explain("db.password").unwrap();
    let views = [
        format!("{loader:?}"),
        format!("{loaded:?}"),
        loaded.dump(),
        explained.to_string(),
        format!("{explained:?}"),
    ];
    for view in &views {
        assert!(!view.contains(HIDDEN) && !view.contains("4711"), "{view}");
    }
    assert!(
        loaded
            .dump()
            .contains("db.password = \"***\" # APP__DB__PASSWORD_FILE"),
        "{}",
        loaded.dump()
    );
    assert_eq!(explained.value(), "\"***\"");
}

#[test]
fn a_plain_field_with_the_name_of_a_secret_is_hidden_all_the_same() {
    #[derive(Debug, Deserialize, Serialize)]
    struct Plain {
        api_key: String,
        token_ttl: String,
        url: String,
    }
    let toml = format!("api_key = '{HIDDEN}'\ntoken_ttl = '5m'\nurl = 'redis://u:{HIDDEN}@h:1'\n");
    let dump = load::<Plain>(&toml, &[], &[]).unwrap().dump();
    assert_eq!(
        dump,
        "\
api_key = \"***\" # app.toml:1:11
token_ttl = \"5m\" # app.toml:2:13
url = \"redis://***@h:1\" # app.toml:3:7
"
    );
}

#[test]
fn a_redacted_default_is_no_default() {
    #[derive(Debug, Deserialize, Serialize)]
    struct Strict {
        password: Secret,
    }
    let defaults = Strict {
        password: Secret::from("built in".to_owned()),
    };
    let errors = Loader::<Strict>::new()
        .defaults(&defaults)
        .env_from("APP", [("", ""); 0])
        .load()
        .unwrap_err();
    assert_eq!(
        errors.to_string(),
        "password: required, but not set; set it as APP__PASSWORD or by the path of its file as APP__PASSWORD_FILE"
    );
}

#[test]
fn a_secret_in_another_format_stays_one() {
    let secret: Secret = serde_json::from_str(&format!("{HIDDEN:?}")).unwrap();
    assert_eq!(secret.clone().expose(), HIDDEN);
    assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
    let error = serde_json::from_str::<Secret<u8>>(&format!("{HIDDEN:?}")).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
