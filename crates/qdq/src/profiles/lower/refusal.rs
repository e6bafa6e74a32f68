//! Why an op is not put on integers.

use std::fmt;

use crate::graph::ValueId;
use crate::tensor::DType;

/// Why a runtime leaves an op in float.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No integer kernel for the op.
    NoKernel,
    /// A variant of the op without one.
    Variant,
    /// The input at this position comes in real numbers.
    FloatInput(usize),
    /// This output is not quantized, or not only.
    FloatOutput(ValueId),
    /// Activations of this type.
    Storage(DType),
    /// These types side by side.
    Storages(DType, DType),
    /// A bias stored as this.
    Bias(DType),
    /// Another zero point than this one, which alone is taken.
    ZeroPoint(i32),
    /// Activations quantized other than per tensor.
    Granularity,
    /// Channels of the weights differ in zero point.
    WeightZeroPoints,
    /// What is moved has other parameters afterwards.
    Parameters,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NoKernel => f.write_str("there is no integer kernel for it"),
            Refusal::Variant => f.write_str("there is no integer kernel for it with these attributes"),
            Refusal::FloatInput(position) => write!(f, "its input {position} comes in float"),
            Refusal::FloatOutput(_) => f.write_str("its output is used in float"),
            Refusal::Storage(storage) => write!(f, "there is no kernel for activations of {storage}"),
            Refusal::Storages(a, b) => write!(f, "there is no kernel for {a} beside {b}"),
            Refusal::Bias(storage) => write!(f, "there is no kernel for a bias of {storage}"),
            Refusal::ZeroPoint(only) => write!(f, "only the zero point {only} is taken"),
            Refusal::Granularity => f.write_str("its activations have more than one scale"),
            Refusal::WeightZeroPoints => {
                f.write_str("the channels of its weights have different zero points")
            }
            Refusal::Parameters => f.write_str("its output has another scale or zero point than its input"),
        }
    }
}
