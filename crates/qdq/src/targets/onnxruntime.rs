//! onnxruntime's CPU provider: on x86-64 with and without products of bytes summed in 32 bits, and on ARM.
//!
//! Source: onnxruntime 1.32, `QDQSelectorActionTransformer` and the ops it fuses (`optimizer/qdq_transformer`), checked
//! against the optimized graphs it writes.

use super::row::moves;
use super::{ConvGain, Formula, Limits, Row, Target, TypeConfig};
use crate::spec::{Method, ObserverKind, QuantizationSpec, Scheme};
use crate::tensor::DType;

/// All targets of onnxruntime.
pub(super) fn all() -> Vec<Target> {
    vec![onnxruntime_x64(), onnxruntime_x64_avx2(), onnxruntime_arm64()]
}

/// onnxruntime on x86-64 without VNNI: there `vpmaddubsw` adds pairs of products in 16 bits and saturates; with weights of 7
/// bits no pair can: 2 × 255 × 64 < 2^15.
fn onnxruntime_x64_avx2() -> Target {
    let base = onnxruntime_x64();
    Target {
        name: "onnxruntime-x64-avx2".to_owned(),
        about: "onnxruntime's CPU provider on x86-64 without VNNI (as onnxruntime-x64, weights of 7 bits)"
            .to_owned(),
        weight: QuantizationSpec { range: Some((-64, 64)), ..base.weight },
        types: vec![TypeConfig {
            activation: Limits::of(DType::U8),
            weight: Limits::weights(DType::I8).within(-64, 64),
            bias: Some(DType::I32),
        }],
        ..base
    }
}

/// onnxruntime on 64-bit ARM: int8 on both sides.
fn onnxruntime_arm64() -> Target {
    let base = onnxruntime_x64();
    Target {
        name: "onnxruntime-arm64".to_owned(),
        about:
            "onnxruntime's CPU provider on 64-bit ARM (QDQ ONNX, int8 activations, int8 weights per channel)"
                .to_owned(),
        loader: Some("onnxruntime-arm64".to_owned()),
        activation: QuantizationSpec { storage: DType::I8, ..base.activation },
        types: vec![TypeConfig {
            activation: Limits::of(DType::I8),
            weight: Limits::weights(DType::I8),
            bias: Some(DType::I32),
        }],
        ..base
    }
}

/// onnxruntime on x86-64: uint8 activations, int8 weights per channel, int32 bias.
///
/// Signed activations would leave most convolutions in float there.
fn onnxruntime_x64() -> Target {
    let kernel = |row: Row| row.then(&["relu", "clip"]);
    let mut rows = vec![
        kernel(Row::anchor("conv", "QLinearConv")),
        kernel(Row::anchor("gemm", "QGemm").or_float()),
        kernel(Row::anchor("mat_mul", "QLinearMatMul / MatMulIntegerToFloat").or_float()),
        kernel(Row::join("add", "QLinearAdd")),
        kernel(Row::join("average_pool", "QLinearAveragePool")),
        kernel(Row::join("concat", "QLinearConcat").alike()),
        kernel(Row::join("global_average_pool", "QLinearGlobalAveragePool")),
        kernel(Row::join("leaky_relu", "QLinearLeakyRelu")),
        kernel(Row::join("mul", "QLinearMul")),
        kernel(Row::join("sigmoid", "QLinearSigmoid")),
    ];
    rows.extend(moves(&[
        "depth_to_space",
        "expand",
        "flatten",
        "gather",
        "gather_elements",
        "max_pool",
        "reshape",
        "resize",
        "slice",
        "split",
        "squeeze",
        "tile",
        "transpose",
        "unsqueeze",
    ]));
    let weights = Limits::weights(DType::I8);
    Target {
        name: "onnxruntime-x64".to_owned(),
        about: "onnxruntime's CPU provider on x86-64 (QDQ ONNX, uint8 activations, int8 weights per channel)"
            .to_owned(),
        max_opset: 23,
        formula: Formula::Onnxruntime,
        smoothing: true,
        loader: Some("onnxruntime-x64".to_owned()),
        // A product followed by a float bias would be made one float Gemm, whatever its inputs.
        finish: vec!["raise-bias-rank".to_owned()],
        activation: QuantizationSpec {
            observer: ObserverKind::Statistic(Method::MinMax),
            ..QuantizationSpec::default()
        },
        weight: QuantizationSpec {
            storage: DType::I8,
            range: Some((-127, 127)),
            scheme: Scheme::PerChannelSymmetric,
            observer: ObserverKind::Statistic(Method::MinMax),
            ..QuantizationSpec::default()
        },
        training: None,
        // Measured with VNNI on one convolution before another in integers, time in float by time in integers: depthwise 0.5
        // to 1.0; fewer than 4 channels 0.5 to 0.95 below 4096 weights and 1.0 to 2.6 above; from 4 channels on at least 1.0
        // where channels × outputs are 128 and more, but for 8 outputs of 1 × 1 kernels (0.9). The limits leave a margin: a
        // layer that gains next to nothing is not worth its error, which saturation without VNNI multiplies.
        conv_gain: ConvGain { channels: 16, channel_pairs: 256, weights: 4096 },
        types: vec![TypeConfig {
            activation: Limits::of(DType::U8),
            weight: weights,
            bias: Some(DType::I32),
        }],
        rows,
    }
}
