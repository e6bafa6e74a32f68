//! How a value is to be quantized and observed, in the vocabulary of `PyTorch`.
//!
//! A [`QuantizationSpec`] is what `torch.ao.quantization` spreads over an observer's constructor arguments: storage type,
//! integer range, scheme, and the observer or fake quantize that finds the parameters. It is plain data: recipes and
//! targets hold it, [`observers`](crate::quant::observers) and fake quantizes are made from it. In files it is written
//! as [`SpecSettings`], of which every part may be left out.

mod names;
mod range_method;
mod settings;

pub use range_method::{Method, ParseMethodError};
pub use settings::{Grain, SpecSettings};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
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

impl Scheme {
    /// Whether 0 is the middle of the integers.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Scheme::PerTensorSymmetric | Scheme::PerChannelSymmetric)
    }

    /// Whether there is one scale for each index of an axis.
    pub fn is_per_channel(self) -> bool {
        !matches!(self, Scheme::PerTensorAffine | Scheme::PerTensorSymmetric)
    }
}

/// What watches a value to find its range (`torch.ao.quantization.observer`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ObserverKind {
    /// The statistic that does not depend on the order of the data, and how a range is read off it.
    Statistic(Method),
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
    /// Stands for the observer of the op's input, whose parameters the output shares.
    ReuseInput,
    /// Parameters that are known beforehand.
    FixedQParams {
        /// Size of one step.
        scale: f32,
        /// Integer that means 0.0.
        zero_point: i32,
    },
}

/// How training sees a quantized value (`torch.ao.quantization.fake_quantize`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "SpecSettings", into = "SpecSettings")]
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
    /// Indices along `axis` that share a scale, for a per-channel scheme in blocks; every other axis has a scale an
    /// index.
    pub block: Option<usize>,
    /// Whether scales are rounded up to powers of two.
    pub power_of_two: bool,
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
            block: None,
            power_of_two: false,
            eps: f32::EPSILON,
            is_dynamic: false,
            observer: ObserverKind::MinMax,
            fake_quantize: None,
        }
    }
}

impl QuantizationSpec {
    /// Smallest and largest integer that may be used: the full range of the storage or the one asked for, halved
    /// where half of it is to stay unused.
    ///
    /// Source: `torch.ao.quantization.utils.calculate_qmin_qmax`. There, as here, the halves of a range asked for are
    /// rounded down (−127..127 gives −64..63), and the full range of 32-bit and 16-bit integers is not halved.
    ///
    /// # Errors
    /// A storage type without integers; a range that is empty, lacks 0, or is wider than the storage.
    pub fn quant_range(&self) -> Result<(i32, i32)> {
        let Some(full) = self.storage.integer_range() else {
            return Err(Error::usage(format!("{} holds no quantized integers", self.storage))
                .help("use an integer type of 4, 8, 16 or 32 bits, or no observer"));
        };
        let Some((min, max)) = self.range else {
            let is_halved = self.reduce_range && matches!(self.storage, DType::I8 | DType::U8);
            return Ok(if is_halved { (full.0.div_euclid(2), full.1.div_euclid(2)) } else { full });
        };
        if !(min <= 0 && 0 <= max && min < max) {
            return Err(Error::usage(format!("the integer range {min}..{max} is empty or lacks 0"))
                .help("give quant_min <= 0 <= quant_max, and quant_min < quant_max"));
        }
        if i64::from(max) - i64::from(min) > i64::from(full.1) - i64::from(full.0) {
            return Err(Error::usage(format!(
                "the integer range {min}..{max} is wider than {}",
                self.storage
            )));
        }
        let halve = |bound: i32| if self.reduce_range { bound.div_euclid(2) } else { bound };
        if halve(min) == halve(max) {
            return Err(Error::usage(format!("half of the integer range {min}..{max} is a single integer")));
        }
        Ok((halve(min), halve(max)))
    }
}
