//! The shapes that serde types take: enums, other names, flattening, recursion.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{problems, value};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Store {
    Memory,
    Sqlite(String),
    Postgres { url: String, pool: u8 },
    Pair(u8, u8),
}

type Stores = BTreeMap<String, Store>;

#[derive(Debug, PartialEq, Deserialize)]
struct App {
    store: Store,
}

fn store(toml: &str, env: &[(&str, &str)]) -> Store {
    value::<App>(toml, env, &[]).store
}

#[test]
fn enums_are_names_or_tables_of_one_key() {
    assert_eq!(store("store = 'memory'", &[]), Store::Memory);
    assert_eq!(store("[store.memory]", &[]), Store::Memory);
    assert_eq!(
        store("store.sqlite = 'a.db'", &[]),
        Store::Sqlite("a.db".to_owned())
    );
    assert_eq!(store("store.pair = [1, 2]", &[]), Store::Pair(1, 2));
    let postgres = Store::Postgres {
        url: "x".to_owned(),
        pool: 3,
    };
    assert_eq!(
        store("[store.postgres]\nurl = 'x'\npool = 3", &[]),
        postgres
    );
}

#[test]
fn a_variable_chooses_another_variant() {
    let postgres = Store::Postgres {
        url: "x".to_owned(),
        pool: 3,
    };
    let env = [
        ("APP__STORE__POSTGRES__URL", "x"),
        ("APP__STORE__POSTGRES__POOL", "3"),
    ];
    assert_eq!(store("store = 'memory'", &env), postgres);
    assert_eq!(store("store.sqlite = 'a.db'", &env), postgres);
    assert_eq!(
        store("store.sqlite = 'a.db'", &[("APP__STORE", "memory")]),
        Store::Memory
    );
    assert_eq!(store("store.postgres.url = 'x'", &env[1..]), postgres);
}

#[test]
fn two_variants_in_one_environment_are_a_conflict() {
    let env = [
        ("APP__STORE__POSTGRES__URL", "x"),
        ("APP__STORE__SQLITE", "a.db"),
    ];
    let lines = problems::<App>("", &env, &[]);
    let expected = "store.sqlite: another variant is set too: see APP__STORE__POSTGRES__URL (APP__STORE__SQLITE)";
    assert!(lines.contains(expected), "{lines}");
}

#[test]
fn mistakes_inside_variants_are_all_found() {
    let toml = "\
[a]
postgres = { url = 1, pool = 'x', size = 3 }
[b.sqlite]
[c]
pair = [1, 'x']
[d]
memory = 1
[e]
sqlte = 'x'
[f]
sqlite = 'x'
memory = {}
";
    assert_eq!(
        problems::<Stores>(toml, &[], &[]),
        "\
a.postgres.url = 1: expected a string (app.toml:2:20)
a.postgres.pool = \"x\": expected an integer from 0 to 255 (app.toml:2:30)
a.postgres.size = 3: unknown key; known here: `url`, `pool` (app.toml:2:35)
b.sqlite = {...}: expected a string (app.toml:3:1)
c.pair[1] = \"x\": expected an integer from 0 to 255 (app.toml:5:12)
d = {...}: `memory` takes no value (app.toml:6:1)
e = {...}: expected one of `memory`, `sqlite`, `postgres`, `pair`; did you mean `sqlite`? (app.toml:8:1)
f = {...}: expected one of `memory`, `sqlite`, `postgres`, `pair` (app.toml:10:1)"
    );
}

#[test]
fn a_variant_that_needs_a_value_says_so() {
    assert_eq!(
        problems::<App>("store = 'sqlite'", &[], &[]),
        "store = \"sqlite\": `sqlite` needs a value (app.toml:1:9)"
    );
    let lines = problems::<App>("", &[("APP__STORE", "postgres")], &[]);
    assert!(lines.contains("store.postgres.url: required"), "{lines}");
    assert!(lines.contains("store.postgres.pool: required"), "{lines}");
}

#[derive(Debug, PartialEq, Deserialize)]
struct Aliased {
    #[serde(alias = "a_pool_size", alias = "pool")]
    max_connections: u8,
}

#[test]
fn other_names_of_a_field_are_one_key() {
    let read = |toml: &str, env: &[(&str, &str)]| value::<Aliased>(toml, env, &[]).max_connections;
    assert_eq!(read("pool = 1", &[]), 1);
    assert_eq!(read("a_pool_size = 1", &[("APP__POOL", "2")]), 2);
    assert_eq!(read("max_connections = 1", &[("APP__A_POOL_SIZE", "3")]), 3);
}

#[test]
fn two_names_of_one_field_in_one_file_are_a_conflict() {
    let lines = problems::<Aliased>("pool = 1\nmax_connections = 2\n", &[], &[]);
    assert_eq!(lines.lines().count(), 1, "{lines}");
    assert!(
        lines.starts_with("pool: another name of `max_connections`, which is set too"),
        "{lines}"
    );
}

#[test]
fn flattened_structs_and_tagged_enums_are_read() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        name: String,
        #[serde(flatten)]
        common: Common,
        kind: Kind,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Common {
        port: u16,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Kind {
        Fixed { rate: u32 },
        Off,
    }
    let toml = "name = 'x'\nport = 1\n[kind]\ntype = 'fixed'\nrate = 1\n";
    let expected = Outer {
        name: "x".to_owned(),
        common: Common { port: 80 },
        kind: Kind::Fixed { rate: 9 },
    };
    assert_eq!(
        value::<Outer>(toml, &[("APP__PORT", "80"), ("APP__KIND__RATE", "9")], &[]),
        expected
    );
    let off: Outer = value("name = 'x'\nport = 1\nkind = { type = 'off' }", &[], &[]);
    assert_eq!(off.kind, Kind::Off);
}

#[test]
fn what_a_tagged_enum_says_is_reported_with_its_key() {
    #[derive(Debug, Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    #[expect(dead_code, reason = "only the reading is looked at")]
    enum Kind {
        Fixed { rate: u32 },
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct App {
        kind: Kind,
        port: u16,
    }
    let lines = problems::<App>("port = 'x'\n[kind]\ntype = 'fixed'\nrate = 'y'\n", &[], &[]);
    assert_eq!(
        lines,
        "port = \"x\": expected an integer from 0 to 65535 (app.toml:1:8)\nkind = {...}: expected u32 (app.toml:2:1)"
    );
}

#[test]
fn a_type_inside_itself_is_read() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Tree {
        #[serde(default)]
        name: String,
        left: Option<Box<Tree>>,
        #[serde(default)]
        rest: Vec<Tree>,
        #[serde(default)]
        named: HashMap<String, Tree>,
    }
    let tree: Tree = value(
        "[left.left]\nname = 'x'\n[[rest]]\n[[rest]]\nname = 'y'\n",
        &[],
        &[],
    );
    assert_eq!(tree.left.unwrap().left.unwrap().name, "x");
    assert_eq!(tree.rest[1].name, "y");
    let lines = problems::<Tree>("[left.left]\nnam = 'x'\n[[rest]]\nname = 1\n", &[], &[]);
    assert_eq!(lines.lines().count(), 2, "{lines}");
}

#[test]
fn sections_behind_keys_that_are_no_texts_are_known_too() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Shard {
        #[serde(alias = "server")]
        host: String,
    }
    let toml = "[shards.7]\nhost = 'a'\n";
    let env = [
        ("APP__SHARDS__7__SERVER", "b"),
        ("APP__SHARDS__8__HOST", "c"),
    ];
    let shards: BTreeMap<String, BTreeMap<u16, Shard>> = value(toml, &env, &[]);
    let hosts: Vec<_> = shards["shards"]
        .iter()
        .map(|(key, shard)| (*key, shard.host.as_str()))
        .collect();
    assert_eq!(hosts, [(7, "b"), (8, "c")]);
}

#[test]
fn an_enum_inside_itself_is_read() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Rule {
        Not(Box<Rule>),
        All(Vec<Rule>),
        Any,
    }
    let rules: BTreeMap<String, Rule> = value("rule.all = ['any', { not = 'any' }]", &[], &[]);
    assert_eq!(
        rules["rule"],
        Rule::All(vec![Rule::Any, Rule::Not(Box::new(Rule::Any))])
    );
}

#[test]
fn types_that_take_anything_get_what_was_written() {
    let json: serde_json::Value = value(
        "a = 1\nb = [true, 'x']\n[c]\nd = 2020-01-01\n",
        &[
            ("APP__E", "5"),
            ("APP__F", "x y"),
            ("APP__G", "1.5.2"),
            ("APP__H", "nan"),
        ],
        &[],
    );
    let expected = serde_json::json!({
        "a": 1, "b": [true, "x"], "c": { "d": "2020-01-01" }, "e": 5, "f": "x y", "g": "1.5.2", "h": "nan"
    });
    assert_eq!(json, expected);
}

#[test]
fn large_numbers_are_exact() {
    let numbers: BTreeMap<String, u64> = value("", &[("APP__A", "18446744073709551615")], &[]);
    assert_eq!(numbers["a"], u64::MAX);
    let lines = problems::<BTreeMap<String, i64>>("a = 9223372036854775808", &[], &[]);
    assert!(
        lines.contains("expected an integer from -9223372036854775808 to 9223372036854775807"),
        "{lines}"
    );
    let lines = problems::<BTreeMap<String, i64>>(&format!("a = {}", "9".repeat(60)), &[], &[]);
    assert!(lines.contains("app.toml:1:5"), "{lines}");
}

#[test]
fn a_variable_that_is_no_list_or_no_table_is_refused() {
    let lines = problems::<BTreeMap<String, Vec<u8>>>(
        "",
        &[("APP__A", "1,x,300"), ("APP__B", "['x'")],
        &[],
    );
    assert_eq!(
        lines,
        "\
a[1] = \"x\": expected an integer from 0 to 255 (APP__A)
a[2] = \"300\": expected an integer from 0 to 255 (APP__A)
b = \"['x'\": expected a list (APP__B)"
    );
    let lines = problems::<Aliased>("", &[("APP__MAX_CONNECTIONS__X", "1")], &[]);
    assert_eq!(
        lines,
        "max_connections = {...}: expected an integer from 0 to 255 (APP__MAX_CONNECTIONS__X)"
    );
}
