//! What each runtime runs in integers, as data.
//!
//! A [`Target`] is a table: how the runtime stores activations and weights, which types its kernels take, and one [`Row`]
//! per op it has an integer kernel for when the op stands between dequantize and quantize. Ops without a row stay in
//! float. The planner reads these rows and nothing else.
//!
//! It is what `PyTorch` calls a `BackendConfig`: a row is a `BackendPatternConfig` (an op, the ops that may follow it in the
//! same kernel, an observation type), a [`TypeConfig`] is a `DTypeConfig` with its constraints. Batch normalization is in
//! no row: it is folded into the op before it beforehand, whose node keeps both scopes.
//!
//! The targets built in are written in Rust, one file a runtime; [`Target::from_toml`] reads a user's own.

mod file;
mod limits;
mod onnxruntime;
mod openvino;
mod qnn;
mod row;
mod tensorrt;
mod tflite;
mod torch;

#[cfg(test)]
mod tests;

pub use limits::{Limits, TypeConfig};
pub use row::{Fixed, Observation, Role, Row};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::passes::{self, Rewrite};
use crate::profiles::Fusions;
use crate::spec::QuantizationSpec;

/// A runtime, as the planner sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Name on the command line.
    pub name: String,
    /// What it is, in a line.
    pub about: String,
    /// Newest ONNX opset that the runtime's integer kernels accept.
    pub max_opset: i64,
    /// How a range becomes a scale and a zero point, and a weight an integer.
    pub formula: Formula,
    /// Whether precision is worth float ops: channels that stand out in inputs of matrix products are divided before
    /// quantizing, channels of outputs that leave the integers multiplied after it, and what a logarithm follows stays
    /// in float.
    #[serde(default, skip_serializing_if = "is_false")]
    pub smoothing: bool,
    /// Name of the fusions that the runtime makes when it loads a model ([`Fusions::find`]), where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loader: Option<String>,
    /// Names of rewrites of the converted graph that keep the runtime from undoing it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finish: Vec<String>,
    /// How activations are quantized unless a recipe says otherwise.
    pub activation: QuantizationSpec,
    /// How weights are.
    pub weight: QuantizationSpec,
    /// The same while training, where the runtime's framework has defaults for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<Training>,
    /// The size from which a convolution gains by itself.
    #[serde(default)]
    pub conv_gain: ConvGain,
    /// Combinations of types that kernels take; the first is the usual one.
    pub types: Vec<TypeConfig>,
    /// Ops with integer kernels.
    pub rows: Vec<Row>,
}

/// Defaults for quantization-aware training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// How activations are quantized.
    pub activation: QuantizationSpec,
    /// How weights are.
    pub weight: QuantizationSpec,
}

/// Whose arithmetic makes a scale out of a range and an integer out of a weight; see [`crate::quant::scheme`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Formula {
    /// onnxruntime.quantization: scales in f64, division, half to even; a symmetric range spans `quant_max − quant_min`
    /// steps, and activations are clipped to all of their storage type.
    Onnxruntime,
    /// torch.ao.quantization: f32, multiplication by the inverse, half to even, scales not below `eps`.
    Torch,
    /// The `TFLite` converter: f32, multiplication by the inverse, half away from zero.
    Tflite,
}

/// The size from which a convolution is faster in integers even with conversions around it.
///
/// A smaller one (a first layer of few channels, a depthwise one) runs in integers only between others that do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvGain {
    /// Least number of input channels of a group, for the next limit.
    pub channels: usize,
    /// Input times output channels of a group, from which it gains.
    pub channel_pairs: usize,
    /// Weights of a group, from which it gains whatever its channels.
    pub weights: usize,
}

impl ConvGain {
    /// Whether a convolution with weights `[outputs, channels / group, kernel…]` gains by itself.
    pub fn admits(&self, weights: &[usize], group: usize) -> bool {
        let [outputs, channels, kernel @ ..] = weights else { return false };
        let pairs = channels * (outputs / group.max(1));
        let n_weights = pairs * kernel.iter().product::<usize>();
        (*channels >= self.channels && pairs >= self.channel_pairs) || n_weights >= self.weights
    }
}

impl Target {
    /// All targets built in.
    pub fn all() -> Vec<Target> {
        let mut all = onnxruntime::all();
        all.extend(torch::all());
        all.extend([
            tflite::tflite(),
            tflite::tflite_int16x8(),
            tensorrt::tensorrt(),
            openvino::openvino(),
            qnn::qnn(),
        ]);
        all
    }

    /// The target of this name; `onnxruntime` is short for `onnxruntime-x64`.
    ///
    /// # Errors
    /// Lists the names there are.
    pub fn find(name: &str) -> Result<Target> {
        let full = if name == "onnxruntime" { "onnxruntime-x64" } else { name };
        let all = Self::all();
        let names: Vec<String> = all.iter().map(|target| target.name.clone()).collect();
        all.into_iter().find(|target| target.name == full).ok_or_else(|| {
            Error::usage(format!("there is no target `{name}`"))
                .help(format!("targets: {}; a file of your own must end in .toml", names.join(", ")))
        })
    }

    /// The row of an op.
    pub fn row(&self, op: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.op == op)
    }

    /// Whether the runtime has this operator on integers, as it stands in a file.
    pub fn has_operator(&self, operator: &str) -> bool {
        matches!(self.loader_fusions(), Ok(Some(fusions)) if fusions.operators.contains(&operator))
    }

    /// The fusions that [`Target::loader`] names.
    ///
    /// # Errors
    /// A name that no table of fusions has.
    pub fn loader_fusions(&self) -> Result<Option<&'static Fusions>> {
        let Some(name) = &self.loader else { return Ok(None) };
        let fusions = Fusions::find(name).ok_or_else(|| {
            Error::usage(format!("there are no fusions `{name}`"))
                .attribute("loader")
                .help("onnxruntime-x64 and onnxruntime-arm64 are known")
        });
        fusions.map(Some)
    }

    /// The rewrites that [`Target::finish`] names.
    ///
    /// # Errors
    /// A name that no rewrite has.
    pub fn finish_rewrites(&self) -> Result<Vec<&'static dyn Rewrite>> {
        let find = |name: &String| {
            passes::find(name)
                .ok_or_else(|| Error::usage(format!("there is no rewrite `{name}`")).attribute("finish"))
        };
        self.finish.iter().map(find).collect()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
