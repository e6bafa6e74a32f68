//! Modes that need no data: weights in fewer bits, and inputs of products quantized while the model runs.
//!
//! [`Mode::WeightOnly`] and [`Mode::Float16`] store constants in fewer bits, and a dequantize or cast gives ops the real
//! numbers back. [`Mode::Dynamic`] computes matrix products and LSTMs in integers besides, on inputs quantized by their own
//! range.

mod dynamic;
mod gptq;
mod hqq;
mod mixed;
mod n_bits;
mod store;
mod weights;

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Decision, Place, Reason, blocks};
use super::recipe::{Recipe, Resolved};
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, ValueId};
use crate::spec::QuantizationSpec;
use crate::targets::Target;
use crate::tensor::{DType, Tensor};
pub(super) use dynamic::lstm;
pub use gptq::Moments;
pub use mixed::mixed_float16;
use store::Storage;
pub(super) use store::Store;
use weights::{Constant, Form, Weights, weight_spec, weights};
pub(super) use weights::{dynamic_lstm, lstm_weight_spec};

/// What is done without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Weights in integers; matrix products and LSTMs in integers, their inputs quantized while the model runs.
    ///
    /// `LiteRT` does that by itself where a float op has integer weights: for it this is [`Mode::WeightOnly`], and the file
    /// says that it may.
    Dynamic,
    /// Weights in integers, all computing in float.
    WeightOnly,
    /// Weights in f16, rounded half to even, biases too; all computing in f32.
    Float16,
}

/// How matrices that [`Mode::WeightOnly`] stores are made; other weights are stored in the nearest integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrices<G> {
    /// How they are rounded.
    pub rounding: Rounding<G>,
    /// What they are multiplied by.
    pub form: MatrixForm,
}

/// How matrices are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding<G> {
    /// Each weight to the nearest integer.
    Nearest,
    /// By GPTQ, for these inputs.
    Gptq(G),
    /// By HQQ, with real zero points.
    Hqq,
}

/// What multiplies by a matrix that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatrixForm {
    /// A product of floats, after the matrix was dequantized.
    Dequantized,
    /// [`MatMulNBits`](crate::ops::MatMulNBits) where a matrix lies in blocks, with this accuracy level.
    NBits {
        /// See [`MatMulNBits::accuracy_level`](crate::ops::MatMulNBits::accuracy_level).
        accuracy_level: i64,
    },
}

impl Matrices<&BTreeMap<ValueId, Moments>> {
    /// To the nearest integers, dequantized.
    pub const PLAIN: Self = Self { rounding: Rounding::Nearest, form: MatrixForm::Dequantized };
}

/// Constants with fewer elements stay as they are, as `TFLiteConverter` leaves them (`minimum_elements_for_weights`).
const LEAST_ELEMENTS: usize = 1024;

/// What a mode did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// What became of each op that has weights.
    pub decisions: BTreeMap<Place, Decision>,
    /// Weights stored in 8 bits though the recipe asks for 4, which only matrices (for `LiteRT` convolutions) have.
    pub n_in_8_bits: usize,
}

/// Applies a mode to a canonical graph.
///
/// GPTQ takes [`Moments`] of the values that [`matrix_inputs`] names.
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
    matrices: Matrices<&BTreeMap<ValueId, Moments>>,
    keep: &mut dyn FnMut(Tensor) -> Result<Tensor>,
) -> Result<Applied> {
    let resolved = Resolved::new(graph, recipe)?;
    let found = find(graph, &resolved, target, mode);
    let decision = |(place, found): (&Place, &Found)| (*place, found.decision.clone());
    let decisions: BTreeMap<Place, Decision> = found.iter().map(decision).collect();
    resolved.check_effects(|place| found.get(&place).is_some_and(Found::is_stored), |_| false)?;
    if !found.values().any(Found::is_stored) {
        return Err(nothing_stored(graph, &decisions));
    }
    let base = recipe.weight_for(target)?;
    let body = std::mem::take(&mut graph.body);
    let unseen = BTreeMap::new();
    let moments = if let Rounding::Gptq(moments) = matrices.rounding { moments } else { &unseen };
    let store = Store { formula: target.formula, moments, keep };
    let mut rewriter = Rewriter {
        graph,
        resolved,
        recipe,
        base,
        target,
        mode,
        matrices,
        store,
        found,
        n_blocks: 0,
        n_in_8_bits: 0,
    };
    let body = rewriter.block(body)?;
    let n_in_8_bits = rewriter.n_in_8_bits;
    graph.body = body;
    graph.remove_unused();
    graph.infer()?;
    crate::passes::apply(graph, &target.finish_rewrites()?)?;
    crate::passes::merge_constants(graph);
    Ok(Applied { decisions, n_in_8_bits })
}

/// Inputs of the matrices that [`Mode::WeightOnly`] stores.
///
/// # Errors
/// A recipe whose rules match nothing.
pub fn matrix_inputs(graph: &Graph, recipe: &Recipe, target: &Target) -> Result<BTreeSet<ValueId>> {
    let found = find(graph, &Resolved::new(graph, recipe)?, target, Mode::WeightOnly);
    let blocks = blocks(graph);
    let matrices = found.iter().filter(|(_, found)| found.is_stored() && found.weights.form == Form::Matrix);
    Ok(matrices.filter_map(|(place, _)| blocks[place.block].nodes[place.node].input(0)).collect())
}

/// A node with weights, and what becomes of it.
struct Found {
    weights: Weights,
    decision: Decision,
}

impl Found {
    fn is_stored(&self) -> bool {
        matches!(self.decision, Decision::Dynamic(_) | Decision::Stored)
    }
}

/// All nodes that have weights.
fn find(graph: &Graph, resolved: &Resolved<'_>, target: &Target, mode: Mode) -> BTreeMap<Place, Found> {
    let mut found = BTreeMap::new();
    for (block, nodes) in blocks(graph).into_iter().map(|block| &block.nodes).enumerate() {
        for (node, op) in nodes.iter().enumerate() {
            let place = Place { block, node };
            let is_dynamic = resolved.node(place).activation.dynamic;
            let Some(weights) = weights(graph, op, mode, target, is_dynamic) else { continue };
            let decision = match (resolved.node(place).excluded_by, &weights.check) {
                (Some(rule), _) => Decision::Float(Reason::Excluded(rule)),
                (None, Err(reason)) => Decision::Float(reason.clone()),
                (None, Ok(())) => match weights.form.integer_operator() {
                    Some(operator) => Decision::Dynamic(operator),
                    None => Decision::Stored,
                },
            };
            found.insert(place, Found { weights, decision });
        }
    }
    found
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
    base: QuantizationSpec,
    target: &'r Target,
    mode: Mode,
    matrices: Matrices<&'r BTreeMap<ValueId, Moments>>,
    store: Store<'r>,
    found: BTreeMap<Place, Found>,
    /// Blocks entered so far.
    n_blocks: usize,
    /// See [`Applied`].
    n_in_8_bits: usize,
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
            match self.found.remove(&place).filter(Found::is_stored) {
                Some(found) => {
                    let name = self.graph.describe(&op);
                    self.node(&mut out, op, place, &found.weights).map_err(|error| error.node(name))?;
                }
                None => out.nodes.push(op),
            }
        }
        Ok(Block { inputs: block.inputs, nodes: out.nodes, outputs: block.outputs })
    }

    fn node(&mut self, out: &mut Rewritten, mut node: Node, place: Place, found: &Weights) -> Result<()> {
        match found.form {
            Form::Product => {
                let spec = self.spec(place, found.form, found.constants[0])?;
                return dynamic::product(self.graph, out, &node, &spec, &mut self.store);
            }
            Form::IntegerConvolution => {
                let spec = self.spec(place, found.form, found.constants[0])?;
                return dynamic::convolution(self.graph, out, &node, &spec, &mut self.store);
            }
            Form::Lstm => {
                let settings = self.resolved.node(place).weight;
                let spec = lstm_weight_spec(self.recipe, self.target, &self.base, &settings)?;
                lstm(self.graph, &mut node, [&spec, &spec], &mut self.store)?;
                out.nodes.push(node);
                return Ok(());
            }
            Form::Lookup => {
                let storage = self.storage(&node, place, found, 0)?;
                if let Some(block_size) = n_bits::lookup_block(&storage) {
                    return n_bits::lookup(self.graph, out, &node, &storage, block_size, &mut self.store);
                }
                return store::lookup(self.graph, out, node, &storage, &mut self.store);
            }
            Form::Matrix => {
                let constant = found.constants[0];
                let storage = self.storage(&node, place, found, 0)?;
                let form = self.matrices.form;
                if let Some(spec) = storage.spec()
                    && n_bits::fits(&node, constant, spec, form)?
                {
                    let matrix = (constant, &storage);
                    return n_bits::product(self.graph, out, &node, matrix, form, &mut self.store);
                }
            }
            Form::Weights | Form::Convolution => {}
        }
        for (at, constant) in found.constants.iter().enumerate() {
            let Some(id) = node.input(constant.input) else { continue };
            let storage = self.storage(&node, place, found, at)?;
            node.inputs[constant.input] = Some(self.stored(out, id, storage)?);
        }
        out.nodes.push(node);
        Ok(())
    }

    /// How one of a node's constants is quantized.
    fn spec(&mut self, place: Place, form: Form, constant: Constant) -> Result<QuantizationSpec> {
        let settings = self.resolved.node(place).weight;
        let is_narrow = |spec: &QuantizationSpec| matches!(spec.storage, DType::I4 | DType::U4);
        if form == Form::Lookup && self.matrices.form != MatrixForm::Dequantized {
            // Blocks lie along the rows looked up.
            let spec = settings.apply(&self.base, n_bits::ROW_AXIS, None)?;
            if spec.block.is_some() && is_narrow(&spec) {
                return Ok(QuantizationSpec { axis: n_bits::ROW_AXIS, ..spec });
            }
        }
        let spec = weight_spec(self.recipe, self.target, &self.base, &settings, (form, constant))?;
        let asked = settings.apply(&self.base, constant.axis, None)?;
        self.n_in_8_bits += usize::from(is_narrow(&asked) && !is_narrow(&spec));
        Ok(spec)
    }

    /// How one of a node's constants is stored.
    fn storage(&mut self, node: &Node, place: Place, found: &Weights, at: usize) -> Result<Storage> {
        let constant = found.constants[at];
        if self.mode == Mode::Float16 {
            return Ok(Storage::Float16);
        }
        let spec = self.spec(place, found.form, constant)?;
        let input = node.input(0).filter(|_| found.form == Form::Matrix);
        Ok(match (input, self.matrices.rounding) {
            (Some(input), Rounding::Gptq(moments)) if moments.contains_key(&input) => {
                Storage::Rounded { spec, constant, input }
            }
            // onnxruntime takes no real zero points of 8 bits.
            (Some(_), Rounding::Hqq)
                if spec.storage.bits() == Some(4)
                    && n_bits::fits(node, constant, &spec, self.matrices.form)? =>
            {
                Storage::Hqq(spec)
            }
            _ => Storage::Integers(spec),
        })
    }

    fn stored(&mut self, out: &mut Rewritten, id: ValueId, storage: Storage) -> Result<ValueId> {
        let known = out.stored.iter().find(|(constant, by, _)| *constant == id && *by == storage);
        if let Some((.., real)) = known {
            return Ok(*real);
        }
        let real = store::constant(self.graph, &mut out.nodes, id, &storage, &mut self.store)?;
        out.stored.push((id, storage, real));
        Ok(real)
    }
}
