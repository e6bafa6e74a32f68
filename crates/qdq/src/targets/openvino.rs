//! `OpenVINO`'s CPU and GPU plugins.
//!
//! Source: `OpenVINO` low-precision transformations and NNCF's `CPU` hardware configuration: unsigned 8-bit activations
//! where values have one sign, signed symmetric weights per channel, no quantized bias.

use super::row::moves;
use super::{ConvGain, Formula, Limits, Row, Target, TypeConfig};
use crate::spec::{Method, ObserverKind, QuantizationSpec, Scheme};
use crate::tensor::DType;

/// `OpenVINO`: uint8 or int8 activations, symmetric int8 weights per channel, bias in float.
pub(super) fn openvino() -> Target {
    let fused = &["relu", "clip", "add", "add+relu"];
    let mut rows = vec![
        Row::anchor("conv", "int8 convolution").then(fused).or_float(),
        Row::anchor("conv_transpose", "int8 deconvolution").then(&["relu", "clip"]).or_float(),
        Row::anchor("gemm", "int8 FullyConnected").then(&["relu", "clip"]).or_float(),
        Row::anchor("mat_mul", "int8 MatMul").then(&["relu", "clip"]).or_float(),
        Row::join("add", "int8 Add").then(&["relu", "clip"]).or_float(),
        Row::join("mul", "int8 Multiply").or_float(),
        Row::join("average_pool", "int8 AvgPool").or_float(),
        Row::join("global_average_pool", "int8 AvgPool").or_float(),
        Row::join("concat", "int8 Concat").shared(),
    ];
    rows.extend(moves(&[
        "max_pool",
        "flatten",
        "reshape",
        "squeeze",
        "unsqueeze",
        "transpose",
        "slice",
        "split",
        "resize",
        "depth_to_space",
    ]));
    let minmax = ObserverKind::Statistic(Method::MinMax);
    let types = [DType::U8, DType::I8].map(|storage| TypeConfig {
        activation: Limits::of(storage),
        weight: Limits::weights(DType::I8),
        bias: None,
    });
    Target {
        name: "openvino".to_owned(),
        about: "OpenVINO's CPU and GPU plugins (QDQ ONNX, uint8 activations, int8 weights per channel, bias in float)"
            .to_owned(),
        max_opset: 21,
        formula: Formula::Onnxruntime,
        smoothing: false,
        loader: None,
        finish: Vec::new(),
        activation: QuantizationSpec { observer: minmax, ..QuantizationSpec::default() },
        weight: QuantizationSpec {
            storage: DType::I8,
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
