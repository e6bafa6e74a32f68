//! How a value is to be quantized and observed, in the vocabulary of PyTorch.
//!
//! A [`QuantizationSpec`] is what `torch.ao.quantization` spreads over an observer's constructor arguments: storage type,
//! integer range, scheme, and the observer or fake quantize that finds the parameters. It is plain data: recipes and
//! targets hold it, [`observers`](super::observers) and fake quantizes are made from it.

use crate::tensor::DType;

/// Which real numbers a set of parameters can mean, and what it is shared by (`torch.qscheme`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// One scale and zero point for all elements.
    PerTensorAffine,
    /// One scale for all elements; 0 is the middle of the integers.
    PerTensorSymmetric,
    /// A scale and zero point for each index of an axis.
    PerChannelAffine,
    /// A scale for each index of an axis; 0 is the middle of the integers.
    PerChannelSymmetric,
    /// A scale and a zero point that is a real number for each index of an axis; for embeddings.
    PerChannelAffineFloatQParams,
}

/// What watches a value to find its range (`torch.ao.quantization.observer`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ObserverKind {
    /// Extremes of everything seen.
    MinMax,
    /// Moving average of each batch's extremes.
    MovingAverageMinMax {
        /// Weight of the newest batch; torch's default is 0.01.
        averaging_constant: f32,
    },
    /// Extremes for each index of an axis.
    PerChannelMinMax,
    /// Moving average of each batch's extremes, for each index of an axis.
    MovingAveragePerChannelMinMax {
        /// Weight of the newest batch; torch's default is 0.01.
        averaging_constant: f32,
    },
    /// A histogram, and the range with the least squared error read off it.
    Histogram {
        /// Number of bins; torch's default is 2048.
        bins: usize,
    },
    /// Observes nothing: the range is found at run time, or not needed.
    Placeholder,
    /// Keeps every tensor it sees.
    Recording,
    /// Does nothing.
    Noop,
    /// Parameters that are known beforehand.
    FixedQParams {
        /// Size of one step.
        scale: f32,
        /// Integer that means 0.0.
        zero_point: i32,
    },
}

/// How training sees a quantized value (`torch.ao.quantization.fake_quantize`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FakeQuantizeKind {
    /// An observer, then quantize and dequantize.
    FakeQuantize,
    /// Quantize and dequantize with parameters known beforehand.
    FixedQParams,
    /// Moving-average observer and fake quantize in one step, with that kernel's own formula for the parameters.
    FusedMovingAverage,
    /// Learned scale and zero point (LSQ).
    Learnable,
}

/// How one value is quantized.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizationSpec {
    /// Type the integers are stored in; f16 or bf16 for a mere cast, f32 for no quantization.
    pub storage: DType,
    /// Smallest and largest integer; the full range of `storage` where absent.
    pub range: Option<(i32, i32)>,
    /// Whether half of the range is left unused, for kernels that saturate.
    pub reduce_range: bool,
    /// What the parameters can mean.
    pub scheme: Scheme,
    /// Axis of per-channel schemes.
    pub axis: usize,
    /// Smallest scale; torch's default is `f32::EPSILON`.
    pub eps: f32,
    /// Whether the parameters are found anew at each run.
    pub is_dynamic: bool,
    /// What finds the range.
    pub observer: ObserverKind,
    /// What stands in its place in training; `None` for an observer alone.
    pub fake_quantize: Option<FakeQuantizeKind>,
}

impl Default for QuantizationSpec {
    /// `MinMaxObserver()`: quint8, affine, for the whole tensor.
    fn default() -> Self {
        Self {
            storage: DType::U8,
            range: None,
            reduce_range: false,
            scheme: Scheme::PerTensorAffine,
            axis: 0,
            eps: f32::EPSILON,
            is_dynamic: false,
            observer: ObserverKind::MinMax,
            fake_quantize: None,
        }
    }
}
