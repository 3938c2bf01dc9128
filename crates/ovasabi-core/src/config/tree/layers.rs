//! Defaults, files, variables and arguments, each over what came before.

use secrecy::zeroize::Zeroizing;

use super::{Node, Path, Table, Value, text};
use crate::config::read::Schema;
use crate::config::{Problem, ProblemKind, Source};

/// Deeper than any real configuration, and far from the end of the stack.
const MAX_LEVELS: usize = 64;

/// One variable or argument.
pub(crate) struct Setting {
    levels: Vec<String>,
    text: Zeroizing<String>,
    source: Source,
}

impl Setting {
    pub(crate) fn new(levels: Vec<String>, text: &str, source: Source) -> Self {
        Self {
            levels,
            text: Zeroizing::new(text.to_owned()),
            source,
        }
    }
}

pub(crate) fn check_levels(levels: &[String]) -> Result<(), &'static str> {
    if levels.iter().any(String::is_empty) {
        return Err("a level of the name is empty");
    }
    if levels.len() > MAX_LEVELS {
        Err("the name has more than 64 levels")
    } else {
        Ok(())
    }
}

/// The tree in which the highest layer's values stand.
pub(crate) struct Layers<'a> {
    schema: &'a Schema,
    root: Node,
    layer: usize,
}

impl<'a> Layers<'a> {
    pub(crate) fn new(schema: &'a Schema) -> Self {
        Self {
            schema,
            root: Node::table(Source::Default, 0),
            layer: 0,
        }
    }

    /// The number of the layer that is added next.
    pub(crate) fn next_layer(&mut self) -> usize {
        self.layer += 1;
        self.layer
    }

    pub(crate) fn into_root(self) -> Node {
        self.root
    }

    /// Lays a whole tree over what is there: tables are merged, everything else is replaced.
    pub(crate) fn add(&mut self, tree: Node) {
        merge(&mut self.root, tree, &Path::default(), self.schema);
    }

    /// Lays single values over what is there.
    pub(crate) fn set(&mut self, settings: Vec<Setting>, problems: &mut Vec<Problem>) {
        let layer = self.next_layer();
        for setting in settings {
            let source = setting.source.clone();
            let key = setting.levels.join(".");
            if let Err(message) = set(&mut self.root, setting, layer, self.schema) {
                let problem = Problem::new(ProblemKind::Conflict, message);
                problems.push(problem.key_is(key).found_in(Some(source)));
            }
        }
    }
}

fn merge(base: &mut Node, over: Node, shape: &Path, schema: &Schema) {
    match (&mut base.value, over.value) {
        (Value::Table(table), Value::Table(above)) => {
            if schema.is_enum(shape) && above.keys().any(|variant| !table.contains_key(variant)) {
                table.clear();
            }
            for (key, node) in above {
                insert(table, key, node, shape, schema);
            }
            base.source = over.source;
            base.key = over.key;
            base.layer = over.layer;
        }
        (_, value) => {
            let mut node = Node { value, ..over };
            node.wins_over(base);
            *base = node;
        }
    }
}

fn insert(table: &mut Table, key: String, node: Node, shape: &Path, schema: &Schema) {
    let canonical = schema.canonical(shape, &key);
    // Both names in one layer: neither wins, and the reader says so.
    let taken = table
        .get(&canonical)
        .is_some_and(|other| other.layer == node.layer && canonical != key);
    let key = if taken { key } else { canonical };
    let shape = shape.with(schema.step(shape, &key));
    match table.get_mut(&key) {
        Some(base) => merge(base, node, &shape, schema),
        None if matches!(node.value, Value::Table(_)) => {
            let mut base = Node::table(node.source.clone(), node.layer);
            merge(&mut base, node, &shape, schema);
            table.insert(key, base);
        }
        None => {
            table.insert(key, node);
        }
    }
}

fn set(root: &mut Node, setting: Setting, layer: usize, schema: &Schema) -> Result<(), String> {
    let mut shape = Path::default();
    let mut node = root;
    for level in &setting.levels {
        open(node, &setting.source, layer)?;
        node = inside(node, level, &setting.source, layer, &mut shape, schema)?;
    }
    let mut leaf = Node::new(Value::Text(setting.text), setting.source, layer);
    if leaf.source == node.source {
        // A place made just now, or the same flag once more.
        *node = leaf;
        return Ok(());
    }
    if node.layer == layer && matches!(leaf.source, Source::Variable { .. }) {
        return Err(format!("set a second time: see {}", node.source));
    }
    if let (Value::Table(_), Some(table)) = (&node.value, as_table(&leaf)) {
        merge(node, table, &shape, schema);
        return Ok(());
    }
    leaf.wins_over(node);
    *node = leaf;
    Ok(())
}

/// The place one level down, made if it is not there.
fn inside<'n>(
    node: &'n mut Node,
    level: &str,
    source: &Source,
    layer: usize,
    shape: &mut Path,
    schema: &Schema,
) -> Result<&'n mut Node, String> {
    let vacant = || Node::table(source.clone(), layer);
    match &mut node.value {
        Value::Array(nodes) => {
            let count = nodes.len();
            let index = level.parse::<usize>().ok().filter(|index| *index <= count);
            let index = index
                .ok_or_else(|| format!("expected the number of an element, from 0 to {count}"))?;
            if index == count {
                nodes.push(vacant());
            }
            shape.push(schema.step(shape, level));
            nodes
                .get_mut(index)
                .ok_or_else(|| "there is no such element".to_owned())
        }
        Value::Table(table) => {
            let key = schema.resolve(shape, level, table);
            if schema.is_enum(shape) && !table.contains_key(&key) {
                // A variant of a lower layer gives way; two of one environment are a mistake.
                let rival = table.values().find(|other| other.layer == layer);
                if let Some(Source::Variable { name }) = rival.map(|rival| &rival.source) {
                    return Err(format!("another variant is set too: see {name}"));
                }
                table.clear();
            }
            shape.push(schema.step(shape, &key));
            Ok(table.entry(key).or_insert_with(vacant))
        }
        _ => Err("not a section".to_owned()),
    }
}

/// Makes sure that `node` can hold a deeper value.
fn open(node: &mut Node, source: &Source, layer: usize) -> Result<(), String> {
    if matches!(node.value, Value::Table(_) | Value::Array(_)) {
        return Ok(());
    }
    let inside = node
        .as_text()
        .and_then(|written| text::inline(written, node));
    if let Some(inside) =
        inside.filter(|inside| matches!(inside.value, Value::Table(_) | Value::Array(_)))
    {
        node.value = inside.value;
        return Ok(());
    }
    if node.layer == layer && matches!(source, Source::Variable { .. }) {
        return Err(format!(
            "a part of a value that is set as a whole: see {}",
            node.source
        ));
    }
    let mut table = Node::table(source.clone(), layer);
    table.wins_over(node);
    *node = table;
    Ok(())
}

fn as_table(leaf: &Node) -> Option<Node> {
    let inside = text::inline(leaf.as_text()?, leaf)?;
    matches!(inside.value, Value::Table(_)).then_some(inside)
}
