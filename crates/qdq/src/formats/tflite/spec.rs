//! The `LiteRT` quantization specification: which ops have integer kernels, and what these demand of parameters.
//!
//! Source: <https://ai.google.dev/edge/litert/conversion/tensorflow/quantization/quantization_spec> and the checks in
//! the kernels' `Prepare` functions.

use crate::error::{Error, Result};
use crate::ops::Op;
use crate::tensor::{DType, Granularity, QuantParams};

/// How an op's integers relate to its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// There is no integer kernel.
    Float,
    /// Inputs and outputs have parameters of their own.
    Own,
    /// As [`Rule::Own`], with constant weights and an optional bias.
    Weights,
    /// Outputs have the parameters of the first input.
    SameAsInput,
    /// All inputs have the parameters of the output.
    SameAsOutput,
    /// The output's parameters are fixed: see [`fixed_params`].
    Fixed,
    /// An LSTM: constant weights, and states with parameters of their own.
    Lstm,
}

/// The rule of an op.
pub(super) fn rule(op: &Op) -> Rule {
    match op {
        Op::Conv(_) | Op::ConvTranspose(_) | Op::Gemm(_) => Rule::Weights,
        Op::MatMul(_)
        | Op::Add(_)
        | Op::Sub(_)
        | Op::Mul(_)
        | Op::GlobalAveragePool(_)
        | Op::ReduceMean(_)
        | Op::ReduceSum(_)
        | Op::Relu(_)
        | Op::Clip(_)
        | Op::LeakyRelu(_)
        | Op::HardSwish(_)
        | Op::Gelu(_)
        | Op::PRelu(_)
        | Op::Elu(_)
        | Op::Abs(_)
        | Op::Exp(_)
        | Op::Reciprocal(_) => Rule::Own,
        Op::MaxPool(_)
        | Op::AveragePool(_)
        | Op::GlobalMaxPool(_)
        | Op::Resize(_)
        | Op::Reshape(_)
        | Op::Flatten(_)
        | Op::Squeeze(_)
        | Op::Unsqueeze(_)
        | Op::Transpose(_)
        | Op::Slice(_)
        | Op::Split(_)
        | Op::Gather(_)
        | Op::Pad(_)
        | Op::Tile(_)
        | Op::Expand(_)
        | Op::DepthToSpace(_)
        | Op::SpaceToDepth(_)
        | Op::ReduceMax(_)
        | Op::ReduceMin(_) => Rule::SameAsInput,
        Op::Concat(_) | Op::Max(_) | Op::Min(_) => Rule::SameAsOutput,
        Op::Sigmoid(_) | Op::Tanh(_) | Op::Softmax(_) | Op::LogSoftmax(_) => Rule::Fixed,
        Op::Lstm(_) => Rule::Lstm,
        _ => Rule::Float,
    }
}

/// Whether the kernel of an op knows 16-bit activations.
pub(super) fn knows_16_bits(op: &Op) -> bool {
    !matches!(
        op,
        Op::HardSwish(_)
            | Op::LogSoftmax(_)
            | Op::DepthToSpace(_)
            | Op::SpaceToDepth(_)
            | Op::Elu(_)
            | Op::PRelu(_)
            | Op::Reciprocal(_)
    )
}

/// The parameters that a kernel gives its output, whatever is asked for.
pub(super) fn fixed_params(op: &Op, storage: DType) -> QuantParams {
    let (scale, zero_point) = match (op, storage) {
        (_, DType::I16) => (1.0 / 32768.0, 0),
        (Op::Tanh(_), _) => (1.0 / 128.0, 0),
        (Op::LogSoftmax(_), _) => (16.0 / 256.0, 127),
        _ => (1.0 / 256.0, -128),
    };
    QuantParams::per_tensor(storage, scale, zero_point)
}

/// Checks the parameters of an activation.
///
/// # Errors
/// What the specification forbids.
pub(super) fn check_activation(params: &QuantParams) -> Result<()> {
    if params.granularity != Granularity::PerTensor {
        return Err(Error::unsupported("an activation with parameters for each channel")
            .help("quantize activations for the whole tensor"));
    }
    if params.storage == DType::I16 && params.zero_point[..] != [0] {
        return Err(Error::unsupported(format!(
            "16-bit activations with zero point {}",
            params.zero_point[0]
        ))
        .help("quantize 16-bit activations symmetrically"));
    }
    let (min, max) = params.storage.integer_range().unwrap_or_default();
    if (params.quant_min, params.quant_max) != (min, max) && params.storage != DType::I16 {
        return Err(Error::unsupported(format!(
            "activations limited to {}..{}",
            params.quant_min, params.quant_max
        ))
        .help("quantize activations over the full range of their type"));
    }
    Ok(())
}

/// Checks the parameters of weights whose output channels lie on `axis`; `None`: one scale only.
///
/// # Errors
/// What the specification forbids.
pub(super) fn check_weights(params: &QuantParams, axis: Option<usize>) -> Result<()> {
    if !matches!(params.storage, DType::I8 | DType::I4) {
        return Err(Error::unsupported(format!("weights of {}", params.storage))
            .help("quantize weights to 8 or 4 signed bits"));
    }
    if params.zero_point.iter().any(|zero| *zero != 0) {
        return Err(Error::unsupported("asymmetric weights")
            .help("quantize weights symmetrically, with zero point 0"));
    }
    match params.granularity {
        Granularity::PerTensor => Ok(()),
        Granularity::PerAxis(own) if Some(own) == axis => Ok(()),
        Granularity::PerAxis(own) => Err(Error::unsupported(format!("weights quantized along axis {own}"))
            .help("quantize weights for each output channel or for the whole tensor")),
        Granularity::PerBlock { .. } => Err(Error::unsupported("weights quantized in blocks")
            .help("quantize weights for each output channel or for the whole tensor")),
    }
}
