//! `PyTorch`'s backends: FX graph mode by engine, and the PT2E quantizers.
//!
//! Source: `torch/ao/quantization/qconfig.py` (`get_default_qconfig`, `default_symmetric_qnnpack_qconfig`),
//! `backend_config/_common_operator_config_utils.py`, `XNNPACKQuantizer` of executorch 1.5 and `X86InductorQuantizer` of
//! torchao 0.18. The defaults are the same in torch 2.5.1 and 2.15.

use super::row::moves;
use super::{ConvGain, Formula, Limits, Row, Target, Training, TypeConfig};
use crate::spec::{FakeQuantizeKind, Grain, ObserverKind, QuantizationSpec, Scheme, SpecSettings};
use crate::tensor::DType::{self, I8, U8};

/// Least scale of the symmetric and PT2E configurations, 2⁻¹².
const EPS: f32 = 1.0 / 4096.0;

/// Bins of `HistogramObserver`.
const BINS: usize = 2048;

/// `averaging_constant` of the moving-average observers.
const AVERAGING_CONSTANT: f32 = 0.01;

pub(super) fn all() -> Vec<Target> {
    let per_channel = weight(Scheme::PerChannelSymmetric, None, f32::EPSILON);
    let per_tensor = weight(Scheme::PerTensorSymmetric, None, f32::EPSILON);
    let narrow = |scheme| weight(scheme, Some((-127, 127)), EPS);
    let reduced = QuantizationSpec { reduce_range: true, ..activation(U8, f32::EPSILON) };
    // The fused fake quantize is given 0..255 beside reduce_range, which halves it all the same.
    let reduced_training =
        QuantizationSpec { reduce_range: true, range: Some((0, 255)), ..activation(U8, f32::EPSILON) };
    let full = activation(U8, f32::EPSILON);
    let fx = [
        ("torch-fbgemm", "fbgemm", reduced.clone(), reduced_training.clone(), per_channel.clone()),
        ("torch-x86", "x86", reduced, reduced_training, per_channel.clone()),
        ("torch-qnnpack", "qnnpack", full.clone(), full.clone(), per_tensor),
        ("torch-onednn", "onednn", full.clone(), full, per_channel),
    ];
    let mut all: Vec<Target> = fx
        .into_iter()
        .map(|(name, engine, activation, training, weight)| {
            let about = format!("PyTorch FX graph mode with get_default_qconfig(\"{engine}\")");
            target(name, &about, activation, weight, Some(&training), fx_rows())
        })
        .collect();
    let signed = || activation(I8, EPS);
    all.push(target(
        "torch-qnnpack-symmetric",
        "PyTorch FX graph mode with default_symmetric_qnnpack_qconfig (signed activations, for XNNPACK)",
        signed(),
        narrow(Scheme::PerTensorSymmetric),
        None,
        fx_rows(),
    ));
    all.push(target(
        "torch-xnnpack",
        "PT2E with XNNPACKQuantizer, get_symmetric_quantization_config(is_per_channel=True)",
        signed(),
        narrow(Scheme::PerChannelSymmetric),
        None,
        xnnpack_rows(),
    ));
    all.push(target(
        "torch-x86-inductor",
        "PT2E with X86InductorQuantizer, get_default_x86_inductor_quantization_config()",
        activation(U8, EPS),
        weight(Scheme::PerChannelSymmetric, None, EPS),
        None,
        inductor_rows(),
    ));
    all
}

/// `HistogramObserver`, affine.
fn activation(storage: DType, eps: f32) -> QuantizationSpec {
    QuantizationSpec {
        storage,
        eps,
        observer: ObserverKind::Histogram { bins: BINS },
        ..QuantizationSpec::default()
    }
}

/// `MinMaxObserver` or `PerChannelMinMaxObserver` of qint8.
fn weight(scheme: Scheme, range: Option<(i32, i32)>, eps: f32) -> QuantizationSpec {
    let observer =
        if scheme.is_per_channel() { ObserverKind::PerChannelMinMax } else { ObserverKind::MinMax };
    QuantizationSpec { storage: I8, range, scheme, eps, observer, ..QuantizationSpec::default() }
}

/// The same with `FusedMovingAvgObsFakeQuantize`.
fn fused(spec: &QuantizationSpec) -> QuantizationSpec {
    let averaging_constant = AVERAGING_CONSTANT;
    let observer = if spec.scheme.is_per_channel() {
        ObserverKind::MovingAveragePerChannelMinMax { averaging_constant }
    } else {
        ObserverKind::MovingAverageMinMax { averaging_constant }
    };
    QuantizationSpec { observer, fake_quantize: Some(FakeQuantizeKind::FusedMovingAverage), ..spec.clone() }
}

fn target(
    name: &str,
    about: &str,
    activation: QuantizationSpec,
    weight: QuantizationSpec,
    training: Option<&QuantizationSpec>,
    rows: Vec<Row>,
) -> Target {
    let mut limits = Limits::of(activation.storage);
    let mut weight_limits = Limits::weights(weight.storage);
    if activation.eps == EPS {
        (limits, weight_limits) = (limits.scale_from(EPS), weight_limits.scale_from(EPS));
    }
    if let Some((quant_min, quant_max)) = weight.range {
        weight_limits = weight_limits.within(quant_min, quant_max);
    }
    if activation.reduce_range {
        limits = limits.within(0, 127);
    }
    Target {
        name: name.to_owned(),
        about: about.to_owned(),
        max_opset: 23,
        formula: Formula::Torch,
        smoothing: false,
        loader: None,
        finish: Vec::new(),
        training: Some(Training {
            activation: fused(training.unwrap_or(&activation)),
            weight: fused(&weight),
        }),
        activation,
        weight,
        conv_gain: ConvGain::default(),
        types: vec![TypeConfig { activation: limits, weight: weight_limits, bias: None }],
        rows,
    }
}

/// `get_native_backend_config`: every op with a quantized kernel is quantized, whatever stands around it.
fn fx_rows() -> Vec<Row> {
    let per_tensor = SpecSettings { granularity: Some(Grain::PerTensor), ..SpecSettings::default() };
    let bounded = |op: &str| Row::anchor(op, &format!("quantized::{op}")).fixed(U8, 1.0 / 256.0, 0);
    let mut rows = vec![
        Row::anchor("conv", "quantized::conv").then(&["relu"]),
        // Transposed convolutions have one scale for all weights in the default mapping.
        Row::anchor("conv_transpose", "quantized::conv_transpose").weights(per_tensor),
        Row::anchor("gemm", "quantized::linear").then(&["relu"]),
        Row::anchor("mat_mul", "quantized::linear / quantized::matmul").then(&["relu"]),
        Row::anchor("add", "quantized::add").then(&["relu"]),
        Row::anchor("mul", "quantized::mul").then(&["relu"]),
        Row::anchor("leaky_relu", "quantized::leaky_relu"),
        Row::anchor("elu", "quantized::elu"),
        Row::anchor("hard_swish", "quantized::hardswish"),
        bounded("sigmoid"),
        bounded("hard_sigmoid"),
        bounded("softmax"),
        Row::anchor("tanh", "quantized::tanh").fixed(U8, 2.0 / 256.0, 128),
    ];
    rows.extend(
        ["concat", "average_pool", "global_average_pool", "reduce_mean", "clip", "relu"]
            .map(|op| Row::join(op, &format!("quantized {op}")).shared()),
    );
    rows.extend(moves(&["max_pool", "flatten", "reshape", "squeeze", "unsqueeze", "transpose", "resize"]));
    rows
}

/// The annotators of `XNNPACKQuantizer`, and the ops it passes shared parameters through.
fn xnnpack_rows() -> Vec<Row> {
    let mut rows = vec![
        Row::anchor("conv", "xnn_convolution").then(&["relu"]),
        Row::anchor("gemm", "xnn_fully_connected").then(&["relu"]),
        Row::anchor("mat_mul", "xnn_fully_connected").then(&["relu"]),
        Row::anchor("add", "xnn_add").then(&["relu"]),
        Row::anchor("mul", "xnn_multiply").then(&["relu"]),
        Row::anchor("concat", "xnn_concatenate").shared(),
    ];
    rows.extend(
        ["global_average_pool", "reduce_mean", "clip"].map(|op| Row::join(op, &format!("xnn {op}")).shared()),
    );
    rows.extend(moves(&["max_pool", "flatten", "reshape", "squeeze", "transpose", "slice"]));
    rows
}

/// `X86InductorQuantizer`: convolutions and linears take quantized inputs; an output is quantized where the next op
/// takes it so.
fn inductor_rows() -> Vec<Row> {
    let conv = &["relu", "clip", "hard_swish", "add", "add+relu"];
    let mut rows = vec![
        Row::anchor("conv", "onednn.qconv_pointwise").then(conv).or_float(),
        Row::anchor("gemm", "onednn.qlinear_pointwise").then(&["relu", "leaky_relu", "tanh"]).or_float(),
        Row::anchor("mat_mul", "onednn.qlinear_pointwise").then(&["relu"]).or_float(),
        Row::join("concat", "int8 cat").shared(),
        Row::join("average_pool", "int8 avg_pool2d").shared(),
        Row::join("global_average_pool", "int8 adaptive_avg_pool2d").shared(),
    ];
    rows.extend(moves(&["max_pool", "flatten"]));
    rows
}
