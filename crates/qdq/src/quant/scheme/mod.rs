//! Ranges to parameters, and real numbers to integers: one file for each convention, named after the runtimes that use it.
//!
//! All mean the same by `real = (integer − zero_point) · scale`. They differ in the width of the arithmetic, in the order
//! of the operations and in rounding, which moves a scale by its last bit and an integer by one:
//!
//! | file | who | scale | real to integer |
//! |---|---|---|---|
//! | [`onnxruntime`] | onnxruntime.quantization | f64, stored as f32 | divide, half to even |
//! | [`torch`] | torch.ao, torchao; fbgemm for the fused fake quantize | f32 throughout; fbgemm f64 | multiply by the inverse, half to even |
//! | [`litert`] | `TensorFlow` Lite converter, `LiteRT` | f32 | multiply by the inverse, half away from zero |
//!
//! [`PowerOfTwo`] turns scales of any of them into powers of two, [`block_params`] computes them for blocks of an axis, and
//! [`cast_to_float`] stores 16-bit floats instead of integers.

mod blocks;
mod cast;
pub mod litert;
pub mod onnxruntime;
mod power_of_two;
pub mod torch;

pub use blocks::block_params;
pub(in crate::quant) use cast::check_f16;
pub use cast::{cast_to_float, round_to_float};
pub use onnxruntime::{affine_params, quantize_bias, quantize_tensor, symmetric_params, widen_for_bias};
pub use power_of_two::PowerOfTwo;

use super::spec::QuantizationSpec;
use crate::error::{Error, Result};
use crate::tensor::{Granularity, QuantParams};

/// Scales and zero points as an observer gives them; one for the whole tensor, or one for each index of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct QParams {
    /// Size of one step.
    pub scale: Vec<f32>,
    /// What 0.0 becomes, as many as scales.
    pub zero_point: ZeroPoint,
}

/// Zero points, which embeddings in `PyTorch` keep as real numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum ZeroPoint {
    /// The integer that means 0.0.
    Integer(Vec<i32>),
    /// A real number added before rounding (`per_channel_affine_float_qparams`).
    Real(Vec<f32>),
}

impl QParams {
    /// These parameters with the storage, integer range and axis of `spec`.
    ///
    /// # Errors
    /// Real zero points, which no integer runtime takes; a scale that is not positive and finite.
    pub fn to_quant_params(&self, spec: &QuantizationSpec) -> Result<QuantParams> {
        let ZeroPoint::Integer(zero_point) = &self.zero_point else {
            return Err(Error::unsupported("zero points that are real numbers, as parameters of integers")
                .help("use a per-channel affine or symmetric scheme"));
        };
        let (quant_min, quant_max) = spec.quant_range()?;
        let granularity = if spec.scheme.is_per_channel() {
            Granularity::PerAxis(spec.axis)
        } else {
            Granularity::PerTensor
        };
        let params = QuantParams {
            storage: spec.storage,
            quant_min,
            quant_max,
            scale: self.scale.clone().into(),
            zero_point: zero_point.clone().into(),
            granularity,
        };
        params.check()?;
        Ok(params)
    }
}
