//! The bridges between real numbers and quantized integers.

use super::op;
use crate::tensor::{DType, QuantParams};

op! {
    /// Real numbers to integers: `round_half_even(x / scale) + zero_point`, limited to `quant_min..=quant_max`.
    pub struct Quantize {
        /// Storage type, range, scales and zero points of the output.
        pub params: QuantParams = QuantParams::per_tensor(DType::I8, 1.0, 0),
    }
}
op! {
    /// Integers to real numbers: `(q - zero_point) * scale`.
    pub struct Dequantize {
        /// Storage type, scales and zero points of the input.
        pub params: QuantParams = QuantParams::per_tensor(DType::I8, 1.0, 0),
        /// Element type of the output.
        pub dtype: DType = DType::F32,
    }
}
op! {
    /// Quantizes an f32 tensor to u8 by its own range; outputs: integers, scale, zero point.
    pub struct DynamicQuantizeLinear {}
}
pending!(Quantize, Dequantize, DynamicQuantizeLinear);
