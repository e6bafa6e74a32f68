//! onnxruntime's CPU provider on x86-64.
//!
//! Source: onnxruntime 1.32, `QDQSelectorActionTransformer` and the ops it fuses (`optimizer/qdq_transformer`), checked
//! against the optimized graphs it writes.

use super::{ConvGain, Target, anchor, join, moves};
use crate::passes::RaiseBiasRank;
use crate::tensor::DType;

/// onnxruntime on x86-64: uint8 activations, int8 weights per channel, int32 bias.
///
/// Signed activations would leave most convolutions in float there.
pub const ONNXRUNTIME_X64: Target = Target {
    name: "onnxruntime-x64",
    about: "onnxruntime's CPU provider on x86-64 (QDQ ONNX, uint8 activations, int8 weights per channel)",
    activation: DType::U8,
    weight: DType::I8,
    weight_range: (-127, 127),
    max_opset: 23,
    // Measured on x86-64 with VNNI, time in float by time in integers of one convolution: depthwise 0.3 to 0.7, fewer
    // than 8 channels 0.1 to 0.9, from 32 channels on at least 1.8, from 16 with a 3 × 3 kernel at least 1.3.
    conv_gain: ConvGain { channels: 32, few_channels: 8, products: 128, outputs: 4 },
    rows: &[
        anchor("conv", "QLinearConv", false),
        anchor("gemm", "QGemm", true),
        anchor("mat_mul", "QLinearMatMul / MatMulIntegerToFloat", true),
        join("add", "QLinearAdd"),
        join("average_pool", "QLinearAveragePool"),
        join("concat", "QLinearConcat"),
        join("global_average_pool", "QLinearGlobalAveragePool"),
        join("leaky_relu", "QLinearLeakyRelu"),
        join("mul", "QLinearMul"),
        join("sigmoid", "QLinearSigmoid"),
        moves("depth_to_space"),
        moves("expand"),
        moves("flatten"),
        moves("gather"),
        moves("gather_elements"),
        moves("max_pool"),
        moves("reshape"),
        moves("resize"),
        moves("slice"),
        moves("split"),
        moves("squeeze"),
        moves("tile"),
        moves("transpose"),
        moves("unsqueeze"),
    ],
    // A product followed by a float bias would be made one float Gemm, whatever its inputs.
    finish: &[&RaiseBiasRank],
};
