//! Mixed precision: ops compute in f16, those that would lose too much by it in f32, with casts between.
//!
//! Convolutions and matrix products take f16 wherever they stand: they sum up in more bits, and saving time in them is what f16
//! is for. Other ops stay with what they get, so that a mean or variance is not rounded before it is used.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, ValueId, used_values};
use crate::ops::{Cast, Op, QuantRule};
use crate::quant::plan::{Decision, Place, Reason};
use crate::quant::recipe::{Recipe, Resolved};
use crate::quant::scheme::{cast_to_float, check_f16};
use crate::targets::Target;
use crate::tensor::{DType, Tensor, TensorType};

/// Largest activation that an op in f16 may meet: half of what f16 holds, since other data may go further than what was seen.
const LARGEST: f32 = 32_752.0;

/// Lets every op that can compute in f16; gives what became of each op on real numbers. Inputs and outputs stay in f32.
///
/// `peaks` has the largest magnitude seen of values, as far as any was seen: ops that would meet more than half of what f16
/// holds stay in f32. `keep` is that of [`super::apply_mode`].
///
/// # Errors
/// A recipe whose rules match or change nothing.
pub fn mixed_float16(
    graph: &mut Graph,
    recipe: &Recipe,
    target: &Target,
    peaks: &BTreeMap<ValueId, f32>,
    keep: &mut dyn FnMut(Tensor) -> Result<Tensor>,
) -> Result<BTreeMap<Place, Decision>> {
    let resolved = Resolved::new(graph, recipe)?;
    let body = std::mem::take(&mut graph.body);
    let mut mixer = Mixer {
        graph,
        resolved,
        peaks,
        keep,
        constants: BTreeMap::new(),
        decisions: BTreeMap::new(),
        n_blocks: 0,
    };
    let body = mixer.block(body)?;
    let Mixer { resolved, decisions, .. } = mixer;
    if !decisions.values().any(|decision| *decision == Decision::Half) {
        return Err(Error::unsupported("no op of this model would compute in f16")
            .help("to store its weights in f16, and compute in f32, say --mode float16"));
    }
    resolved.check_effects(|place| decisions.get(&place) == Some(&Decision::Half), |_| false)?;
    graph.body = body;
    graph.infer()?;
    crate::passes::apply(graph, &target.finish_rewrites()?)?;
    Ok(decisions)
}

/// Rewrites blocks, in the order of [`super::blocks`].
struct Mixer<'m> {
    graph: &'m mut Graph,
    resolved: Resolved<'m>,
    peaks: &'m BTreeMap<ValueId, f32>,
    keep: &'m mut dyn FnMut(Tensor) -> Result<Tensor>,
    /// Constants in f16, or why there are none.
    constants: BTreeMap<ValueId, Result<ValueId, &'static str>>,
    decisions: BTreeMap<Place, Decision>,
    n_blocks: usize,
}

/// A block being rewritten.
#[derive(Default)]
struct Mixed {
    nodes: Vec<Node>,
    /// Values in f16, by those in f32.
    halves: BTreeMap<ValueId, ValueId>,
    /// Values that are there in f16 only, so far.
    pending: BTreeSet<ValueId>,
}

impl Mixed {
    /// Casts those values back that are there in f16 only.
    fn in_f32(&mut self, ids: Vec<ValueId>) {
        for id in ids {
            if self.pending.remove(&id)
                && let Some(half) = self.halves.get(&id)
            {
                self.nodes.push(Node::new(Cast::to(DType::F32), &[*half], &[id]));
            }
        }
    }
}

impl Mixer<'_> {
    fn block(&mut self, block: Block) -> Result<Block> {
        let position = self.n_blocks;
        self.n_blocks += 1;
        let mut out = Mixed::default();
        for (at, mut node) in block.nodes.into_iter().enumerate() {
            for region in &mut node.regions {
                *region = self.block(std::mem::take(region))?;
            }
            let place = Place { block: position, node: at };
            let decision = self.decision(&node, place, &out)?;
            if decision == Decision::Half {
                self.in_f16(node, &mut out);
            } else {
                out.in_f32(used_values(&node));
                out.nodes.push(node);
            }
            self.decisions.insert(place, decision);
        }
        out.in_f32(block.outputs.clone());
        Ok(Block { inputs: block.inputs, nodes: out.nodes, outputs: block.outputs })
    }

    fn decision(&mut self, node: &Node, place: Place, out: &Mixed) -> Result<Decision> {
        if !node.present_outputs().any(|id| self.is_f32(id)) {
            return Ok(Decision::NotFloat);
        }
        if let Some(rule) = self.resolved.node(place).excluded_by {
            return Ok(Decision::Float(Reason::Excluded(rule)));
        }
        let is_constant = |id: ValueId| self.graph.constant(id).is_some();
        let float = |reason: &'static str| Ok(Decision::Float(Reason::Variant(reason)));
        match &node.op {
            Op::Div(_) if node.input(1).is_some_and(is_constant) => {}
            Op::Mul(_) if node.input(0) == node.input(1) => return float("squares soon leave f16"),
            op if is_sensitive(op) => return float("its sums or exponentials would lose too much in f16"),
            Op::Resize(_) => return float("runtimes lack it in f16"),
            _ => {}
        }
        let floats: Vec<ValueId> = node.present_inputs().filter(|id| self.is_f32(*id)).collect();
        let rule = node.op.def().quant_rule();
        match rule {
            // It takes mean and variance in f32.
            _ if is_normalization(node) => {}
            QuantRule::Float => return float("not known to be safe in f16"),
            _ => {}
        }
        let is_product = matches!(rule, QuantRule::Compute { weight: Some(_), .. });
        let is_half = |id: &ValueId| is_constant(*id) || out.halves.contains_key(id);
        if !(is_product || floats.iter().all(is_half)) {
            return float("its inputs come in f32");
        }
        let peak = |id: ValueId| self.peaks.get(&id).is_some_and(|peak| *peak > LARGEST);
        if node.present_inputs().chain(node.present_outputs()).any(peak) {
            return float("its values come near to the largest f16, 65504");
        }
        for id in floats {
            if self.graph.constant(id).is_some()
                && let Err(reason) = self.constant(id)?
            {
                return float(reason);
            }
        }
        Ok(Decision::Half)
    }

    fn is_f32(&self, id: ValueId) -> bool {
        self.graph[id].ty.as_ref().is_some_and(|ty| ty.dtype == DType::F32)
    }

    /// A constant in f16, or why f16 does not hold it.
    fn constant(&mut self, id: ValueId) -> Result<Result<ValueId, &'static str>> {
        if let Some(known) = self.constants.get(&id) {
            return Ok(*known);
        }
        let name = self.graph[id].name().to_owned();
        let Some(floats) = self.graph.constant(id).cloned() else { return Ok(Err("it is no constant")) };
        let made = match check_f16(&floats) {
            Ok(()) => {
                let halves = cast_to_float(&floats, DType::F16)?;
                floats.give_back();
                let halves = (self.keep)(halves)?;
                Ok(self.graph.add_constant(&format!("{name}_f16"), halves))
            }
            Err(reason) => Err(reason),
        };
        self.constants.insert(id, made);
        Ok(made)
    }

    fn in_f16(&mut self, mut node: Node, out: &mut Mixed) {
        for position in 0..node.inputs.len() {
            let Some(id) = node.inputs[position].filter(|id| self.is_f32(*id)) else { continue };
            let half = match self.constants.get(&id) {
                Some(Ok(constant)) => *constant,
                _ => self.half(id, out),
            };
            node.inputs[position] = Some(half);
        }
        for position in 0..node.outputs.len() {
            let Some(id) = node.outputs[position].filter(|id| self.is_f32(*id)) else { continue };
            let half = self.add_half(id);
            node.outputs[position] = Some(half);
            out.halves.insert(id, half);
            out.pending.insert(id);
        }
        out.nodes.push(node);
    }

    /// A value in f16, cast if it is not there.
    fn half(&mut self, id: ValueId, out: &mut Mixed) -> ValueId {
        if let Some(half) = out.halves.get(&id) {
            return *half;
        }
        let half = self.add_half(id);
        out.nodes.push(Node::new(Cast::to(DType::F16), &[id], &[half]));
        out.halves.insert(id, half);
        half
    }

    fn add_half(&mut self, id: ValueId) -> ValueId {
        let shape = self.graph[id].ty.as_ref().and_then(|ty| ty.shape.clone());
        let name = format!("{}_f16", self.graph[id].name());
        self.graph.add_value(&name, Some(TensorType::new(DType::F16, shape)))
    }
}

/// Whether a node gives normalized numbers, and not the mean and deviation besides, which are of f32.
fn is_normalization(node: &Node) -> bool {
    let stash_type = match &node.op {
        Op::LayerNormalization(op) => op.stash_type,
        Op::RmsNormalization(op) => op.stash_type,
        _ => return false,
    };
    stash_type == DType::F32 && node.present_outputs().count() == 1
}

/// Ops whose intermediate results leave the range of f16, or whose results show its rounding, though their numbers fit.
fn is_sensitive(op: &Op) -> bool {
    matches!(
        op,
        Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::Exp(_)
            | Op::Log(_)
            | Op::Pow(_)
            | Op::Sqrt(_)
            | Op::Reciprocal(_)
            | Op::Div(_)
            | Op::Softplus(_)
            | Op::Sin(_)
            | Op::Cos(_)
            | Op::Tan(_)
            | Op::Sinh(_)
            | Op::Cosh(_)
            | Op::BatchNormalization(_)
    )
}
