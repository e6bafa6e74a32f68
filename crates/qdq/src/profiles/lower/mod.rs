//! QDQ form to integer form, as a runtime's table of fusions says.
//!
//! The steps are a runtime's own, in its order: constants are quantized; quantize and dequantize move through ops that
//! only move data; a relu or clip that the range of the next quantize makes redundant goes; signed pairs become unsigned
//! where the runtime wants them so; then an op between dequantize and quantize is put on integers where the table has a row
//! for it. What is left between a dequantize and a quantize is a float island, as it is there.

mod constants;
mod fuse;
mod op_by_op;
mod pass_through;
mod redundant;
mod refusal;
mod unsigned;

pub use fuse::real_inputs;
pub use refusal::Refusal;

use super::Fusions;
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, Uses, ValueId, sort_body};
use crate::ops::{Dequantize, Op, Quantize};
use crate::tensor::{DType, QuantParams};

/// The graph with the ops that the table fuses on integers.
///
/// # Errors
/// A graph whose types do not agree; a fused op whose sums could overflow, or whose bias has another scale than its
/// products.
pub fn lower(graph: &Graph, fusions: &Fusions) -> Result<Graph> {
    let (graph, broken) = lower_unchecked(graph, fusions)?;
    Error::all(broken).map_or(Ok(()), Err)?;
    graph.verify()?;
    Ok(graph)
}

/// The same for a look at what becomes of each op, also where integers may overflow: second is what [`lower`] refuses.
///
/// # Errors
/// A graph whose types do not agree.
pub fn lower_unchecked(graph: &Graph, fusions: &Fusions) -> Result<(Graph, Vec<Error>)> {
    let mut graph = graph.clone();
    graph.infer()?;
    let mut body = std::mem::take(&mut graph.body);
    graph.body.inputs.clone_from(&body.inputs);
    let mut broken = Vec::new();
    lower_block(&mut graph, &mut body, fusions, &mut broken)?;
    graph.body = body;
    graph.remove_unused();
    sort_body(&mut graph)?;
    graph.infer()?;
    Ok((graph, broken))
}

fn lower_block(
    graph: &mut Graph,
    block: &mut Block,
    fusions: &Fusions,
    broken: &mut Vec<Error>,
) -> Result<()> {
    constants::quantize_constants(graph, block)?;
    constants::declare_dequantized(graph, block);
    pass_through::up(graph, block, fusions);
    pass_through::down(graph, block, fusions);
    if fusions.is_op_by_op {
        op_by_op::set_apart(graph, block);
    } else {
        redundant::drop_activations(graph, block);
    }
    redundant::drop_round_trips(graph, block);
    if fusions.shifts_signed_pairs {
        unsigned::shift_signed_pairs(graph, block);
    }
    fuse::fuse(graph, block, fusions, broken)?;
    drop_unused_bridges(graph, block);
    for node in &mut block.nodes {
        for region in &mut node.regions {
            lower_block(graph, region, fusions, broken)?;
        }
    }
    Ok(())
}

/// Why a node of a lowered block stays in float; `None` if it would be put on integers.
pub fn refusal(graph: &Graph, block: &Block, node: usize, fusions: &Fusions) -> Option<Refusal> {
    fuse::match_node(&Sight::new(graph, block), node, fusions).err()
}

/// Removes bridges that nothing uses any more.
fn drop_unused_bridges(graph: &Graph, block: &mut Block) {
    loop {
        let uses = Uses::of_block(graph, block);
        let before = block.nodes.len();
        block.nodes.retain(|node| {
            let is_bridge = matches!(node.op, Op::Quantize(_) | Op::Dequantize(_));
            !(is_bridge && node.present_outputs().all(|output| uses.is_unused(output)))
        });
        if block.nodes.len() == before {
            return;
        }
    }
}

/// A block with its producers and users at hand.
struct Sight<'b> {
    graph: &'b Graph,
    nodes: &'b [Node],
    uses: Uses,
}

impl<'b> Sight<'b> {
    fn new(graph: &'b Graph, block: &'b Block) -> Self {
        Self { graph, nodes: &block.nodes, uses: Uses::of_block(graph, block) }
    }

    /// The quantized value that a value is the dequantized form of, and its parameters.
    fn dequantized(&self, value: ValueId) -> Option<(ValueId, &'b QuantParams)> {
        let node = &self.nodes[self.uses.producer(value)?];
        let Op::Dequantize(Dequantize { params, dtype: DType::F32 }) = &node.op else { return None };
        let quantized = node.input(0)?;
        (**self.graph.quant(quantized)? == *params).then_some((quantized, params))
    }

    /// The quantize that alone uses a value: its position, and its parameters.
    fn quantized(&self, value: ValueId) -> Option<(usize, &'b QuantParams)> {
        let position = self.uses.only_user(value)?;
        match &self.nodes[position].op {
            Op::Quantize(Quantize { params }) => Some((position, params)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
