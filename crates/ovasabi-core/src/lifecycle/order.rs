//! In which order components start: pure.

use std::collections::BTreeMap;

use super::error::Problem;

/// A component, as far as the order needs it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) after: Vec<String>,
}

/// Indices in the order of start: what others wait for first, else as they were described.
pub(super) fn order(nodes: &[Node]) -> Result<Vec<usize>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        by_name.entry(&node.name).or_insert(index);
        *counts.entry(&node.name).or_default() += 1;
    }
    for (name, count) in counts {
        if count > 1 {
            problems.push(Problem::DuplicateName {
                name: name.to_owned(),
                count,
            });
        }
    }
    for node in nodes {
        for dependency in &node.after {
            if !by_name.contains_key(dependency.as_str()) {
                let known: Vec<_> = by_name.keys().copied().collect();
                problems.push(Problem::UnknownDependency {
                    component: node.name.clone(),
                    dependency: dependency.clone(),
                    known: known.join(", "),
                });
            }
        }
    }
    let mut walk = Walk {
        nodes,
        by_name: &by_name,
        marks: vec![Mark::New; nodes.len()],
        order: Vec::new(),
    };
    for index in 0..nodes.len() {
        let mut path = Vec::new();
        if let Some(cycle) = walk.visit(index, &mut path) {
            problems.push(Problem::Cycle { path: cycle });
        }
    }
    if problems.is_empty() {
        Ok(walk.order)
    } else {
        Err(problems)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    OnPath,
    Done,
}

struct Walk<'a> {
    nodes: &'a [Node],
    by_name: &'a BTreeMap<&'a str, usize>,
    marks: Vec<Mark>,
    order: Vec<usize>,
}

impl Walk<'_> {
    /// Depth first, dependencies before the node; the names of a cycle if it runs into one.
    fn visit(&mut self, index: usize, path: &mut Vec<String>) -> Option<Vec<String>> {
        let node = self.nodes.get(index)?;
        match self.marks.get(index)? {
            Mark::Done => return None,
            Mark::OnPath => {
                let mut cycle: Vec<_> = path
                    .iter()
                    .skip_while(|name| **name != node.name)
                    .cloned()
                    .collect();
                cycle.push(node.name.clone());
                return Some(cycle);
            }
            Mark::New => {}
        }
        self.mark(index, Mark::OnPath);
        path.push(node.name.clone());
        let mut cycle = None;
        for dependency in &node.after {
            if let Some(&next) = self.by_name.get(dependency.as_str()) {
                cycle = cycle.or(self.visit(next, path));
            }
        }
        path.pop();
        self.mark(index, Mark::Done);
        self.order.push(index);
        cycle
    }

    fn mark(&mut self, index: usize, mark: Mark) {
        if let Some(slot) = self.marks.get_mut(index) {
            *slot = mark;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_node_comes_once_and_after_what_it_waits_for(edges in proptest::collection::vec((0usize..12, 0usize..12), 0..40)) {
            // Edges only point to lower numbers, so there is no cycle; the description is shuffled by parity.
            let mut nodes: Vec<_> =
                (0..12).map(|index| Node { name: format!("n{index}"), after: Vec::new() }).collect();
            for (one, other) in edges {
                if one != other {
                    nodes[one.max(other)].after.push(format!("n{}", one.min(other)));
                }
            }
            nodes.sort_by_key(|node| (node.name.len() % 2, std::cmp::Reverse(node.name.clone())));
            let order = order(&nodes).unwrap();
            let position = |name: &str| order.iter().position(|&index| nodes[index].name == name).unwrap();
            prop_assert_eq!(order.len(), 12);
            for node in &nodes {
                for dependency in &node.after {
                    prop_assert!(position(dependency) < position(&node.name));
                }
            }
        }
    }
}
