//! The scopes of nodes that a patch makes superfluous, kept on what takes their place.

use std::collections::BTreeSet;
use std::ops::Range;

use super::view::Index;
use crate::graph::{Graph, Node, Uses, ValueId};
use crate::ops::Identity;

/// What a patch replaces, in so far as it is to be remembered.
pub(super) struct Replaced {
    /// A stand-in with the node's scopes; none where its regions go on by themselves.
    scopes: Option<Node>,
}

impl Replaced {
    /// The node at this position.
    pub(super) fn new(graph: &Graph, position: usize) -> Self {
        let node = &graph.body.nodes[position];
        let mut stand_in = Node::new(Identity {}, &[], &[]);
        stand_in.absorb(node);
        Self { scopes: node.regions.is_empty().then_some(stand_in) }
    }
}

/// Nodes that nothing uses, by their first output.
pub(super) struct Dead(BTreeSet<ValueId>);

impl Dead {
    pub(super) fn new(graph: &Graph, index: &Index) -> Self {
        Self(find(graph, index.uses()).into_iter().map(|position| key(&graph.body.nodes[position])).collect())
    }

    /// Gives the last of the inserted nodes the scopes of the replaced one and of those that died with it.
    pub(super) fn keep_scopes(
        &mut self,
        graph: &mut Graph,
        index: &Index,
        inserted: Range<usize>,
        replaced: &Replaced,
    ) {
        let dead = find(graph, index.uses());
        let mut parts = Vec::new();
        for position in dead.into_iter().rev() {
            let node = &graph.body.nodes[position];
            let is_new = self.0.insert(key(node));
            let is_float = |id: ValueId| graph[id].ty.as_ref().is_none_or(|ty| ty.dtype.is_float());
            if is_new && !inserted.contains(&position) && node.present_outputs().any(is_float) {
                let mut stand_in = Node::new(Identity {}, &[], &[]);
                stand_in.absorb(node);
                parts.push(stand_in);
            }
        }
        let Some(scopes) = &replaced.scopes else { return };
        let Some(heir) = inserted.last().and_then(|last| graph.body.nodes.get_mut(last)) else { return };
        parts.push(scopes.clone());
        for part in &parts {
            heir.absorb(part);
        }
    }
}

/// Positions of the nodes none of whose outputs is used but by nodes of the same kind; the last first.
fn find(graph: &Graph, uses: &Uses) -> Vec<usize> {
    let mut is_dead = vec![false; graph.body.nodes.len()];
    for (position, node) in graph.body.nodes.iter().enumerate().rev() {
        is_dead[position] = node.present_outputs().all(|output| {
            !uses.is_output(output) && uses.users(output).iter().all(|&user| user > position && is_dead[user])
        });
    }
    (0..is_dead.len()).rev().filter(|&position| is_dead[position]).collect()
}

fn key(node: &Node) -> ValueId {
    node.present_outputs().next().unwrap_or(ValueId(u32::MAX))
}
