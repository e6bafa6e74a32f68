//! Qualcomm's `QNN`, HTP backend.
//!
//! Source: onnxruntime 1.32, `quantization/execution_providers/qnn` (least range 1e-4, matrix products per tensor, sigmoid
//! and tanh of 16 bits with fixed scales) and the node units of its QNN provider; the HTP op package of the `QNN` SDK. The
//! backend runs a model wholly in integers: every op it knows is worth quantizing.

use super::row::moves;
use super::{ConvGain, Formula, Limits, Row, Target, TypeConfig};
use crate::spec::{Grain, Method, ObserverKind, QuantizationSpec, Scheme, SpecSettings};
use crate::tensor::DType::{I8, I32, U8, U16};

/// Least range of an activation of 8 bits: `MinimumRealRange` 1e-4.
const LEAST_SCALE: f32 = 1e-4 / 255.0;

/// `QNN`: uint8 activations (uint16 where a recipe says so), symmetric int8 weights per channel, int32 bias.
pub(super) fn qnn() -> Target {
    let per_tensor = || SpecSettings { granularity: Some(Grain::PerTensor), ..SpecSettings::default() };
    let kernel = |op: &str, name: &str| Row::anchor(op, name).then(&["relu", "clip"]);
    let mut rows = vec![
        kernel("conv", "Conv2d / DepthWiseConv2d"),
        kernel("conv_transpose", "TransposeConv2d"),
        kernel("gemm", "FullyConnected").weights(per_tensor()),
        Row::anchor("mat_mul", "MatMul").weights(per_tensor()),
        kernel("add", "ElementWiseAdd"),
        kernel("sub", "ElementWiseSubtract"),
        kernel("mul", "ElementWiseMultiply"),
        kernel("div", "ElementWiseDivide"),
        Row::anchor("average_pool", "PoolAvg2d"),
        Row::anchor("global_average_pool", "PoolAvg2d"),
        Row::anchor("reduce_mean", "ReduceMean"),
        Row::anchor("concat", "Concat").shared(),
        Row::anchor("relu", "Relu"),
        Row::anchor("clip", "ReluMinMax"),
        Row::anchor("leaky_relu", "Prelu"),
        Row::anchor("hard_swish", "HardSwish"),
        Row::anchor("gelu", "Gelu"),
        Row::anchor("sigmoid", "Sigmoid").fixed(U16, 1.0 / 65536.0, 0),
        Row::anchor("tanh", "Tanh").fixed(U16, 1.0 / 32768.0, 32768),
        Row::anchor("softmax", "Softmax"),
    ];
    rows.extend(moves(&[
        "depth_to_space",
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
    let minmax = ObserverKind::Statistic(Method::MinMax);
    let types = [U8, U16].map(|storage| TypeConfig {
        activation: Limits::of(storage),
        weight: Limits::weights(I8),
        bias: Some(I32),
    });
    Target {
        name: "qnn".to_owned(),
        about: "Qualcomm's QNN on HTP (QDQ ONNX, uint8 or by recipe uint16 activations, int8 weights per channel)"
            .to_owned(),
        max_opset: 21,
        formula: Formula::Onnxruntime,
        smoothing: false,
        loader: None,
        finish: Vec::new(),
        activation: QuantizationSpec { observer: minmax, eps: LEAST_SCALE, ..QuantizationSpec::default() },
        weight: QuantizationSpec {
            storage: I8,
            range: Some((-127, 127)),
            scheme: Scheme::PerChannelSymmetric,
            observer: minmax,
            ..QuantizationSpec::default()
        },
        training: None,
        conv_gain: ConvGain::default(),
        types: types.to_vec(),
        rows,
    }
}
