//! `TFLite` (`LiteRT`) integer kernels.
//!
//! Source: `LiteRT` 8-bit quantization specification and `operator_property.cc` of its quantizer: which ops share a scale,
//! which have a fixed output range, which lack 16-bit kernels.

use super::row::moves;
use super::{ConvGain, Formula, Limits, Row, Target, TypeConfig};
use crate::spec::{Method, ObserverKind, QuantizationSpec, Scheme};
use crate::tensor::DType::{I8, I16, I32};

/// `TFLite`: int8 activations (int16 where a recipe says so), symmetric int8 weights per channel, int32 bias.
///
/// With int16 activations the runtime's bias has 64 bits, which QDQ ONNX does not have: it stays in float there.
pub(super) fn tflite() -> Target {
    let kernel = |op: &str, name: &str| Row::anchor(op, name).then(&["relu", "clip"]);
    let mut rows = vec![
        kernel("conv", "CONV_2D / DEPTHWISE_CONV_2D"),
        Row::anchor("conv_transpose", "TRANSPOSE_CONV"),
        kernel("gemm", "FULLY_CONNECTED"),
        kernel("mat_mul", "FULLY_CONNECTED / BATCH_MATMUL"),
        kernel("add", "ADD"),
        kernel("sub", "SUB"),
        kernel("mul", "MUL"),
        kernel("average_pool", "AVERAGE_POOL_2D").shared(),
        Row::anchor("global_average_pool", "MEAN"),
        Row::anchor("reduce_mean", "MEAN"),
        Row::anchor("concat", "CONCATENATION").shared(),
        Row::anchor("relu", "RELU"),
        Row::anchor("clip", "RELU6"),
        Row::anchor("leaky_relu", "LEAKY_RELU"),
        Row::anchor("hard_swish", "HARD_SWISH").only(&[I8]),
        Row::anchor("sigmoid", "LOGISTIC").fixed(I8, 1.0 / 256.0, -128).fixed(I16, 1.0 / 32768.0, 0),
        Row::anchor("softmax", "SOFTMAX").fixed(I8, 1.0 / 256.0, -128).fixed(I16, 1.0 / 32768.0, 0),
        Row::anchor("tanh", "TANH").fixed(I8, 1.0 / 128.0, 0).fixed(I16, 1.0 / 32768.0, 0),
        Row::anchor("log_softmax", "LOG_SOFTMAX").fixed(I8, 16.0 / 256.0, 127).only(&[I8]),
        Row::anchor("lstm", "UNIDIRECTIONAL_SEQUENCE_LSTM").only(&[I8]),
        Row::moves("depth_to_space").only(&[I8]),
    ];
    rows.extend(moves(&[
        "max_pool",
        "reshape",
        "flatten",
        "squeeze",
        "unsqueeze",
        "expand",
        "transpose",
        "slice",
        "split",
        "gather",
        "resize",
        "tile",
    ]));
    // Of eight methods the one with the most signal to noise on data held out, on the mean of five models in LiteRT (31.9 dB;
    // min-max, which TFLiteConverter takes, 31.1 dB): `docs/BENCHMARKS.md`.
    let percentile = ObserverKind::Statistic(Method::Percentile(99.999));
    let minmax = ObserverKind::Statistic(Method::MinMax);
    let weights = || Limits::weights(I8).within(-127, 127);
    Target {
        name: "tflite".to_owned(),
        about: "TFLite integer kernels (int8, or int16 activations by recipe, int8 weights per channel)"
            .to_owned(),
        max_opset: 23,
        formula: Formula::Tflite,
        smoothing: false,
        loader: None,
        finish: Vec::new(),
        activation: QuantizationSpec { storage: I8, observer: percentile, ..QuantizationSpec::default() },
        weight: QuantizationSpec {
            storage: I8,
            range: Some((-127, 127)),
            scheme: Scheme::PerChannelSymmetric,
            observer: minmax,
            ..QuantizationSpec::default()
        },
        training: None,
        conv_gain: ConvGain::default(),
        types: vec![
            TypeConfig { activation: Limits::of(I8), weight: weights(), bias: Some(I32) },
            TypeConfig {
                activation: Limits::of(I16).within(-32767, 32767).zero_point(0),
                weight: weights(),
                bias: None,
            },
        ],
        rows,
    }
}

/// `TFLite` in 16x8: int16 activations, symmetric, and int8 weights; the writer gives biases 64 bits.
pub(super) fn tflite_int16x8() -> Target {
    let mut int8 = tflite();
    // What has no kernel of 16 bits stays in float.
    int8.rows.retain(|row| row.storages.is_empty() || row.storages.contains(&I16));
    Target {
        name: "tflite-int16x8".to_owned(),
        about: "TFLite integer kernels with int16 activations (16x8): int8 weights per channel, int64 bias"
            .to_owned(),
        activation: QuantizationSpec {
            storage: I16,
            range: Some((-32767, 32767)),
            scheme: Scheme::PerTensorSymmetric,
            observer: ObserverKind::Statistic(Method::MinMax),
            ..int8.activation
        },
        ..int8
    }
}
