//! Modes that need no data: weights in fewer bits, and inputs of products quantized while the model runs.
//!
//! [`Mode::WeightOnly`] and [`Mode::Float16`] store constants in fewer bits, and a dequantize or cast gives ops the real
//! numbers back. [`Mode::Dynamic`] computes matrix products in integers besides, on inputs quantized by their own range.

mod dynamic;
mod gptq;
mod store;
mod weights;

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Decision, Place, Reason, blocks};
use super::recipe::{Recipe, Resolved};
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, ValueId};
use crate::targets::Target;
use crate::tensor::Tensor;
pub use gptq::Moments;
use store::{Storage, Store};
use weights::{Weights, weights};

/// What is done without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Weights in integers; matrix products in integers, their inputs quantized while the model runs.
    ///
    /// `LiteRT` does that by itself where a float op has integer weights: for it this is [`Mode::WeightOnly`], and the file
    /// says that it may.
    Dynamic,
    /// Weights in integers, all computing in float.
    WeightOnly,
    /// Weights in f16, rounded half to even, biases too; all computing in f32.
    Float16,
}

/// Constants with fewer elements stay as they are, as `TFLiteConverter` leaves them (`minimum_elements_for_weights`).
const LEAST_ELEMENTS: usize = 1024;

/// Applies a mode to a canonical graph; gives what became of each op that has weights.
///
/// With [`Moments`] of the values that [`matrix_inputs`] names, matrices are rounded by GPTQ; else each weight to the
/// nearest integer.
///
/// `keep` takes each stored constant and gives it back, in a place that takes no memory if the caller has one. Pages of
/// mapped weights are given back once they were read, so that one weight at a time is in memory.
///
/// # Errors
/// Nothing to store; weights that are not finite or that the storage cannot hold, by name; a recipe whose rules match
/// nothing or change nothing, or ask for what the mode cannot do.
pub fn apply_mode(
    graph: &mut Graph,
    recipe: &Recipe,
    target: &Target,
    mode: Mode,
    moments: &BTreeMap<ValueId, Moments>,
    keep: &mut dyn FnMut(Tensor) -> Result<Tensor>,
) -> Result<BTreeMap<Place, Decision>> {
    let resolved = Resolved::new(graph, recipe)?;
    let base = recipe.weight_for(target)?;
    let mut decisions = BTreeMap::new();
    for (block, nodes) in blocks(graph).into_iter().map(|block| &block.nodes).enumerate() {
        for (node, op) in nodes.iter().enumerate() {
            let place = Place { block, node };
            if let Some(found) = weights(graph, op, mode, target.formula) {
                decisions.insert(place, decide(&found, resolved.node(place).excluded_by));
            }
        }
    }
    let is_stored = |decision: &Decision| matches!(decision, Decision::Integer(_) | Decision::Stored);
    resolved.check_effects(|place| decisions.get(&place).is_some_and(is_stored), |_| false)?;
    if !decisions.values().any(is_stored) {
        return Err(nothing_stored(graph, &decisions));
    }
    let body = std::mem::take(&mut graph.body);
    let store = Store { formula: target.formula, moments, keep };
    let mut rewriter =
        Rewriter { graph, resolved, recipe, base, target, mode, store, decisions: &decisions, n_blocks: 0 };
    let body = rewriter.block(body)?;
    graph.body = body;
    graph.remove_unused();
    graph.infer()?;
    crate::passes::apply(graph, &target.finish_rewrites()?)?;
    crate::passes::merge_constants(graph);
    Ok(decisions)
}

/// Inputs of the matrices that [`Mode::WeightOnly`] stores.
///
/// # Errors
/// A recipe whose rules match nothing.
pub fn matrix_inputs(graph: &Graph, recipe: &Recipe, target: &Target) -> Result<BTreeSet<ValueId>> {
    let resolved = Resolved::new(graph, recipe)?;
    let mut found = BTreeSet::new();
    for (block, nodes) in blocks(graph).into_iter().map(|block| &block.nodes).enumerate() {
        for (node, op) in nodes.iter().enumerate() {
            let excluded_by = resolved.node(Place { block, node }).excluded_by;
            let weights =
                weights(graph, op, Mode::WeightOnly, target.formula).filter(|weights| weights.is_matrix);
            if weights.is_some_and(|weights| decide(&weights, excluded_by) == Decision::Stored) {
                found.extend(op.input(0));
            }
        }
    }
    Ok(found)
}

fn decide(weights: &Weights, excluded_by: Option<String>) -> Decision {
    match (excluded_by, &weights.check) {
        (Some(rule), _) => Decision::Float(Reason::Excluded(rule)),
        (None, Err(reason)) => Decision::Float(reason.clone()),
        (None, Ok(())) if weights.is_integer_product => Decision::Integer("MatMulInteger".to_owned()),
        (None, Ok(())) => Decision::Stored,
    }
}

fn nothing_stored(graph: &Graph, decisions: &BTreeMap<Place, Decision>) -> Error {
    let blocks = blocks(graph);
    let reasons: BTreeSet<String> = decisions
        .iter()
        .filter_map(|(place, decision)| match decision {
            Decision::Float(reason) => {
                Some(format!("{}: {reason}", blocks[place.block].nodes[place.node].op.name()))
            }
            _ => None,
        })
        .collect();
    let reasons: Vec<String> = reasons.into_iter().collect();
    Error::unsupported("this model has no weights to store").help(if reasons.is_empty() {
        "it has no products, recurrent layers or embeddings with constant f32 weights".to_owned()
    } else {
        reasons.join("; ")
    })
}

/// Rewrites blocks, in the order of [`blocks`].
struct Rewriter<'r> {
    graph: &'r mut Graph,
    resolved: Resolved<'r>,
    recipe: &'r Recipe,
    /// How weights are quantized where no rule says otherwise.
    base: crate::spec::QuantizationSpec,
    target: &'r Target,
    mode: Mode,
    store: Store<'r>,
    decisions: &'r BTreeMap<Place, Decision>,
    /// Blocks entered so far.
    n_blocks: usize,
}

/// A block being rewritten.
#[derive(Default)]
struct Rewritten {
    nodes: Vec<Node>,
    /// Real numbers of the weights stored so far, by constant and how it is stored.
    stored: Vec<(ValueId, Storage, ValueId)>,
    /// Inputs quantized so far: integers, scale, zero point.
    quantized: BTreeMap<ValueId, [ValueId; 3]>,
}

impl Rewriter<'_> {
    fn block(&mut self, block: Block) -> Result<Block> {
        let position = self.n_blocks;
        self.n_blocks += 1;
        let mut out = Rewritten::default();
        for (node, mut op) in block.nodes.into_iter().enumerate() {
            for region in &mut op.regions {
                *region = self.block(std::mem::take(region))?;
            }
            let place = Place { block: position, node };
            if let Some(Decision::Integer(_) | Decision::Stored) = self.decisions.get(&place) {
                let name = self.graph.describe(&op);
                self.node(&mut out, op, place).map_err(|error| error.node(name))?;
            } else {
                out.nodes.push(op);
            }
        }
        Ok(Block { inputs: block.inputs, nodes: out.nodes, outputs: block.outputs })
    }

    fn node(&mut self, out: &mut Rewritten, mut node: Node, place: Place) -> Result<()> {
        let Some(found) = weights(self.graph, &node, self.mode, self.target.formula) else {
            return Err(Error::internal("a node without weights"));
        };
        if found.is_integer_product {
            let spec = self.spec(place, &found, found.constants[0])?;
            return dynamic::product(self.graph, out, &node, &spec, &mut self.store);
        }
        for &constant in &found.constants {
            let storage = match self.mode {
                Mode::Float16 => Storage::Float16,
                Mode::Dynamic | Mode::WeightOnly => Storage::Integers(self.spec(place, &found, constant)?),
            };
            let Some(id) = node.input(constant.input) else { continue };
            if found.is_lookup {
                return store::lookup(self.graph, out, node, &storage, &mut self.store);
            }
            let input = node.input(0).filter(|_| found.is_matrix && constant.input == 1);
            node.inputs[constant.input] =
                match (input.filter(|x| self.store.moments.contains_key(x)), &storage) {
                    (Some(x), Storage::Integers(spec)) => Some(store::rounded(
                        self.graph,
                        &mut out.nodes,
                        (id, constant),
                        spec,
                        x,
                        &mut self.store,
                    )?),
                    _ => Some(self.stored(out, id, storage)?),
                };
        }
        out.nodes.push(node);
        Ok(())
    }

    fn stored(&mut self, out: &mut Rewritten, id: ValueId, storage: Storage) -> Result<ValueId> {
        let known = out.stored.iter().find(|(constant, by, _)| *constant == id && *by == storage);
        if let Some((.., real)) = known {
            return Ok(*real);
        }
        let real = store::constant(self.graph, &mut out.nodes, id, &storage, &mut self.store)
            .map_err(|error| error.value(self.graph[id].name()))?;
        out.stored.push((id, storage, real));
        Ok(real)
    }
}
