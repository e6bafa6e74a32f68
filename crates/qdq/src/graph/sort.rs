//! Brings nodes into an order in which each stands after what it uses.

use std::collections::{BTreeSet, HashMap};

use super::{Block, Graph, Node, ValueId};
use crate::error::{Error, Result};

/// Sorts the nodes of a block and of its regions, keeping their order where it is free.
///
/// # Errors
/// Names the nodes of a cycle, if there is one.
pub fn sort_nodes(graph: &Graph, block: &mut Block) -> Result<()> {
    for node in &mut block.nodes {
        for region in &mut node.regions {
            sort_nodes(graph, region)?;
        }
    }
    let order = order(graph, block)?;
    if order.is_sorted() {
        return Ok(());
    }
    let mut nodes: Vec<Option<Node>> = std::mem::take(&mut block.nodes).into_iter().map(Some).collect();
    block.nodes = order.into_iter().filter_map(|position| nodes[position].take()).collect();
    Ok(())
}

fn order(graph: &Graph, block: &Block) -> Result<Vec<usize>> {
    let mut producer = HashMap::new();
    for (position, node) in block.nodes.iter().enumerate() {
        for output in node.present_outputs() {
            producer.insert(output, position);
        }
    }
    let mut n_waiting_for = vec![0; block.nodes.len()];
    let mut users = vec![Vec::new(); block.nodes.len()];
    for (position, node) in block.nodes.iter().enumerate() {
        let needs: BTreeSet<usize> =
            used_values(node).iter().filter_map(|value| producer.get(value).copied()).collect();
        n_waiting_for[position] = needs.len();
        for need in needs {
            users[need].push(position);
        }
    }
    let mut ready: BTreeSet<usize> =
        (0..block.nodes.len()).filter(|&position| n_waiting_for[position] == 0).collect();
    let mut order = Vec::with_capacity(block.nodes.len());
    while let Some(position) = ready.pop_first() {
        order.push(position);
        for &user in &users[position] {
            n_waiting_for[user] -= 1;
            if n_waiting_for[user] == 0 {
                ready.insert(user);
            }
        }
    }
    if order.len() == block.nodes.len() {
        return Ok(order);
    }
    let stuck = block.nodes.iter().zip(&n_waiting_for).filter(|(_, n_waiting_for)| **n_waiting_for > 0);
    let names: Vec<String> = stuck.take(5).map(|(node, _)| graph.describe(node)).collect();
    Err(Error::graph(format!("these nodes need each other's results: {}", names.join(", ")))
        .help("the graph has a cycle; export the model again"))
}

/// All values a node reads, in its regions too.
pub(crate) fn used_values(node: &Node) -> Vec<ValueId> {
    let mut used: Vec<ValueId> = node.present_inputs().collect();
    for region in &node.regions {
        region.for_each_node(&mut |inner| used.extend(inner.present_inputs()));
        region_outputs(region, &mut used);
    }
    used
}

fn region_outputs(region: &Block, used: &mut Vec<ValueId>) {
    used.extend(&region.outputs);
    for node in &region.nodes {
        for inner in &node.regions {
            region_outputs(inner, used);
        }
    }
}

/// Sorts the nodes of a graph: see [`sort_nodes`].
pub fn sort_body(graph: &mut Graph) -> Result<()> {
    let mut body = std::mem::take(&mut graph.body);
    let sorted = sort_nodes(graph, &mut body);
    graph.body = body;
    sorted
}
