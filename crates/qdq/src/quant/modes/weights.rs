//! Which constants of an op are weights.

use super::super::plan::Reason;
use super::{LEAST_ELEMENTS, Mode, Rewriter};
use crate::error::Result;
use crate::graph::{Graph, Node};
use crate::ops::{Op, QuantRule};
use crate::quant::plan::Place;
use crate::spec::{QuantizationSpec, SpecSettings};
use crate::targets::Formula;
use crate::tensor::{DType, Tensor};

/// The weights of a node, and what becomes of them.
pub(super) struct Weights {
    /// The constants to store.
    pub(super) constants: Vec<Constant>,
    /// Whether the mode takes them, or why not.
    pub(super) check: Result<(), Reason>,
    /// Whether it is a matrix product whose input has the summed axis last.
    pub(super) is_matrix: bool,
    /// Whether the node becomes a product of integers.
    pub(super) is_integer_product: bool,
    /// Whether rows of the constant are looked up.
    pub(super) is_lookup: bool,
}

/// A constant input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constant {
    /// Position of the input.
    pub(super) input: usize,
    /// Axis of the outputs that it is a weight of.
    pub(super) axis: usize,
    /// Axis that is summed over, along which blocks lie.
    pub(super) summed: usize,
}

/// What a mode finds to store in a node; `None` if it has no weights.
pub(super) fn weights(graph: &Graph, node: &Node, mode: Mode, formula: Formula) -> Option<Weights> {
    // LiteRT's recurrent layers and lookups take other forms of integers.
    let is_litert = formula == Formula::Tflite;
    let (constants, is_lookup) = match &node.op {
        Op::Lstm(_) | Op::Gru(_) | Op::Rnn(_) | Op::Gather(_) if is_litert => return None,
        Op::Lstm(_) | Op::Gru(_) | Op::Rnn(_) => {
            ([1, 2].map(|input| Constant { input, axis: 1, summed: 2 }).to_vec(), false)
        }
        Op::Gather(op) if op.axis == 0 => (vec![Constant { input: 0, axis: 1, summed: 0 }], true),
        _ => (of_product(graph, node, mode)?, false),
    };
    let of = |constant: &Constant| node.input(constant.input).and_then(|id| graph.constant(id));
    let first = constants.first()?;
    let tensor = of(first);
    // A table of anything but rows of real numbers is no embedding.
    if is_lookup && tensor.is_none_or(|table| table.dtype() != DType::F32 || table.shape().len() != 2) {
        return None;
    }
    let is_matrix = match &node.op {
        Op::MatMul(_) => true,
        Op::Gemm(op) => !op.trans_a,
        _ => false,
    };
    let is_integer_product = mode == Mode::Dynamic && !is_litert && is_matrix;
    let check = check(node, tensor, mode, is_integer_product);
    let constants = constants
        .into_iter()
        .filter(|constant| of(constant).is_some_and(|tensor| tensor.dtype() == DType::F32));
    Some(Weights { constants: constants.collect(), check, is_matrix, is_integer_product, is_lookup })
}

/// Weights of a convolution or matrix product, and in f16 its bias.
fn of_product(graph: &Graph, node: &Node, mode: Mode) -> Option<Vec<Constant>> {
    let QuantRule::Compute { weight: Some(weight), bias } = node.op.def().quant_rule() else { return None };
    let rank = node.input(weight.input).and_then(|id| graph[id].ty.as_ref()?.shape.as_ref().map(Vec::len))?;
    let axis = if weight.axis < 0 { rank.checked_add_signed(weight.axis)? } else { weight.axis as usize };
    let summed = if axis == 0 { 1.min(rank.saturating_sub(1)) } else { axis - 1 };
    let mut constants = vec![Constant { input: weight.input, axis, summed }];
    if let (Mode::Float16, Some(bias)) = (mode, bias) {
        constants.push(Constant { input: bias, axis: 0, summed: 0 });
    }
    Some(constants)
}

/// Whether the mode takes the node.
fn check(node: &Node, weights: Option<&Tensor>, mode: Mode, is_integer_product: bool) -> Result<(), Reason> {
    let weights = weights.ok_or(Reason::WeightsNotConstant)?;
    if weights.dtype() != DType::F32 {
        return Err(Reason::NotF32);
    }
    if mode != Mode::Float16 && weights.len() < LEAST_ELEMENTS {
        return Err(Reason::Variant("fewer than 1024 weights: its scales would take what integers save"));
    }
    match &node.op {
        Op::MatMul(_) if is_integer_product && weights.shape().len() != 2 => {
            Err(Reason::Variant("its weights are not a matrix"))
        }
        Op::Gemm(op) if is_integer_product && (op.beta != 1.0 || op.alpha != 1.0) => {
            Err(Reason::Variant("alpha or beta is not 1"))
        }
        _ => Ok(()),
    }
}

impl Rewriter<'_> {
    /// How one of a node's constants is quantized: the target's way, then what the recipe says of all weights and of it.
    ///
    /// Four bits and blocks are for matrices alone: elsewhere runtimes look nothing up in them, or take longer to unpack
    /// them than to compute.
    pub(super) fn spec(
        &self,
        place: Place,
        weights: &Weights,
        constant: Constant,
    ) -> Result<QuantizationSpec> {
        let axis_settings = SpecSettings { axis: self.recipe.weight.axis, ..SpecSettings::default() };
        let settings = axis_settings.merged(&self.resolved.node(place).weight);
        let spec = settings.apply(&self.base, constant.axis, None)?;
        let takes_blocks = weights.is_matrix && !weights.is_integer_product;
        let is_narrow = matches!(spec.storage, DType::I4 | DType::U4);
        match (spec.block.is_some() || is_narrow, takes_blocks) {
            (true, false) => Ok(QuantizationSpec { axis: constant.axis, ..self.target.weight.clone() }),
            (true, true) if spec.block.is_some() && settings.axis.is_none() => {
                Ok(QuantizationSpec { axis: constant.summed, ..spec })
            }
            _ => Ok(spec),
        }
    }
}
