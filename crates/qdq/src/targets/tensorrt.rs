//! `TensorRT` with explicit quantization.
//!
//! Source: NVIDIA `TensorRT` developer guide, "Working with Quantized Types": int8, symmetric, zero point 0, scales per
//! tensor for activations and per output channel for weights; no quantized bias; quantize the residual input of an
//! addition, not the output of the convolution before it.

use super::row::moves;
use super::{ConvGain, Formula, Limits, Row, Target, TypeConfig};
use crate::spec::{Method, ObserverKind, QuantizationSpec, Scheme};
use crate::tensor::DType;

/// `TensorRT`: symmetric int8 on both sides, scale `max|x| / 127`, zero point 0, bias in float.
pub(super) fn tensorrt() -> Target {
    let symmetric = QuantizationSpec {
        storage: DType::I8,
        range: Some((-127, 127)),
        scheme: Scheme::PerTensorSymmetric,
        observer: ObserverKind::Statistic(Method::MinMax),
        ..QuantizationSpec::default()
    };
    let fused = &["relu", "clip", "add", "add+relu"];
    let mut rows = vec![
        Row::anchor("conv", "int8 convolution").then(fused).or_float(),
        Row::anchor("conv_transpose", "int8 deconvolution").then(&["relu"]).or_float(),
        Row::anchor("gemm", "int8 matrix product").then(&["relu"]).or_float(),
        Row::anchor("mat_mul", "int8 matrix product").then(&["relu"]).or_float(),
        Row::join("add", "int8 elementwise").then(&["relu"]).or_float(),
        Row::join("average_pool", "int8 pooling").or_float(),
        Row::join("global_average_pool", "int8 pooling").or_float(),
        Row::join("concat", "int8 concatenation").shared(),
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
    ]));
    let activations = Limits::of(DType::I8).zero_point(0);
    Target {
        name: "tensorrt".to_owned(),
        about: "TensorRT with explicit quantization (QDQ ONNX, symmetric int8, zero point 0, bias in float)"
            .to_owned(),
        max_opset: 21,
        formula: Formula::Onnxruntime,
        smoothing: false,
        loader: None,
        finish: Vec::new(),
        weight: QuantizationSpec { scheme: Scheme::PerChannelSymmetric, ..symmetric.clone() },
        activation: symmetric,
        training: None,
        conv_gain: ConvGain::default(),
        types: vec![TypeConfig { activation: activations, weight: Limits::weights(DType::I8), bias: None }],
        rows,
    }
}
