//! Order of nodes as a file lists them: each after what it uses, otherwise unchanged.

use std::collections::{BTreeSet, HashMap, HashSet};

use qdq_schema::onnx::{GraphProto, NodeProto, TensorProto, ValueInfoProto};

use super::names::describe_node;
use crate::error::{Error, Result};

/// Positions of the nodes in an order in which each stands after those whose outputs it uses.
///
/// # Errors
/// Names the nodes of a cycle, if there is one.
pub(super) fn sorted(nodes: &[NodeProto]) -> Result<Vec<usize>> {
    let mut producer = HashMap::new();
    for (position, node) in nodes.iter().enumerate() {
        for output in node.output.iter().filter(|output| !output.is_empty()) {
            producer.entry(output.as_str()).or_insert(position);
        }
    }
    let needs: Vec<BTreeSet<usize>> = nodes
        .iter()
        .map(|node| used_names(node).into_iter().filter_map(|name| producer.get(name).copied()).collect())
        .collect();
    if needs.iter().enumerate().all(|(position, needs)| needs.last().is_none_or(|&last| last < position)) {
        return Ok((0..nodes.len()).collect());
    }
    topological(&needs).ok_or_else(|| cycle_error(nodes, &needs))
}

fn topological(needs: &[BTreeSet<usize>]) -> Option<Vec<usize>> {
    let mut users = vec![Vec::new(); needs.len()];
    for (position, needs) in needs.iter().enumerate() {
        for &needed in needs {
            users.get_mut(needed)?.push(position);
        }
    }
    let mut n_missing: Vec<usize> = needs.iter().map(BTreeSet::len).collect();
    let free = n_missing.iter().enumerate().filter(|(_, n_missing)| **n_missing == 0);
    let mut ready: BTreeSet<usize> = free.map(|(position, _)| position).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(position) = ready.pop_first() {
        order.push(position);
        for &user in users.get(position)? {
            let n_missing = n_missing.get_mut(user)?;
            *n_missing -= 1;
            if *n_missing == 0 {
                ready.insert(user);
            }
        }
    }
    (order.len() == needs.len()).then_some(order)
}

/// Walks from need to need until a node comes up again; the walk starts at a node that no order can place.
fn cycle_error(nodes: &[NodeProto], needs: &[BTreeSet<usize>]) -> Error {
    let mut done = BTreeSet::new();
    let mut cycle: Vec<usize> = Vec::new();
    for start in 0..needs.len() {
        let mut path: Vec<usize> = vec![start];
        let mut on_path = BTreeSet::from([start]);
        while let Some(&last) = path.last() {
            let next = needs.get(last).and_then(|needs| needs.iter().find(|need| !done.contains(*need)));
            match next {
                Some(next) if on_path.contains(next) => {
                    let from = path.iter().position(|position| position == next).unwrap_or(0);
                    cycle = path.split_off(from);
                    path.clear();
                }
                Some(&next) => {
                    path.push(next);
                    on_path.insert(next);
                }
                None => {
                    done.insert(last);
                    on_path.remove(&last);
                    path.pop();
                }
            }
        }
        if !cycle.is_empty() {
            break;
        }
    }
    let names = cycle.iter().take(8).filter_map(|&position| nodes.get(position)).map(describe_node);
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    Error::malformed(format!("these nodes need each other's results: {}", names.join(", ")))
        .help("a model must have no cycles; export it again")
}

/// Names of the values a node uses, in its subgraphs too.
pub(super) fn used_names(node: &NodeProto) -> Vec<&str> {
    let mut used: Vec<&str> = node.input.iter().map(String::as_str).collect();
    for attribute in &node.attribute {
        for graph in attribute.g.as_deref().into_iter().chain(&attribute.graphs) {
            captured_names(graph, &mut used);
        }
    }
    used
}

/// Names that a subgraph uses without defining them.
fn captured_names<'m>(graph: &'m GraphProto, captured: &mut Vec<&'m str>) {
    let mut defined: HashSet<&str> = graph.input.iter().map(ValueInfoProto::name).collect();
    defined.extend(graph.initializer.iter().map(TensorProto::name));
    defined.extend(graph.node.iter().flat_map(|node| &node.output).map(String::as_str));
    let used = graph.node.iter().flat_map(used_names).chain(graph.output.iter().map(ValueInfoProto::name));
    captured.extend(used.filter(|name| !defined.contains(name)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
        NodeProto {
            name: Some(name.into()),
            op_type: Some("Add".into()),
            input: inputs.iter().map(ToString::to_string).collect(),
            output: outputs.iter().map(ToString::to_string).collect(),
            ..NodeProto::default()
        }
    }

    #[test]
    fn keeps_an_order_that_is_right_and_repairs_one_that_is_not() {
        let right = [node("a", &["x"], &["y"]), node("b", &["y"], &["z"])];
        assert_eq!(sorted(&right).unwrap(), [0, 1]);
        let wrong = [node("c", &["z", "y"], &["w"]), node("b", &["y"], &["z"]), node("a", &["x"], &["y"])];
        assert_eq!(sorted(&wrong).unwrap(), [2, 1, 0]);
    }

    #[test]
    fn names_the_nodes_of_a_cycle_and_no_others() {
        let nodes = [
            node("after", &["b"], &["end"]),
            node("first", &["x", "b"], &["a"]),
            node("second", &["a"], &["b"]),
        ];
        let text = sorted(&nodes).unwrap_err().to_string();
        assert!(text.contains("`first (Add)`") && text.contains("`second (Add)`"), "{text}");
        assert!(!text.contains("after"), "{text}");
    }
}
