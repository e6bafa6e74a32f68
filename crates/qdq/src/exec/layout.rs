//! Which integers a program keeps with their channels last.
//!
//! Integer convolutions work on `[n, spatial…, channels]`; the graph's order, channels first, costs them two
//! transpositions each. So a value that only kernels with a choice make and use stays in their order in memory. Its
//! shape is the graph's; nothing but those kernels sees it.

use std::collections::BTreeSet;

use super::compile::Taps;
use super::integer::{IntegerNode, Layouts, Profile};
use crate::graph::{Block, Graph, Node, Uses, ValueId};
use crate::tensor::TensorType;

/// The values of a block to keep with their channels last.
pub(super) fn channels_last(
    graph: &Graph,
    block: &Block,
    uses: &Uses,
    taps: &Taps,
    profile: &dyn Profile,
) -> BTreeSet<ValueId> {
    let layouts: Vec<Layouts> = block.nodes.iter().map(|node| layouts(graph, node, profile)).collect();
    let is_free = |id: ValueId, position: usize| match layouts[position] {
        Layouts::ChannelsFirst => false,
        Layouts::Any => [block.nodes[position].input(0), block.nodes[position].output(0)].contains(&Some(id)),
        Layouts::Same => true,
    };
    let may_be_last = |id: ValueId| {
        let positions = uses.producer(id).into_iter().chain(uses.users(id).iter().copied());
        let has_channels = graph[id].ty.as_ref().and_then(TensorType::rank).is_some_and(|rank| rank >= 3);
        let is_hidden = !taps.contains(&id) && !uses.is_output(id) && uses.producer(id).is_some();
        has_channels && is_hidden && positions.into_iter().all(|position| is_free(id, position))
    };
    let outputs = block.nodes.iter().flat_map(Node::present_outputs);
    let mut last: BTreeSet<ValueId> = outputs.filter(|&id| may_be_last(id)).collect();
    // One order for all tensors of a node that goes element by element.
    loop {
        let mixed = block.nodes.iter().zip(&layouts).filter(|(node, layouts)| {
            **layouts == Layouts::Same && !tensors(graph, node).all(|id| last.contains(&id))
        });
        let first: Vec<ValueId> = mixed.flat_map(|(node, _)| tensors(graph, node)).collect();
        let before = last.len();
        last.retain(|id| !first.contains(id));
        if last.len() == before {
            return last;
        }
    }
}

/// The inputs and outputs of a node that are not constant.
fn tensors<'g>(graph: &'g Graph, node: &'g Node) -> impl Iterator<Item = ValueId> + 'g {
    node.present_inputs().filter(|&id| graph.constant(id).is_none()).chain(node.present_outputs())
}

fn layouts(graph: &Graph, node: &Node, profile: &dyn Profile) -> Layouts {
    if !graph.is_integer_form(node) || graph.moves_integers(node) {
        return Layouts::ChannelsFirst;
    }
    let integer = IntegerNode::new(graph, node);
    match profile.layouts(&integer) {
        Layouts::Same if !has_one_shape(graph, node) => Layouts::ChannelsFirst,
        // What the profile refuses is computed on real numbers, channels first.
        layouts if layouts != Layouts::ChannelsFirst && profile.prepare(&integer).is_ok() => layouts,
        _ => Layouts::ChannelsFirst,
    }
}

/// Whether the tensors of a node have one shape, and its constants a single element.
fn has_one_shape(graph: &Graph, node: &Node) -> bool {
    let mut shapes = tensors(graph, node).map(|id| graph[id].ty.as_ref().map(|ty| &ty.shape));
    let first = shapes.next().flatten();
    first.is_some()
        && shapes.all(|shape| shape == first)
        && node.present_inputs().filter_map(|id| graph.constant(id)).all(|constant| constant.len() == 1)
}
