//! Which constants of an op are weights.

use super::super::plan::Reason;
use super::{LEAST_ELEMENTS, Mode};
use crate::error::Result;
use crate::graph::{Graph, Node};
use crate::ops::{Op, QuantRule};
use crate::quant::recipe::Recipe;
use crate::quant::scheme::check_f16;
use crate::spec::{QuantizationSpec, SpecSettings};
use crate::targets::{Formula, Target};
use crate::tensor::{DType, Tensor};

/// The weights of a node.
pub(super) struct Weights {
    /// The constants to store, at least one.
    pub(super) constants: Vec<Constant>,
    /// What a node that takes them becomes.
    pub(super) form: Form,
    /// Whether the mode takes them, or why not.
    pub(super) check: Result<(), Reason>,
}

/// What becomes of a node whose weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// It takes the real numbers of what is stored.
    Weights,
    /// As [`Form::Weights`], for a convolution of one group.
    Convolution,
    /// As [`Form::Weights`], for a matrix whose other factor has the summed axis last: it may lie in blocks.
    Matrix,
    /// It looks rows up in what is stored.
    Lookup,
    /// It becomes a product of integers.
    Product,
    /// It becomes a convolution of integers.
    IntegerConvolution,
    /// It becomes an LSTM on integers.
    Lstm,
}

impl Form {
    /// The operator that computes in integers.
    pub(super) fn integer_operator(self) -> Option<&'static str> {
        match self {
            Form::Product => Some("MatMulInteger"),
            Form::IntegerConvolution => Some("ConvInteger"),
            Form::Lstm => Some(DYNAMIC_LSTM),
            Form::Weights | Form::Convolution | Form::Matrix | Form::Lookup => None,
        }
    }
}

/// onnxruntime's LSTM on weights of 8 bits.
const DYNAMIC_LSTM: &str = "DynamicQuantizeLSTM";

/// A constant input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Constant {
    /// Position of the input.
    pub(super) input: usize,
    /// Axis of the outputs that it is a weight of.
    pub(super) axis: usize,
    /// Axis that is summed over, along which blocks lie.
    pub(super) summed: usize,
}

/// Input and recurrent weights of a recurrent layer.
const RECURRENT: [Constant; 2] =
    [Constant { input: 1, axis: 1, summed: 2 }, Constant { input: 2, axis: 1, summed: 2 }];

/// What a mode finds to store in a node; `None` if it has no weights.
///
/// `is_dynamic` says whether the dynamic mode lets the node compute in integers. Where nothing is said products and LSTMs do, and
/// convolutions do not: onnxruntime's convolution of integers is several times slower than its float one.
pub(super) fn weights(
    graph: &Graph,
    node: &Node,
    mode: Mode,
    target: &Target,
    is_dynamic: Option<bool>,
) -> Option<Weights> {
    // LiteRT's recurrent layers and lookups take other forms of integers.
    let is_litert = target.formula == Formula::Tflite;
    let constants = match &node.op {
        Op::Lstm(_) | Op::Gru(_) | Op::Rnn(_) | Op::Gather(_) if is_litert => return None,
        Op::Lstm(_) | Op::Gru(_) | Op::Rnn(_) => RECURRENT.to_vec(),
        Op::Gather(op) if op.axis == 0 => vec![Constant { input: 0, axis: 1, summed: 0 }],
        _ => of_product(graph, node, mode)?,
    };
    let of = |constant: &Constant| node.input(constant.input).and_then(|id| graph.constant(id));
    let first = of(constants.first()?);
    let is_matrix = first.is_some_and(|weights| weights.shape().len() == 2);
    let is_lookup = matches!(node.op, Op::Gather(_));
    // A table of anything but rows of real numbers is no embedding.
    if is_lookup && !(is_matrix && first.is_some_and(|table| table.dtype() == DType::F32)) {
        return None;
    }
    let is_f32 = |constant: &Constant| of(constant).is_some_and(|tensor| tensor.dtype() == DType::F32);
    let tensors: Vec<&Tensor> = constants.iter().filter(|constant| is_f32(constant)).filter_map(of).collect();
    let check = check(first, &tensors, mode);
    let can_be_dynamic = mode == Mode::Dynamic && !is_litert;
    let wants_convolutions = can_be_dynamic && is_dynamic == Some(true);
    let is_dynamic = can_be_dynamic && is_dynamic != Some(false);
    let all_constant = tensors.len() == constants.len();
    let form = match &node.op {
        Op::MatMul(_) if is_matrix && constants[0].input == 1 && is_dynamic => Form::Product,
        Op::MatMul(_) if is_matrix && constants[0].input == 1 => Form::Matrix,
        Op::Gemm(op) if is_dynamic && !op.trans_a && op.alpha == 1.0 && op.beta == 1.0 => Form::Product,
        Op::Gemm(op) if !op.trans_a => Form::Matrix,
        Op::Lstm(op)
            if is_dynamic
                && all_constant
                && op.layout == 0
                && op.cell_clip.is_none()
                && target.has_operator(DYNAMIC_LSTM) =>
        {
            Form::Lstm
        }
        Op::Gather(_) => Form::Lookup,
        Op::Conv(_) if wants_convolutions && has_constant_bias(graph, node) => Form::IntegerConvolution,
        Op::Conv(op) if op.group == 1 => Form::Convolution,
        _ => Form::Weights,
    };
    let constants = constants.into_iter().filter(is_f32).collect();
    Some(Weights { constants, form, check })
}

/// Whether a node has no bias, or a constant one.
fn has_constant_bias(graph: &Graph, node: &Node) -> bool {
    node.input(2).is_none_or(|bias| graph.constant(bias).is_some())
}

/// The operator on integers that stands for an LSTM, if the target has it and its weights are such as it takes.
pub(in crate::quant) fn dynamic_lstm(graph: &Graph, node: &Node, target: &Target) -> Option<&'static str> {
    let found = weights(graph, node, Mode::Dynamic, target, None)?;
    (found.form == Form::Lstm && found.check.is_ok()).then_some(DYNAMIC_LSTM)
}

/// Weights of a convolution or matrix product, and in f16 its bias.
fn of_product(graph: &Graph, node: &Node, mode: Mode) -> Option<Vec<Constant>> {
    let QuantRule::Compute { weight: Some(weight), bias } = node.op.def().quant_rule() else { return None };
    let is_constant = |input: usize| node.input(input).is_some_and(|id| graph.constant(id).is_some());
    let rank = |input: usize| node.input(input).and_then(|id| graph[id].ty.as_ref()?.rank());
    if matches!(node.op, Op::MatMul(_)) && is_constant(0) && !is_constant(1) {
        let axis = rank(0)?.checked_sub(2)?;
        return Some(vec![Constant { input: 0, axis, summed: axis + 1 }]);
    }
    let rank = rank(weight.input)?;
    let axis = if weight.axis < 0 { rank.checked_add_signed(weight.axis)? } else { weight.axis as usize };
    let summed = if axis == 0 { 1.min(rank.saturating_sub(1)) } else { axis - 1 };
    let mut constants = vec![Constant { input: weight.input, axis, summed }];
    if let (Mode::Float16, Some(bias)) = (mode, bias.filter(|bias| is_constant(*bias))) {
        constants.push(Constant { input: bias, axis: 0, summed: 0 });
    }
    Some(constants)
}

/// Whether the mode takes weights, of which the first decide whether it is worth it.
fn check(first: Option<&Tensor>, all: &[&Tensor], mode: Mode) -> Result<(), Reason> {
    let first = first.ok_or(Reason::WeightsNotConstant)?;
    if first.dtype() != DType::F32 {
        return Err(Reason::NotF32);
    }
    match mode {
        Mode::Float16 => all.iter().try_for_each(|weights| {
            let fits = check_f16(weights).map_err(Reason::Variant);
            weights.give_back();
            fits
        }),
        Mode::Dynamic | Mode::WeightOnly if first.len() < LEAST_ELEMENTS => {
            Err(Reason::Variant("fewer than 1024 weights: its scales would take what integers save"))
        }
        Mode::Dynamic | Mode::WeightOnly => Ok(()),
    }
}

/// How a constant is quantized: the target's way (`base`), then what the recipe says of all weights and of its node.
///
/// Four bits and blocks are for matrices alone, but that `LiteRT` has kernels for convolutions in 4 bits: elsewhere runtimes
/// look nothing up in them, or take longer to unpack them than to compute.
pub(super) fn weight_spec(
    recipe: &Recipe,
    target: &Target,
    base: &QuantizationSpec,
    of_node: &SpecSettings,
    (form, constant): (Form, Constant),
) -> Result<QuantizationSpec> {
    let axis_settings = SpecSettings { axis: recipe.weight.axis, ..SpecSettings::default() };
    let settings = axis_settings.merged(of_node);
    let spec = settings.apply(base, constant.axis, None)?;
    let is_narrow = matches!(spec.storage, DType::I4 | DType::U4);
    let takes_convolutions = target.formula == Formula::Tflite && spec.block.is_none();
    let takes_narrow = form == Form::Matrix || (form == Form::Convolution && takes_convolutions);
    match (spec.block.is_some() || is_narrow, takes_narrow) {
        (true, false) => Ok(QuantizationSpec { axis: constant.axis, ..target.weight.clone() }),
        (true, true) if spec.block.is_some() && settings.axis.is_none() => {
            Ok(QuantizationSpec { axis: constant.summed, ..spec })
        }
        _ => Ok(spec),
    }
}

/// How both weights of an LSTM on integers are quantized.
pub(in crate::quant) fn lstm_weight_spec(
    recipe: &Recipe,
    target: &Target,
    base: &QuantizationSpec,
    of_node: &SpecSettings,
) -> Result<QuantizationSpec> {
    weight_spec(recipe, target, base, of_node, (Form::Lstm, RECURRENT[0]))
}
